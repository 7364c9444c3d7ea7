"""The last chapter: recommendation measured on the labelled cards, `sanqu evaluate` as anybody can run it."""

import re
from pathlib import Path

from demo.stack import Stack
from demo.teller import Teller

CARDS = Path(__file__).parents[1] / "benchmarks" / "evaluation"
# The first thirteen seekers may be tuned on; the figures are those of the others.
TUNING = 13
SIMPLE = ("新发布在前", "离家最近", "工资最高")


def against_simple_orders(teller: Teller, stack: Stack) -> None:
    teller.chapter("三十三、推荐效果的度量（两人独立标注的 1000 对）")
    labels = [word for rater in "ab" for word in ("--labels", str(CARDS / f"town-grades-{rater}.csv"))]
    told = stack.command("evaluate", str(CARDS / "town-cards.json"), "--tuning", str(TUNING), *labels)
    report = told[told.index("### 报告") :]
    for line in report.splitlines():
        teller.say(line)
    # The difference in nDCG@5 with its interval; a star says that the interval does not hold 0.
    lines = re.findall(r"^\| (\S+) \| ([+-])[\d.]+ \[[^]]+\](\*?) \|", report, re.MULTILINE)
    ahead = {name for name, sign, star in lines if sign == "+" and star}
    alike = [name for name, _, star in lines if not star]
    teller.say(f"与“{'”“'.join(alike)}”的差别，这些数据分不出来" if alike else "与每种排序的差别都看得出来")
    teller.check(f"比“{'”“'.join(SIMPLE)}”都好，区间不含 0", ahead >= set(SIMPLE))
