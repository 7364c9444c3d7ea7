"""The permission matrix: operation × role × whose row, made of the routes' own signatures and the table of roles.

`docs/permissions.csv` has one line per operation and one cell per caller: four outcomes, for the caller's own row, one
of the same firm (or area), somebody else's, and one that is gone.
"""

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from app.core.settings import Settings
from app.main import create_app
from app.routers.deps import PUBLIC, Requires
from app.rules.identity.access import Outcome, Reach, Relation, Way, widest
from app.rules.identity.roles import Permission, Role

# None is a signed-in person without any office; before them stands somebody without a token.
CALLERS: tuple[Role | None, ...] = (None, *Role)
NOBODY = "没有登录"
ANYBODY = "已登录，无任职"
SIGNS = {Outcome.PASS: "可", Outcome.FORBIDDEN: "403", Outcome.INVISIBLE: "404", Outcome.NO_ROW: "可"}
COUNTS_HEADER = """# 权限矩阵

由 `./dev openapi` 从接口签名（`require(权限, 范围)`）和角色表（`app/rules/identity/roles.py`）生成，请勿手改；
全表在 [permissions.csv](permissions.csv)。每格四个结果，依次对应：自己的、同企业（或任职范围内）的、他人的、已不存在的；
“不针对某一行”的接口只有一个结果；列有几项权限的，凭其中任何一项看得到的就可以。`401` 没有登录，`403` 没有这项权限，`404` 看不到（也就不知道它是否存在）。
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """`permission` None: answers anybody (the PUBLIC list)."""

    name: str
    method: str
    path: str
    permission: Permission | None
    reach: Reach
    on_behalf: str
    also: tuple[Way, ...]

    @property
    def ways(self) -> tuple[Way, ...]:
        """None for a public one."""
        return () if self.permission is None else ((self.permission, self.reach), *self.also)


def _tree(dependant: Dependant) -> Iterator[Dependant]:
    for child in dependant.dependencies:
        yield child
        yield from _tree(child)


@cache
def operations() -> tuple[Operation, ...]:
    """Every route of the API, in the order of the OpenAPI document."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder), log_level="CRITICAL"))
    found = []
    for route in iter_route_contexts(app.routes):
        if not hasattr(route, "dependant") or not getattr(route, "include_in_schema", True):
            continue
        (method,) = route.methods
        needs = [node.call for node in _tree(route.dependant) if isinstance(node.call, Requires)]
        if not needs and route.name not in PUBLIC:
            continue
        need = needs[0] if needs else None
        found.append(
            Operation(
                route.name, method, route.path,
                None if need is None else need.permission,
                Reach.OPEN if need is None else need.reach,
                "" if need is None or need.scope is None else need.scope.value,
                () if need is None else need.also,
            )
        )  # fmt: skip
    return tuple(found)


def cell(operation: Operation, role: Role | None) -> str:
    """`可·可·404·404`; one outcome where the operation is about no row or the role lacks the permission."""
    if operation.permission is None:
        return SIGNS[Outcome.PASS]
    found = [widest(role, operation.ways, relation) for relation in Relation]
    if len(set(found)) == 1:
        return SIGNS[found[0]]
    return "·".join(SIGNS[one] for one in found)


def csv_text() -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    callers = [ANYBODY if role is None else role.label for role in CALLERS]
    writer.writerow(["接口", "方法", "路径", "权限", "范围", "可代办", NOBODY, *callers])
    for operation in operations():
        public = operation.permission is None
        writer.writerow(
            [
                operation.name, operation.method, operation.path,
                "公开" if public else " 或 ".join(permission.value for permission, _ in operation.ways),
                "；".join(dict.fromkeys([operation.reach.label, *(reach.label for _, reach in operation.also)])),
                operation.on_behalf or "否", SIGNS[Outcome.PASS] if public else "401",
                *(cell(operation, role) for role in CALLERS),
            ]
        )  # fmt: skip
    return out.getvalue()


def counts_text() -> str:
    every = operations()
    public = sum(operation.permission is None for operation in every)
    pairs = {operation.ways for operation in every} - {()}
    cells = len(every) * (len(CALLERS) + 1) * len(Relation)
    summary = (
        f"接口 {len(every)} 个（公开 {public} 个），调用者 {len(CALLERS) + 1} 种，关系 {len(Relation)} 种，共 {cells} 格，没有空格；"
        f"不同的（权限，范围）共 {len(pairs)} 种，每一种都按每个角色经 HTTP 测试（`tests/api/test_permissions.py`）。"
    )
    lines = [
        COUNTS_HEADER,
        summary,
        "", "| 调用者 | 可以 | 无权 403 | 看不到 404 |", "|---|---:|---:|---:|",
    ]  # fmt: skip
    for role in CALLERS:
        found: Counter[Outcome] = Counter()
        for operation in every:
            for relation in Relation:
                if operation.permission is None:
                    found[Outcome.PASS] += 1
                else:
                    found[widest(role, operation.ways, relation)] += 1
        passed = found[Outcome.PASS] + found[Outcome.NO_ROW]
        label = ANYBODY if role is None else role.label
        lines.append(f"| {label} | {passed} | {found[Outcome.FORBIDDEN]} | {found[Outcome.INVISIBLE]} |")
    lines += ["", "## 范围", ""]
    lines += [f"- `{reach.value}`：{reach.label}" for reach in Reach]
    return "\n".join(lines) + "\n"
