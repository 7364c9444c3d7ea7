"""Who sees which part of a case, and who may do what in it: one table each, written before the code. Pure.

A standing is what somebody is in this one case; an office gives none but the manager's. What is not in the table does
not exist for the caller (404). A seat that was declined, given up or taken away gives nothing, from that moment on.
"""

from enum import StrEnum

from app.core.errors import ForbiddenError
from app.core.labels import Labelled


class Standing(Labelled):
    COMPLAINANT = "complainant", "申请人"
    RESPONDENT = "respondent", "被申请人"
    REPRESENTATIVE = "representative", "代表人或代理人"
    MANAGER = "manager", "承办人"
    MEDIATOR = "mediator", "调解员"
    SEATED = "seated", "调解小组成员"
    DECLINED = "declined", "谢绝邀请的人"
    RECUSED = "recused", "已回避的人"
    FORMER = "former", "已更换的承办人、调解员或成员"
    CADRE = "cadre", "企业的挂钩干部"
    GRID_MEMBER = "grid_member", "网格员"
    TOWN_ADMIN = "town_admin", "系统管理员"
    AUDITOR = "auditor", "审计员"
    STRANGER = "stranger", "其他人"


class Piece(Labelled):
    """A part of a case. Of statements and evidence: by whose they are, seen from the one who looks."""

    OWN_STATEMENT = "own_statement", "自己一方的陈述"
    OTHER_STATEMENT = "other_statement", "对方未出示的陈述"
    RELEASED = "released", "对方出示的部分"
    OWN_EVIDENCE = "own_evidence", "自己一方的证据"
    OTHER_EVIDENCE = "other_evidence", "对方未出示的证据"
    NOTE = "note", "内部记录"
    MINUTES = "minutes", "调解笔录"
    AGREEMENT = "agreement", "协议"
    DEADLINES = "deadlines", "期限"
    LIST = "list", "列表"
    COUNT = "count", "数量"
    SEARCH = "search", "按编号查找"


P, S = Piece, Standing
_PARTY = frozenset({
    P.OWN_STATEMENT, P.RELEASED, P.OWN_EVIDENCE, P.MINUTES, P.AGREEMENT, P.DEADLINES, P.LIST, P.COUNT, P.SEARCH,
})  # fmt: skip
_PANEL = frozenset(Piece)
_NOTHING: frozenset[Piece] = frozenset()
ACCESS: dict[Standing, frozenset[Piece]] = {
    S.COMPLAINANT: _PARTY,
    S.RESPONDENT: _PARTY,
    # Of the party that they stand for, and nothing of its fellows.
    S.REPRESENTATIVE: _PARTY,
    S.MANAGER: _PANEL,
    S.MEDIATOR: _PANEL,
    # Internal notes are between the manager and the mediator; nobody but the manager sees telephones.
    S.SEATED: _PANEL - {P.NOTE},
    S.DECLINED: _NOTHING,
    S.RECUSED: _NOTHING,
    S.FORMER: _NOTHING,
    # Being beside the firm, in the grid, over the system or over the log is no reason to see a quarrel.
    S.CADRE: _NOTHING,
    S.GRID_MEMBER: _NOTHING,
    S.TOWN_ADMIN: _NOTHING,
    S.AUDITOR: _NOTHING,
    S.STRANGER: _NOTHING,
}
PARTY_STANDINGS = frozenset({S.COMPLAINANT, S.RESPONDENT, S.REPRESENTATIVE})
# Lists of the staff; a party's are its own cases.
PANEL_STANDINGS = frozenset({S.MANAGER, S.MEDIATOR, S.SEATED})


class Act(StrEnum):
    """What is done in a case."""

    MANAGE = "manage"
    MEDIATE = "mediate"
    SPEAK = "speak"
    SHOW = "show"
    WRITE_NOTE = "write_note"


ACTS: dict[Act, frozenset[Standing]] = {
    Act.MANAGE: frozenset({S.MANAGER}),
    # Sessions, minutes, drafts: by whoever mediates.
    Act.MEDIATE: frozenset({S.MANAGER, S.MEDIATOR}),
    Act.SPEAK: PARTY_STANDINGS,
    # What a party brings to the counter is put into the case by the manager.
    Act.SHOW: PARTY_STANDINGS | {S.MANAGER},
    Act.WRITE_NOTE: frozenset({S.MANAGER, S.MEDIATOR}),
}


def sees(standings: frozenset[Standing], piece: Piece) -> bool:
    """By any of what somebody is in the case."""
    return any(piece in ACCESS[standing] for standing in standings)


def check_act(standings: frozenset[Standing], act: Act) -> None:
    """For somebody who sees the case; who does not has met 404 before."""
    if not standings & ACTS[act]:
        raise CaseActError(who="、".join(standing.label for standing in Standing if standing in ACTS[act]))


class CaseActError(ForbiddenError):
    code = "case_act_not_yours"
    message = "在这起案件里，这一步只能由{who}办理"
