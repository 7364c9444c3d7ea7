"""What the log of a case holds, and the plan's ladder. Pure."""

from app.core.errors import ConflictError
from app.core.labels import Labelled


class CaseEventKind(Labelled):
    """What the log of a case holds; clocks are computed from nothing else."""

    SUBMITTED = "submitted", "提交申请"
    TAKEN = "taken", "接案"
    SCREENED = "screened", "初核"
    MERGED = "merged", "并入集体案件"
    ABSORBED = "absorbed", "并入其他案件"
    ADVISED_OUT = "advised_out", "告知其他途径"
    ACCEPTED = "accepted", "受理"
    KIND_CHANGED = "kind_changed", "变更类型"
    FACTS_CHANGED = "facts_changed", "更正日期或地点"
    PARTY_ADDED = "party_added", "追加当事人"
    PARTY_LEFT = "party_left", "当事人退出"
    CONSENT_ASKED = "consent_asked", "征求各方意见"
    CONSENT_SAID = "consent_said", "一方答复是否同意调解"
    CONSENTED = "consented", "各方同意调解"
    REFUSED = "refused", "一方不同意调解"
    REASSIGNED = "reassigned", "更换承办人"
    SEAT_INVITED = "seat_invited", "邀请调解小组成员"
    SEAT_ANSWERED = "seat_answered", "成员答复邀请"
    SEAT_ENDED = "seat_ended", "成员离席"
    MEDIATOR_PROPOSED = "mediator_proposed", "提出调解员"
    OBJECTED = "objected", "对调解员有异议"
    MEDIATING = "mediating", "开始或恢复调解"
    SESSION = "session", "进行一次调解"
    EXTENSION_ASKED = "extension_asked", "征求延期意见"
    EXTENDED = "extended", "各方同意延期"
    SUSPENDED = "suspended", "中止"
    ESCALATED = "escalated", "提级"
    ESCALATION_TOLD = "escalation_told", "逾期提级通知"
    AGREED = "agreed", "达成协议"
    SIGNED = "signed", "签署"
    EFFECTIVE = "effective", "协议生效"
    TERM_DONE = "term_done", "登记履行"
    PERFORMED = "performed", "全部履行"
    BREACHED = "breached", "逾期未履行"
    CONFIRMATION_APPLIED = "confirmation_applied", "申请司法确认"
    CONFIRMATION_DECIDED = "confirmation_decided", "法院作出决定"
    ENDED = "ended", "调解终止"
    INTERRUPTED = "interrupted", "时效中断"
    FOLLOWED_UP = "followed_up", "回访"
    CLOSED = "closed", "归档"


class Interruption(Labelled):
    """What starts the year anew (劳动争议调解仲裁法 第二十七条第二款)."""

    CLAIM = "claim", "向对方主张权利"
    AUTHORITY = "authority", "向有关部门请求权利救济"
    PROMISE = "promise", "对方同意履行义务"


class CaseLevel(Labelled):
    """The plan's ladder (三（五）2): who hears of a case that does not move, step by step."""

    MANAGER = "manager", "承办人"
    GRID = "grid", "网格长"
    VILLAGE_OR_PARK = "village_or_park", "村、园区党委"
    TASK_FORCE = "task_force", "工作专班"
    CONFERENCE = "conference", "党建联席会议"
    CITY_LEADER = "city_leader", "挂钩市领导"


LADDER = tuple(CaseLevel)


def next_level(level: CaseLevel) -> CaseLevel:
    place = LADDER.index(level) + 1
    if place == len(LADDER):
        raise LadderTopError(level=level.label)
    return LADDER[place]


class LadderTopError(ConflictError):
    code = "escalation_at_top"
    message = "已经提级到“{level}”，没有更高一级"
