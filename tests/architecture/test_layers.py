"""The import contracts hold, and each of them would notice what it is there for."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
LAYERS = "Layers point downwards"
PURE = "Rules and matching are pure: no web, no database, no settings, no clock"
NO_SANDBOX = "The service never imports the sandbox"
ALONE = "The sandbox stands alone"
APART = "The checker of plans shares nothing with the engine"
HTTP_ONLY = "Routers speak HTTP only: no tables, no SQL"
# contract → file → the line that must not be possible
PLANTS = [
    (LAYERS, "app/core/ids.py", "import app.rules.identity"),
    (LAYERS, "app/rules/geo.py", "import app.matching.tokens"),
    (LAYERS, "app/schemas/base.py", "import app.models.base"),
    (LAYERS, "app/services/events.py", "import app.routers.deps"),
    (LAYERS, "app/routers/deps.py", "import app.tasks.worker"),
    (LAYERS, "app/console/home.py", "import app.routers.deps"),
    (LAYERS, "app/services/runtime.py", "import app.main"),
    (PURE, "app/rules/common/tasks.py", "import sqlalchemy"),
    (PURE, "app/rules/identity/roles.py", "import fastapi"),
    (PURE, "app/rules/geo.py", "import app.core.clock"),
    (PURE, "app/matching/tokens.py", "import app.core.db"),
    (NO_SANDBOX, "app/wechat/client.py", "import wechat_sandbox"),
    (ALONE, "wechat_sandbox/__main__.py", "import app.core.ids"),
    (APART, "app/matching/plan_check/people.py", "import app.matching.allocation.law"),
    (HTTP_ONLY, "app/routers/jobs/vacancies.py", "import app.models.jobs"),
    (HTTP_ONLY, "app/routers/common/files.py", "import sqlmodel"),
    (HTTP_ONLY, "app/console/home.py", "import app.models.common"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for package in ("app", "wechat_sandbox"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    return folder


def lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def contracts() -> list[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return [contract["name"] for contract in tomllib.load(file)["tool"]["importlinter"]["contracts"]]


def test_every_contract_has_a_plant() -> None:
    assert {name for name, _, _ in PLANTS} == set(contracts())


def test_the_contracts_are_kept(tree: Path) -> None:
    code, said = lint(tree)
    assert code == 0, said
    assert [f"{name} KEPT" in said for name in contracts()] == [True] * len(contracts())


@pytest.mark.parametrize(("contract", "file", "line"), PLANTS)
def test_a_planted_violation_breaks_it(tree: Path, contract: str, file: str, line: str) -> None:
    path = tree / file
    original = path.read_text()
    try:
        path.write_text(f"{original}\n\n{line}\n")
        code, said = lint(tree)
    finally:
        path.write_text(original)
    assert code == 1, said
    assert f"{contract} BROKEN" in said, said
    assert said.count(" BROKEN") == 1, said
