"""At the end of a run: what was fuzzed, and what came of it."""

from collections import Counter, defaultdict

import pytest

from tests.support.fuzzing import FUZZED, Tally, table, unpacked


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tallies: dict[str, dict[str, Tally]] = defaultdict(dict)
    seconds: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", ()):
                if name == FUZZED and report.when == "call":
                    kind = "PostgreSQL" if "postgresql" in report.nodeid else "SQLite"
                    tallies[kind] |= unpacked(value)
                    seconds[kind] += round(report.duration)
    if tallies:
        terminalreporter.section("模糊测试")
        for kind in sorted(tallies):
            terminalreporter.write_line(f"{kind}（各片共 {seconds[kind]} 秒）：{table(tallies[kind])}")
