"""Schemathesis over every operation, signed in as somebody who may do everything: no failure of ours, answers as declared.

`SANQU_FUZZ_EXAMPLES` cases per operation and mode (default 10); `./dev fuzz` gives a long dose. The same cases on every run.
"""

import asyncio
import contextlib
import os
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
import schemathesis
import uvicorn
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from app.core.clock import SystemClock
from app.core.settings import Settings
from app.main import create_app
from app.services.identity import staff
from app.services.runtime import open_runtime
from demo import steps
from demo.client import Caller, Sandbox
from demo.stack import free_port
from demo.story import vacancy_form

EXAMPLES = int(os.environ.get("SANQU_FUZZ_EXAMPLES", "10"))
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


@dataclass
class Town:
    url: str
    document: dict[str, Any]
    caller: Caller
    ids: dict[str, str]

    def headers(self) -> dict[str, str]:
        """A session of its own for each operation: one of them ends it."""
        self.caller.login()
        return {"Authorization": self.caller._http.headers["Authorization"]}


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """The application of this process behind a real socket."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


async def claim_code(settings: Settings) -> str:
    async with open_runtime(settings) as runtime, runtime.db.unit_of_work() as session:
        return await staff.bootstrap(session, staff_name=steps.ADMIN, now=SystemClock().now())


def settle(caller: Caller, officer: Caller, code: str) -> dict[str, str]:
    """Every role at once, and one row of each kind to aim at."""
    caller.login()
    caller.post("/roster/claims", code=code, name=steps.ADMIN)
    steps.appoint(caller, caller, "jobs_officer", "town", None)
    officer.login()
    steps.claim_and_appoint(caller, officer, steps.OFFICER, "jobs_officer")
    claim = steps.claim_firm(caller, steps.FIRM)
    # Nobody approves their own.
    steps.approve_claim(officer, claim)
    vacancy = caller.post("/vacancies", **vacancy_form(caller, claim["enterprise_id"]))["vacancy"]
    for missing in caller.get("/me")["missing_consents"]:
        caller.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
    caller.put("/me/seeker-profile", wanted=[vacancy["occupation_code"]])
    version = caller.get("/me")["person"]["version"]
    caller.put("/me/profile", name="林小梅", birth_date="1988-03-12", expected_version=version)
    caller.give_phone("13850000001")
    application = caller.post_keyed("/applications", vacancy_id=vacancy["id"], release_contact=True)
    return {
        "vacancy_id": vacancy["id"], "occupation_code": vacancy["occupation_code"], "valid_until": vacancy["valid_until"],
        "enterprise_id": claim["enterprise_id"], "application_id": application["id"],
        "claim_id": claim["id"], "notice_id": caller.get("/me/notices")["items"][0]["id"],
        "roster_person_id": caller.get("/roster")[0]["id"], "code_table": "occupation", "purpose": "service",
    }  # fmt: skip


@pytest.fixture
def town(settings: Settings, sandbox: Sandbox) -> Iterator[Town]:
    app = create_app(settings)
    code = asyncio.run(claim_code(settings))
    with contextlib.ExitStack() as opened:
        url = opened.enter_context(served(app))
        caller, officer = (
            Caller(url, sandbox, "zhipin", f"{name}{uuid.uuid4().hex[:6]}") for name in ("多面手", "专员")
        )
        opened.callback(caller.close)
        opened.callback(officer.close)
        yield Town(url, app.openapi(), caller, settle(caller, officer, code))


def test_no_operation_breaks_or_answers_what_it_did_not_declare(town: Town) -> None:
    schema = schemathesis.openapi.from_dict(town.document)
    tried = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        tried[operation.label] = fuzz(town, operation, GenerationMode.POSITIVE)
        # What takes nothing cannot be given anything wrong.
        with contextlib.suppress(hypothesis.errors.Unsatisfiable):
            fuzz(town, operation, GenerationMode.NEGATIVE)
    assert len(tried) == sum(len(path) for path in town.document["paths"].values())
    assert all(tried.values())


def aim(case: Any, ids: dict[str, str], key: str) -> None:
    """Past the first gate: rows that exist, a well-formed key."""
    for place in (case.path_parameters, case.body):
        for name, value in ids.items():
            if isinstance(place, dict) and name in place:
                place[name] = value
    if case.headers is not None and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = key


def fuzz(town: Town, operation: Any, mode: GenerationMode) -> int:
    headers, tried = town.headers(), 0

    @hypothesis.seed(20261124)
    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode), aimed=st.booleans())
    def run(case: Any, aimed: bool) -> None:
        nonlocal tried
        if aimed and mode is GenerationMode.POSITIVE:
            aim(case, town.ids, f"fuzz-key-{operation.label}-{tried}"[:80])
        response = case.call(base_url=town.url, headers=headers)
        tried += 1
        assert response.status_code < 500 or response.status_code == 503, response.text
        case.validate_response(response, checks=CHECKS)

    run()
    return tried
