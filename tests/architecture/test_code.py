"""How the code is written: one word per domain, one commit, one clock, no long files."""

import ast

import pytest

from tests.architecture.code import Source, dotted, sources
from tests.conftest import ROOT

DOMAINS = {"identity", "organisation", "jobs", "gigs", "training", "points", "disputes", "common", "talent"}
KINDS = ("routers", "services", "schemas", "models", "rules")
# Modules that are not a domain, each with its reason.
SUPPORT = {
    "routers/deps": "every dependency of the routes",
    "routers/document": "the OpenAPI document where the framework's words would be wrong",
    "routers/failures": "the one error handler",
    "routers/queries": "a long form in the query",
    "routers/routing": "the route class and the documented errors",
    "routers/workbooks": "Excel files as answers",
    "services/events": "the facts that services tell one another",
    "services/reactions": "who reacts to which fact",
    "services/runtime": "what a process holds for its lifetime",
    "schemas/base": "bases and shared types of requests and answers",
    "models/base": "mixins of the tables",
    "rules/geo": "coordinates and distances, used by several domains",
}
# Tests of the API as a whole and of the console's pages, by the first word of their name: they belong to no domain.
WHOLE_API = {"console", "attack", "bad", "contract", "fuzz", "idempotency", "openapi", "permissions"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
CLOCK_CALLS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "datetime.utcfromtimestamp", "datetime.datetime.now",
    "datetime.datetime.utcnow", "date.today", "datetime.date.today", "time.time", "time.time_ns", "time.localtime",
    "time.gmtime", "func.now", "func.current_timestamp",
}  # fmt: skip


def modules(kind: str) -> list[str]:
    """Stems of the files and packages directly under a kind."""
    return sorted(
        path.stem
        for path in (ROOT / "app" / kind).iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path.is_dir() and path.name != "__pycache__")
    )


@pytest.mark.parametrize("kind", KINDS)
def test_one_word(kind: str) -> None:
    strangers = [name for name in modules(kind) if name not in DOMAINS and f"{kind}/{name}" not in SUPPORT]
    assert strangers == []


def test_the_allow_list_is_not_stale() -> None:
    assert {f"{kind}/{name}" for kind in KINDS for name in modules(kind)} >= set(SUPPORT)


@pytest.mark.parametrize("kind", ["rules", "services", "api"])
def test_one_word_for_tests(kind: str) -> None:
    """`test_<domain>…`, a module of that kind of its own, or a package of the domain's name."""
    # What the worker runs (app/tasks) is tested beside the services that it calls.
    folders = {"rules": ["rules"], "services": ["services", "tasks"], "api": []}[kind]
    inner = {path.stem for folder in folders for path in (ROOT / "app" / folder).rglob("*.py")}
    allowed = DOMAINS | inner | (WHOLE_API if kind == "api" else set())
    strangers = []
    for path in sorted((ROOT / "tests" / kind).iterdir()):
        stem = path.stem.removeprefix("test_")
        if path.is_dir():
            fits = path.name in DOMAINS or path.name == "__pycache__"
        else:
            fits = path.suffix != ".py" or path.stem in {"__init__", "conftest"}
            fits = fits or stem in allowed or stem.split("_")[0] in allowed
        if not fits:
            strangers.append(path.name)
    assert strangers == []


def test_one_commit() -> None:
    found = [
        source.name
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]
    assert found == ["app/core/db.py"]


def test_only_the_unit_of_work_and_the_reads_open_sessions() -> None:
    found = {
        source.name
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in {"AsyncSession", "Session", "create_engine", "create_async_engine", "async_sessionmaker", "sessionmaker"}
    }  # fmt: skip
    assert found == {"app/core/db.py"}


def clock_calls(source: Source) -> list[str]:
    return [
        f"{source.name}:{node.lineno} {dotted(node)}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and dotted(node).lstrip(".") in CLOCK_CALLS
    ]


def test_one_clock() -> None:
    read = [place for source in sources() if source.name != "app/core/clock.py" for place in clock_calls(source)]
    assert read == []
    assert [place.split()[1] for source in sources() for place in clock_calls(source)] == ["datetime.now"]


def test_a_second_clock_would_be_seen() -> None:
    text = "from datetime import datetime\nimport time\na = datetime.now()\nb = time.time()\nc = clock.now()\nd = f(default_factory=datetime.utcnow)\n"
    planted = Source(ROOT / "app" / "planted.py", text, ast.parse(text))
    assert [place.split()[1] for place in clock_calls(planted)] == ["datetime.now", "time.time", "datetime.utcnow"]


def test_no_naive_instants_are_made() -> None:
    """`datetime(…)`, `fromtimestamp(…)` and `strptime(…)` without a zone."""
    found = []
    for source in sources():
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call):
                continue
            name = dotted(node.func)
            zoned = any(keyword.arg in {"tzinfo", "tz"} for keyword in node.keywords)
            if name in {"datetime", "datetime.datetime"} and not zoned and len(node.args) < 8:
                found.append(f"{source.name}:{node.lineno}")
            if name.endswith("datetime.fromtimestamp") and not zoned and len(node.args) < 2:
                found.append(f"{source.name}:{node.lineno}")
            if name.endswith("datetime.strptime") or (name.endswith("datetime.combine") and len(node.args) < 3):
                found.append(f"{source.name}:{node.lineno}")
    assert found == []


def test_annotations_of_models_are_real() -> None:
    """Postponed annotations break SQLModel's relationships; FastAPI and Pydantic read annotations at run time too."""
    found = [
        source.name
        for source in sources()
        if any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in ast.walk(source.tree))
    ]
    assert found == []


def test_files_and_functions_are_short() -> None:
    long = [f"{source.name}: {lines}" for source in sources() if (lines := source.text.count("\n")) > LONGEST_FILE]
    long += [
        f"{source.name}: {node.name} {lines}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert long == []


def test_nothing_under_app_knows_the_demo() -> None:
    """Names and texts of the story live in demo/ and tests/, never in the service."""
    from demo import steps

    names = {steps.ADMIN, steps.OFFICER, steps.FIRM}
    assert all(names)
    for source in sources():
        assert not [name for name in names if name in source.text], source.name
        imports = [node for node in ast.walk(source.tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        modules = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
        modules |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
        assert not {module.split(".")[0] for module in modules} & {"demo", "tests", "benchmarks", "wechat_sandbox"}


def routes(source: Source) -> list[ast.AsyncFunctionDef | ast.FunctionDef]:
    return [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(
            isinstance(decorator, ast.Call) and dotted(decorator.func).split(".")[0] in {"router", "root"}
            for decorator in node.decorator_list
        )
    ]


def test_route_bodies_decide_nothing() -> None:
    """House style: no `if`, no `try`, no query in a route; one service call and one conversion."""
    seen, found = 0, []
    for source in sources():
        if ROOT / "app" / "routers" not in source.path.parents:
            continue
        for route in routes(source):
            seen += 1
            found += [
                f"{source.name}: {route.name}"
                for node in ast.walk(route)
                if isinstance(node, ast.If | ast.Try | ast.While | ast.With | ast.AsyncWith)
            ]
    assert seen > 40
    assert found == []


def test_tests_use_real_parts_and_all_run() -> None:
    """No mocks, and nothing switched off: a test that cannot run on this machine is the fixture's decision."""
    found = []
    for source in sources("tests"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                named = {getattr(node, "module", "") or "", *(alias.name for alias in node.names)}
                found += [source.name for name in named if name.startswith(("unittest.mock", "pytest_mock", "mock"))]
            if isinstance(node, ast.Attribute) and dotted(node) in {
                "pytest.mark.skip",
                "pytest.mark.skipif",
                "pytest.mark.xfail",
            }:
                found.append(f"{source.name}:{node.lineno}")
    assert found == []
