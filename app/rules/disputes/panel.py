"""N, the panel: which bodies a kind of case asks for, seats and their states, and conflicts of interest. Pure.

特邀调解规定 第十五条: near relatives of a party, who has an interest, and whoever is otherwise too close step aside, unless
all parties agree. 人民调解法 第二十条: neighbours, experts and others are invited with the parties' consent.
"""

from collections.abc import Iterable

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.disputes.cases import CaseKind


class SeatRole(Labelled):
    MANAGER = "manager", "承办人"
    MEDIATOR = "mediator", "调解员"
    MEMBER = "member", "小组成员"


class SeatBody(Labelled):
    """For which member of the joint conference, or team, somebody sits."""

    MEDIATORS = "mediators", "专职调解员"
    PARTY_COMMITTEE = "party_committee", "园区党委"
    UNION = "union", "工会"
    PUBLIC_SERVICES = "public_services", "公共服务（人社）"
    JUSTICE = "justice", "司法所"
    VILLAGE_COMMITTEES = "village_committees", "村党组织、村委会"
    ELECTRICITY = "electricity", "光明行动队"
    MEDICAL = "medical", "医疗服务队"
    WOMEN = "women", "妇联"
    TASK_FORCE = "task_force", "工作专班"
    EXPERT = "expert", "亲友、邻里、专家等"


B, K = SeatBody, CaseKind
# The seat map by kind; justice sits wherever law decides. An expert is invited, never proposed.
SEATS: dict[CaseKind, tuple[SeatBody, ...]] = {
    K.WAGES: (B.UNION, B.PUBLIC_SERVICES, B.JUSTICE),
    K.CONTRACT: (B.UNION, B.PUBLIC_SERVICES, B.JUSTICE),
    K.INJURY: (B.UNION, B.PUBLIC_SERVICES, B.MEDICAL, B.JUSTICE),
    K.POSTING: (B.PUBLIC_SERVICES, B.JUSTICE),
    K.TRAINING: (B.PUBLIC_SERVICES, B.PARTY_COMMITTEE),
    K.POINTS: (B.PARTY_COMMITTEE, B.TASK_FORCE),
    K.VILLAGE_ENTERPRISE: (B.VILLAGE_COMMITTEES, B.PARTY_COMMITTEE, B.JUSTICE),
    K.NEIGHBOURS: (B.VILLAGE_COMMITTEES, B.JUSTICE),
    K.PLATFORM_WORK: (B.UNION, B.PUBLIC_SERVICES, B.JUSTICE),
    K.OTHER: (B.JUSTICE, B.PARTY_COMMITTEE),
}
# What the printed post of a member of the work team says of the body that they can sit for.
POST_WORDS: dict[SeatBody, tuple[str, ...]] = {
    B.MEDIATORS: (),
    B.PARTY_COMMITTEE: ("党建办",),
    B.UNION: ("总工会",),
    B.PUBLIC_SERVICES: ("公共服务办公室",),
    B.JUSTICE: ("司法所",),
    B.VILLAGE_COMMITTEES: ("村党委书记", "村党支部书记"),
    B.ELECTRICITY: ("光明行动队",),
    B.MEDICAL: ("卫健",),
    B.WOMEN: ("妇联",),
    B.TASK_FORCE: (),
    B.EXPERT: (),
}
ELECTRIC_CAUSES = frozenset({"utilities"})


class SeatState(Labelled):
    AWAITING_CONSENT = "awaiting_consent", "待各方同意"
    INVITED = "invited", "已邀请"
    ACCEPTED = "accepted", "已就位"
    DECLINED = "declined", "谢绝"
    RECUSED = "recused", "已回避"
    NOT_WANTED = "not_wanted", "有当事人不同意"
    REPLACED = "replaced", "已更换"


S = SeatState
SEAT_NEXT: dict[SeatState, frozenset[SeatState]] = {
    S.AWAITING_CONSENT: frozenset({S.INVITED, S.ACCEPTED, S.NOT_WANTED, S.REPLACED}),
    S.INVITED: frozenset({S.ACCEPTED, S.DECLINED, S.RECUSED, S.REPLACED, S.AWAITING_CONSENT}),
    # A conflict that turns up later puts the seat on hold; the access goes with it at once.
    S.ACCEPTED: frozenset({S.RECUSED, S.REPLACED, S.AWAITING_CONSENT}),
    S.DECLINED: frozenset(),
    S.RECUSED: frozenset(),
    S.NOT_WANTED: frozenset(),
    S.REPLACED: frozenset(),
}
CURRENT = frozenset({S.AWAITING_CONSENT, S.INVITED, S.ACCEPTED})


class Conflict(Labelled):
    PARTY = "party", "本人就是当事人或其代表人"
    CADRE = "cadre", "当事企业的挂钩干部"
    LEADER = "leader", "当事企业的挂钩领导"
    PARTY_AFFAIRS = "party_affairs", "当事企业的党务工作者"
    SECRETARY = "secretary", "当事企业党组织的书记"
    MEMBER = "member", "在当事企业任职"
    WORKER = "worker", "为当事企业做工"
    DONOR = "donor", "在向本镇捐赠礼遇的企业任职"
    AGENT = "agent", "曾替当事人代办，或由当事人代办"
    HOUSEHOLD = "household", "与当事人同一家庭"
    DECIDED = "decided", "办理过这件事的前一环节"
    VILLAGE = "village", "当事村的负责人"


def told_conflicts(conflicts: Iterable[str]) -> str:
    """“当事企业的挂钩干部；在当事企业任职”."""
    found = set(conflicts)
    return "；".join(one.label for one in Conflict if one.value in found)


def bodies_for(kind: CaseKind, cause: str | None, *, injured: bool = False) -> tuple[SeatBody, ...]:
    """Electricity and water bring the team of the power supply; a bodily harm the medical one."""
    found = (SeatBody.MEDIATORS, *SEATS[kind])
    if cause in ELECTRIC_CAUSES:
        found = (*found, B.ELECTRICITY)
    if injured and B.MEDICAL not in found:
        found = (*found, B.MEDICAL)
    return found


def check_seat_step(current: SeatState, target: SeatState) -> None:
    if target not in SEAT_NEXT[current]:
        raise SeatStateError(current=current.label, target=target.label)


class SeatNotFoundError(NotFoundError):
    code = "panel_seat_not_found"
    message = "没有找到这个席位"


class SeatStateError(ConflictError):
    code = "panel_seat_state_wrong"
    message = "席位当前为“{current}”，不能变为“{target}”"


class SeatTakenError(ConflictError):
    code = "panel_seat_taken"
    message = "这个人已在这起案件的小组里，或已被邀请"


class SeatPersonError(UnprocessableError):
    code = "panel_seat_person_wrong"
    message = "只能邀请已认领名册或有任职的工作人员；亲友、邻里、专家请选“亲友、邻里、专家等”"
    field = "person_id"


class MediatorTakenError(ConflictError):
    code = "mediator_taken"
    message = "已有调解员，请先更换"


class ManagerConflictError(ConflictError):
    code = "manager_conflict"
    message = "您与本案有利害关系（{conflicts}），不能承办，请由另一位受理员办理"


class MediatorMissingError(ConflictError):
    code = "mediator_missing"
    message = "还没有调解员就位，不能开始调解"


class MediatorChoiceOpenError(ConflictError):
    code = "mediator_choice_open"
    message = "还有当事人没有对调解员表示意见，{until}之后视为没有异议"


class VoteSaidError(ConflictError):
    code = "case_vote_said"
    message = "已经表示过意见"
