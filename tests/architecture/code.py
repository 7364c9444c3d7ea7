"""The source of the service as syntax trees, for tests about how it is written."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import ROOT


@dataclass(frozen=True)
class Source:
    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))


@cache
def sources(package: str = "app") -> tuple[Source, ...]:
    found = [
        Source(path, text := path.read_text(encoding="utf-8"), ast.parse(text))
        for path in sorted((ROOT / package).rglob("*.py"))
    ]
    assert found
    return tuple(found)


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or an attribute; empty for anything else in the chain."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else f".{node.attr}"
    return ""
