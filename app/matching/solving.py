"""One solve in a process of its own: a problem on stdin, better and better plans on stdout, the last one checked.

`python -m app.matching.solving`. In: one line of JSON `{problem, seed, seconds}`; stdin stays open for as long as anybody
wants the answer, and the process ends when it closes: a worker that is killed leaves no solver behind. Out, each a line of
JSON: `{"plan": …, "seconds": …}` for each better plan, `{"progress": …}` in between, and at the end `{"verdict": …}`: what
the independent check says of the last plan. Pure apart from the two pipes.
"""

import json
import os
import sys
import threading
import time
from dataclasses import asdict
from typing import Any

from app.matching.allocation import Progress, from_json, plan_to_json, solve
from app.matching.plan_check import check_plan


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_asker, daemon=True).start()
    began, plan = time.monotonic(), None
    for found in solve(
        from_json(asked["problem"]), seed=asked["seed"], seconds=asked["seconds"], progress=_tell_progress
    ):
        plan = plan_to_json(found)
        _tell({"plan": plan, "seconds": round(time.monotonic() - began, 2)})
    if plan is not None:
        _tell({"verdict": check_plan(asked["problem"], plan).as_dict()})


def _tell_progress(told: Progress) -> None:
    _tell({"progress": asdict(told)})


def _tell(words: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(words, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _end_with_the_asker() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
