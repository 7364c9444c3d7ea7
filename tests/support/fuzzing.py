"""Schemathesis aimed by the recipes: rows that exist, bodies that would be taken but for a field or two."""

import copy
import json
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoverageScenario
from schemathesis.specs.openapi import checks

from app.core.idempotency import KEY_MAX, KEY_MIN
from app.core.sentences import SENTENCES
from app.routers.deps import PUBLIC, UNKEPT
from demo.client import Refused
from tests.support.recipes import RECIPES, Operation, Town, operations_of

# What a well-formed request may still hear: the caller's rights, rows, states, rules.
BUSINESS = ["2xx", "304", "401", "403", "404", "409", "422", "429"]
REFUSED = ["400", "401", "403", "404", "405", "409", "413", "415", "422", "429"]
# One case of each is enough in the short dose; the wrong header and the wrong method are never left out.
ALWAYS = {CoverageScenario.MISSING_PARAMETER, CoverageScenario.UNSPECIFIED_HTTP_METHOD}
# A schema-valid value must never hear these; the rest (a text that is blank once trimmed, a date out of reach) may come.
SCHEMA_KINDS = (
    "missing", "extra_forbidden", "string_too_long", "string_type", "int_type", "int_parsing", "float_type",
    "bool_type", "greater_than_equal", "less_than_equal", "too_long", "too_short", "enum", "literal_error",
    "uuid_parsing", "uuid_type", "list_type", "dict_type", "model_type",
)  # fmt: skip
SCHEMA_SENTENCES = re.compile(
    "|".join(re.sub(r"\\\{\w+\\\}", ".*", re.escape(SENTENCES[kind])) for kind in sorted(SCHEMA_KINDS))
)
# So many cases are aimed at the same rows.
EVERY = 25
# The name under which a test hands its tallies to the summary of the run.
FUZZED = "fuzzed"
# Pydantic reads these for a boolean that the document wants as `true` or `false`: generous, and no harm.
READ_AS_BOOLEAN = {0, 1, "0", "1", "true", "false", "t", "f", "yes", "no", "y", "n", "on", "off"}
HIDDEN = {"authorization", "x-on-behalf-of"}


def prepared(document: dict[str, Any], *, guarded: bool) -> dict[str, Any]:
    """The document with what it says in words put into its schemas: which key is needed and how long it is; `guarded`: who
    needs a token. Where the token stands in the schemas it is varied too, and then it is not ours.
    """
    document = copy.deepcopy(document)
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for operation in operations_of(document):
        described = document["paths"][operation.path][operation.method.lower()]
        if guarded and operation.name not in PUBLIC:
            described["security"] = [{"token": []}]
        unread = HIDDEN | ({"idempotency-key"} if operation.name in UNKEPT else set())
        described["parameters"] = [one for one in described.get("parameters", []) if one["name"].lower() not in unread]
        for one in described["parameters"]:
            if one["name"].lower() == "idempotency-key":
                # Blanks at the ends do not travel.
                pattern = f"^[!-~][ -~]{{{KEY_MIN - 2},{KEY_MAX - 2}}}[!-~]$"
                one["required"], one["schema"] = operation.keyed, {"type": "string", "pattern": pattern}
    return document


def loaded(document: dict[str, Any], *, guarded: bool) -> Any:
    schema = schemathesis.openapi.from_dict(prepared(document, guarded=guarded))
    schema.config.checks.positive_data_acceptance.expected_statuses = BUSINESS
    schema.config.checks.negative_data_rejection.expected_statuses = REFUSED
    return schema


def targets_of(schema: Any) -> dict[str, Any]:
    return {found.ok().definition.raw["operationId"]: found.ok() for found in schema.get_all_operations()}


@dataclass
class Tally:
    """What one operation was asked and answered."""

    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def cases(self) -> int:
        return self.statuses.total()

    @property
    def good(self) -> int:
        return sum(count for status, count in self.statuses.items() if status < HTTPStatus.MULTIPLE_CHOICES)


class Fuzzer:
    """`examples` cases per operation, for every `EVERY` of which the rows aimed at are made anew."""

    def __init__(self, town: Town, document: dict[str, Any], *, examples: int) -> None:
        self.town = town
        self.examples = examples
        self.tallies: dict[str, Tally] = {}
        self.schema = loaded(document, guarded=False)
        self.session = requests.Session()
        self.session.trust_env = False
        self.targets = targets_of(self.schema)
        self.guarded = targets_of(loaded(document, guarded=True))
        self.known = {operation.name: operation for operation in operations_of(document)}

    def takes_a_body(self, name: str) -> bool:
        """JSON, that is: a form with a file in it has few wrong shapes."""
        return any(body.media_type == "application/json" for body in self.targets[name].body)

    def shadowed(self, operation: Operation) -> bool:
        """Another address of the document takes this one's for a row of its own: its methods answer here too."""
        others = {other.path for other in self.known.values()} - {operation.path}
        patterns = [re.sub(r"\{\w+\}", "[^/]+", path) for path in others]
        return any(re.fullmatch(pattern, operation.path) for pattern in patterns)

    def close(self) -> None:
        self.session.close()

    def fuzz(self, name: str) -> str:
        """The recipe's own call; then valid, invalid and boundary ones around it. What went wrong, or nothing."""
        try:
            one = Attempt(self, self.known[name])
            one.exact()
            one.drawn(GenerationMode.POSITIVE, self.examples * 4 // 10)
            one.drawn(GenerationMode.NEGATIVE, self.examples * 3 // 10)
            one.boundaries(self.examples * 3 // 10)
        except (AssertionError, BaseExceptionGroup, Refused, hypothesis.errors.HypothesisException) as exc:
            return "\n".join([str(exc), *map(str, getattr(exc, "exceptions", ()))])
        finally:
            self.town.send_home()
        return ""


class Attempt:
    def __init__(self, fuzzer: Fuzzer, operation: Operation) -> None:
        self.fuzzer = fuzzer
        self.operation = operation
        self.target = fuzzer.targets[operation.name]
        self.tally = fuzzer.tallies.setdefault(operation.name, Tally())
        self.call = RECIPES[operation.name](fuzzer.town)
        self.used = 0
        self.serial = 0

    def renew(self) -> None:
        self.call, self.used = RECIPES[self.operation.name](self.fuzzer.town), 0

    def key(self) -> str:
        self.serial += 1
        return f"{self.operation.name}{self.serial:08d}".replace("_", "")[-80:]

    def exact(self) -> None:
        call = self.call
        case = self.fuzzer.guarded[self.operation.name].Case(
            path_parameters=dict(call.path), query=dict(call.query), headers=dict(call.headers), body=self.body(),
            media_type=self.media_type,
        )  # fmt: skip
        if self.operation.keyed:
            case.headers["Idempotency-Key"] = self.key()
        # What the document leaves to WeChat's own is sent beside it.
        more = {} if self.target.body or call.body is None else {"json": call.body}
        response = self.send(case, auth=True, **more)
        assert response.status_code == self.operation.succeeds_with, f"{self.operation.name}: {response.text}"

    @property
    def media_type(self) -> str | None:
        return self.target.body[0].media_type if self.target.body else None

    def body(self) -> Any:
        if self.call.file is not None:
            _, content, purpose = self.call.file
            return {"file": content, "purpose": purpose}
        return NOT_SET if self.call.body is None or not self.target.body else copy.deepcopy(self.call.body)

    def send(self, case: Any, *, auth: bool = False, **more: Any) -> Any:
        """Every check of schemathesis; that a token is really needed once per operation."""
        headers = self.call.token
        how = {"base_url": self.fuzzer.town.url, "session": self.fuzzer.session, "headers": headers} | more
        response = case.call(**how)
        self.tally.statuses[response.status_code] += 1
        self.used += 1
        assert response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, f"{self.operation.name}: {response.text}"
        # Bytes are no JSON: a file in a body makes it look wrong.
        unfit: list[Any] = [] if self.call.file is None else [checks.negative_data_rejection]
        if isinstance(case.body, dict) and any(
            value in READ_AS_BOOLEAN for value in case.body.values() if plain(value)
        ):
            unfit.append(checks.negative_data_rejection)
        unfit += [] if auth else [checks.ignored_auth]
        case.validate_response(response, headers=headers, transport_kwargs=how, excluded_checks=unfit)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            self.judge(case, response)
        return response

    def judge(self, case: Any, response: Any) -> None:
        """A refusal speaks Chinese, and what the document allows is refused for a rule, not for its shape."""
        told = response.json()
        assert re.search("[一-龥]", told["message"]), response.text
        well_formed = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
        if well_formed and response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
            odd = misshapen(told["fields"])
            assert not odd, f"{self.operation.name}: 文档允许的内容因格式被拒 {odd}\n{case.as_curl_command()}"
        if response.status_code == HTTPStatus.UNAUTHORIZED and "Authorization" in self.call.token:
            # The call before ended this caller's session.
            self.renew()

    def drawn(self, mode: GenerationMode, count: int) -> None:
        @hypothesis.seed(20261126)
        @hypothesis.settings(
            max_examples=count, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
        )  # fmt: skip
        @hypothesis.given(case=self.target.as_strategy(generation_mode=mode), seed=st.integers(0, 2**32))
        def run(case: Any, seed: int) -> None:
            if self.used >= EVERY:
                self.renew()
            self.aim(case, random.Random(seed), mode)  # noqa: S311  # not a secret
            self.send(case)

        try:
            run()
        except hypothesis.errors.Unsatisfiable:
            # What takes nothing cannot be given anything wrong.
            assert mode is GenerationMode.NEGATIVE

    def aim(self, case: Any, chance: random.Random, mode: GenerationMode) -> None:
        """Two of three at rows that exist; half of those with the recipe's body, in which a field or two is drawn."""
        if self.operation.keyed and case.headers is not None and mode is GenerationMode.POSITIVE:
            case.headers["idempotency-key"] = self.key()
        if mode is GenerationMode.NEGATIVE or chance.random() < 1 / 3:
            return
        case.path_parameters.update(self.call.path)
        case.query.update({k: v for k, v in self.call.query.items() if chance.random() < 3 / 4})
        case.headers.update(self.call.headers)
        if isinstance(case.body, dict) and chance.random() < 2 / 3:
            drawn, wanted = case.body, self.body()
            names = chance.sample(sorted(drawn), min(len(drawn), chance.choice((0, 1, 1, 2))))
            case.body = wanted | {name: drawn[name] for name in names}

    def boundaries(self, count: int) -> None:
        """The obligatory ones, and a sample of the boundaries of every field."""
        modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
        config = self.fuzzer.schema.config.generation_for(operation=self.target)
        cases = list(
            self.fuzzer.schema.iter_coverage_cases(self.target, generation_modes=modes, generation_config=config)
        )
        always = [case for case in cases if case.meta.phase.data.scenario in ALWAYS]
        others = [case for case in cases if case.meta.phase.data.scenario not in ALWAYS]
        chance = random.Random(self.operation.name)  # noqa: S311  # the same on every run
        if self.fuzzer.shadowed(self.operation):
            always = []
        for case in [*always, *chance.sample(others, min(len(others), count))]:
            if case.meta.phase.data.parameter_location is not ParameterLocation.PATH:
                case.path_parameters.update(self.call.path)
            self.send(case)


def misshapen(issues: list[dict[str, str]]) -> list[dict[str, str]]:
    """Complaints about the shape alone. Of a value that may be this or that each kind complains: one of them for a rule."""
    shape = [one for one in issues if SCHEMA_SENTENCES.fullmatch(one["message"])]
    ruled = [one["path"] for one in issues if one not in shape]

    def excused(path: str) -> bool:
        place, dot, _ = path.rpartition(".")
        return bool(dot) and any(other.startswith(place + ".") for other in ruled)

    return [one for one in shape if not excused(one["path"])]


def plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def table(tallies: dict[str, Tally]) -> str:
    """Operations, cases, how many operations reached a 2xx, how often, and every status that was seen."""
    statuses: Counter[int] = Counter()
    for tally in tallies.values():
        statuses += tally.statuses
    reached = sum(1 for tally in tallies.values() if tally.good)
    good = sum(tally.good for tally in tallies.values())
    seen = "  ".join(f"{status}×{count}" for status, count in sorted(statuses.items()))
    return (
        f"接口 {len(tallies)}，其中到达 2xx 的 {reached}（{reached / len(tallies):.0%}）；"
        f"请求 {statuses.total()}，其中 2xx {good}（{good / statuses.total():.0%}）\n    {seen}"
    )


def packed(tallies: dict[str, Tally]) -> str:
    return json.dumps({name: tally.statuses for name, tally in tallies.items()})


def unpacked(text: str) -> dict[str, Tally]:
    return {
        name: Tally(Counter({int(status): count for status, count in statuses.items()}))
        for name, statuses in json.loads(text).items()
    }
