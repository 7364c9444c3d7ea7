"""An independent check of allocation plans: what a plan must hold, read from its description and from nothing else.

It shares no code with the engine (`matching/allocation`), which it must be able to contradict: the form and the rules that
both were written from stand in the docstring of `matching/allocation/export.py`. It is asked about every plan in the tests
and benchmarks, and before a plan is published.
"""

from app.matching.plan_check.check import check_plan
from app.matching.plan_check.verdict import RULES, Verdict, Violation

__all__ = ["RULES", "Verdict", "Violation", "check_plan"]
