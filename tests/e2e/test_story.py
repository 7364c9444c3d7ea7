"""`./dev demo` from end to end: its own processes, HTTP only."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_story_is_told_to_its_end() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SANQU_")}
    done = subprocess.run(
        [sys.executable, "-m", "demo.story"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    last = done.stdout.strip().splitlines()[-1]
    told = re.fullmatch(r"共核对 (\d+) 项，全部做到，用时 [\d.]+ 秒。", last)
    assert told, last
    # As many as were printed one by one, and none that failed.
    assert int(told[1]) == done.stdout.count("  ✓ ") >= 25
    assert "✗" not in done.stdout
