"""Which rows an operation reaches, and the matrix made of that and the roles' permissions. Pure.

Every route names a permission and a reach in its signature (`require(Permission.X, Reach.Y)`). Together with the table
role → permissions they decide each cell operation × role × whose row, written out in `docs/permissions.csv`.
"""

from collections.abc import Sequence

from app.core.labels import Labelled
from app.rules.identity.roles import FIRM_ROLES, ROLE_PERMISSIONS, Permission, Role


class Relation(Labelled):
    """Whose row the caller aims at."""

    OWN = "own", "自己的"
    SAME_FIRM = "same_firm", "同企业的"
    OTHER = "other", "他人的"
    DELETED = "deleted", "已不存在的"


class Outcome(Labelled):
    PASS = "pass", "可以"  # a cell of the matrix
    FORBIDDEN = "403", "无权（403）"
    INVISIBLE = "404", "看不到（404）"
    NO_ROW = "-", "不针对某一行"


class Reach(Labelled):
    NONE = "none", "不针对某一行：自己的列表、新建、凭码或凭签名"
    SELF = "self", "只有自己的"
    FIRM = "firm", "所属企业的"
    TOWN = "town", "全镇的"
    SCOPE = "scope", "任职范围内的"
    SECOND = "second", "全镇的，但不是自己的（须另一人办理）"
    OPEN = "open", "对所有人公开的"
    UNSEEN = "unseen", "仅凭登录一行也看不到，须有所列的另一项权限"


# A permission with its reach. A route may be opened by several: one's own row, or that of the firm, or by an office.
Way = tuple[Permission, Reach]


O = Outcome  # noqa: E741  # one letter keeps the table a table
# Rows: reach; columns: own, same firm, other, deleted. What is not reached does not exist for the caller.
_REACHED: dict[Reach, tuple[Outcome, Outcome, Outcome, Outcome]] = {
    Reach.NONE: (O.NO_ROW, O.NO_ROW, O.NO_ROW, O.NO_ROW),
    Reach.SELF: (O.PASS, O.INVISIBLE, O.INVISIBLE, O.INVISIBLE),
    Reach.FIRM: (O.PASS, O.PASS, O.INVISIBLE, O.INVISIBLE),
    Reach.TOWN: (O.PASS, O.PASS, O.PASS, O.INVISIBLE),
    # "Other" means outside the office's area; inside it everybody's row is its business.
    Reach.SCOPE: (O.PASS, O.PASS, O.INVISIBLE, O.INVISIBLE),
    Reach.SECOND: (O.FORBIDDEN, O.PASS, O.PASS, O.INVISIBLE),
    Reach.OPEN: (O.PASS, O.PASS, O.PASS, O.INVISIBLE),
    Reach.UNSEEN: (O.INVISIBLE, O.INVISIBLE, O.INVISIBLE, O.INVISIBLE),
}


def holds(role: Role | None, permission: Permission) -> bool:
    """None is a signed-in person without any office."""
    return permission is Permission.SELF or (role is not None and permission in ROLE_PERMISSIONS[role])


def outcome(role: Role | None, permission: Permission, reach: Reach, relation: Relation) -> Outcome:
    """One cell. Without the permission it is 403 before any row is looked at."""
    if not holds(role, permission):
        return Outcome.FORBIDDEN
    return _REACHED[reach][list(Relation).index(relation)]


def widest(role: Role | None, ways: Sequence[Way], relation: Relation) -> Outcome:
    """One cell of a route with several ways: who gets through by any of them gets through, others meet the first."""
    found = [outcome(role, permission, reach, relation) for permission, reach in ways]
    return Outcome.PASS if Outcome.PASS in found else found[0]


def is_firm_role(role: Role | None) -> bool:
    return role in FIRM_ROLES
