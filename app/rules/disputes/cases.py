"""A case: kinds, causes, ways in, states, reasons for an end, and where else one can turn. Pure.

人民调解法: voluntary (第三、十七条), free (第四条), ended where it fails, with the other ways told (第二十六条).
劳动争议调解仲裁法 第五条: mediation is no precondition of anything.
"""

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class CaseKind(Labelled):
    WAGES = "wages", "工资报酬"
    CONTRACT = "contract", "劳动合同"
    INJURY = "injury", "工伤待遇"
    POSTING = "posting", "招聘信息"
    TRAINING = "training", "培训"
    POINTS = "points", "文明积分"
    VILLAGE_ENTERPRISE = "village_enterprise", "村企矛盾"
    NEIGHBOURS = "neighbours", "邻里纠纷"
    PLATFORM_WORK = "platform_work", "新就业形态"
    OTHER = "other", "其他"


K = CaseKind
# 劳动争议调解仲裁法 第二条. A rider often has no labour contract: platform work counts as civil until it is reclassified.
LABOUR_KINDS = frozenset({K.WAGES, K.CONTRACT, K.INJURY})


class CaseCause(Labelled):
    """What it is about, for the statistics; chosen by who screens the case."""

    UNPAID = "unpaid", "拖欠工资"
    UNDERPAID = "underpaid", "少发或克扣"
    HOURS = "hours", "工时与加班"
    TERMINATION = "termination", "解除或终止"
    NO_CONTRACT = "no_contract", "未签合同"
    INSURANCE = "insurance", "社会保险"
    COMPENSATION = "compensation", "伤害赔偿"
    FALSE_POSTING = "false_posting", "虚假招聘或收费"
    SERVICE = "service", "服务与资格"
    LAND = "land", "用地与租赁"
    UTILITIES = "utilities", "水电与设施"
    NUISANCE = "nuisance", "噪声、排污、通行"
    DEBT = "debt", "债务"
    FAMILY = "family", "家庭与相邻"
    OTHER = "other", "其他"


class IntakeChannel(Labelled):
    MINI_PROGRAM = "mini_program", "小程序"
    ON_BEHALF = "on_behalf", "网格员或亲属代办"
    FIRM = "firm", "企业提交"
    PHONE = "phone", "电话"
    VISIT = "visit", "来访"
    TIMESHEET = "timesheet", "工时对账"
    SETTLEMENT = "settlement", "工资结算"
    POSTING = "posting", "岗位信息"
    SEPARATED = "separated", "从集体案件退出"


# Written down by staff while the person speaks (劳动争议调解仲裁法 第十二条).
SPOKEN = frozenset({IntakeChannel.PHONE, IntakeChannel.VISIT})


class MediationBody(Labelled):
    """In whose name is mediated: it decides what an agreement is."""

    PEOPLE = "people", "人民调解委员会"
    LABOUR = "labour", "劳动争议调解组织"
    NONE = "none", "不以调解组织名义"


class CaseState(Labelled):
    SUBMITTED = "submitted", "已提交"
    SCREENED = "screened", "已初核"
    MERGED = "merged", "已并入集体案件"
    ADVISED_OUT = "advised_out", "已告知其他途径"
    ACCEPTED = "accepted", "已受理"
    CONSENT_PENDING = "consent_pending", "征求各方意见"
    CONSENTED = "consented", "各方同意调解"
    REFUSED = "refused", "一方不同意调解"
    MEDIATOR_PROPOSED = "mediator_proposed", "已提出调解员"
    OBJECTION = "objection", "调解员待更换"
    MEDIATING = "mediating", "调解中"
    EXTENDED = "extended", "调解中（已延期）"
    SUSPENDED = "suspended", "中止"
    ESCALATED = "escalated", "已提级"
    AGREED_ORAL = "agreed_oral", "达成口头协议"
    AGREED_WRITTEN = "agreed_written", "书面协议签署中"
    PERFORMING = "performing", "履行中"
    PERFORMED = "performed", "已履行"
    BREACHED = "breached", "逾期未履行"
    ENDED = "ended", "调解终止"
    FOLLOW_UP = "follow_up", "回访中"
    CLOSED = "closed", "已归档"


C = CaseState
NEXT: dict[CaseState, frozenset[CaseState]] = {
    C.SUBMITTED: frozenset({C.SCREENED, C.ENDED}),
    C.SCREENED: frozenset({C.ADVISED_OUT, C.ACCEPTED, C.MERGED, C.ENDED}),
    C.MERGED: frozenset(),
    C.ADVISED_OUT: frozenset({C.FOLLOW_UP}),
    C.ACCEPTED: frozenset({C.CONSENT_PENDING, C.MERGED, C.ENDED}),
    C.CONSENT_PENDING: frozenset({C.CONSENTED, C.REFUSED, C.ENDED}),
    C.CONSENTED: frozenset({C.MEDIATOR_PROPOSED, C.REFUSED, C.ENDED}),
    C.MEDIATOR_PROPOSED: frozenset({C.OBJECTION, C.MEDIATING, C.REFUSED, C.ENDED}),
    C.OBJECTION: frozenset({C.MEDIATOR_PROPOSED, C.REFUSED, C.ENDED}),
    C.MEDIATING: frozenset({
        C.EXTENDED, C.SUSPENDED, C.ESCALATED, C.OBJECTION, C.AGREED_ORAL, C.AGREED_WRITTEN, C.ENDED,
    }),
    C.EXTENDED: frozenset({C.SUSPENDED, C.ESCALATED, C.OBJECTION, C.AGREED_ORAL, C.AGREED_WRITTEN, C.ENDED}),
    C.SUSPENDED: frozenset({C.MEDIATING, C.ENDED}),
    C.ESCALATED: frozenset({C.MEDIATING, C.ENDED}),
    C.AGREED_ORAL: frozenset({C.PERFORMING}),
    # Back to the table where the text must change; ended where somebody will not sign.
    C.AGREED_WRITTEN: frozenset({C.PERFORMING, C.MEDIATING, C.ENDED}),
    C.PERFORMING: frozenset({C.PERFORMED, C.BREACHED}),
    # Remedied late, or over with the other ways told.
    C.BREACHED: frozenset({C.PERFORMED, C.FOLLOW_UP}),
    C.PERFORMED: frozenset({C.FOLLOW_UP}),
    C.REFUSED: frozenset({C.FOLLOW_UP}),
    C.ENDED: frozenset({C.FOLLOW_UP}),
    C.FOLLOW_UP: frozenset({C.CLOSED}),
    C.CLOSED: frozenset(),
}  # fmt: skip
AT_THE_TABLE = frozenset({C.MEDIATING, C.EXTENDED})
# Before anybody has said yes.
BEFORE_CONSENT = frozenset({C.SUBMITTED, C.SCREENED, C.ACCEPTED, C.CONSENT_PENDING})
# Parties may still say that they do not want it any more (人民调解法 第二十三条).
STOPPABLE = frozenset({
    C.SUBMITTED, C.SCREENED, C.ACCEPTED, C.CONSENT_PENDING, C.CONSENTED, C.MEDIATOR_PROPOSED, C.OBJECTION, C.MEDIATING,
    C.EXTENDED, C.SUSPENDED, C.ESCALATED, C.AGREED_WRITTEN,
})  # fmt: skip
WITHOUT_AGREEMENT = frozenset({C.ADVISED_OUT, C.REFUSED, C.ENDED})
OVER = frozenset({C.MERGED, C.ADVISED_OUT, C.REFUSED, C.ENDED, C.PERFORMED, C.FOLLOW_UP, C.CLOSED})
# What a manager can still add to: the statements, evidence and facts of a case that runs.
OPEN = frozenset(CaseState) - OVER


class CaseOutcome(Labelled):
    AGREED = "agreed", "达成协议"
    NOT_AGREED = "not_agreed", "未达成协议"
    REFUSED = "refused", "一方不同意调解"
    ADVISED_OUT = "advised_out", "告知其他途径"


# What a case came to, kept when it goes on to follow-up.
OUTCOMES: dict[CaseState, CaseOutcome] = {
    C.PERFORMING: CaseOutcome.AGREED,
    C.ENDED: CaseOutcome.NOT_AGREED,
    C.REFUSED: CaseOutcome.REFUSED,
    C.ADVISED_OUT: CaseOutcome.ADVISED_OUT,
}


class EndReason(Labelled):
    """人民法院在线调解规则 第二十五条 names the first eight; the last three are the town's own."""

    SETTLED = "settled", "自行和解"
    UNREACHABLE = "unreachable", "联系不上一方"
    UNWILLING = "unwilling", "一方不愿继续"
    FAR_APART = "far_apart", "分歧过大"
    TIME_EXPIRED = "time_expired", "期限届满未同意延期"
    NOT_SIGNED = "not_signed", "一方不签协议"
    WITHDRAWN = "withdrawn", "申请人撤回"
    OTHER = "other", "其他"
    REFERRED_OUT = "referred_out", "已转仲裁、诉讼或监察"
    SHAM = "sham", "虚假调解，已报告"
    DANGER = "danger", "可能激化，已报告公安"


class Route(Labelled):
    """Where else one can turn; mediation is a precondition of none of them."""

    INSPECTION = "inspection", "劳动保障监察投诉"
    ARBITRATION = "arbitration", "劳动争议仲裁"
    PAYMENT_ORDER = "payment_order", "支付令"
    COURT = "court", "向人民法院起诉"
    LEGAL_AID = "legal_aid", "法律援助"


# What each is good for, in a sentence; laws by article. Days that are left stand with the deadlines.
ROUTE_TOLD: dict[Route, str] = {
    Route.INSPECTION: "可以随时向劳动保障监察机构投诉，材料可在本页导出；自违法行为终了之日起2年内（《劳动保障监察条例》第二十条）",
    Route.ARBITRATION: "可以随时申请劳动争议仲裁，不必先调解（《劳动争议调解仲裁法》第五条）；自收到调解申请之日起15日内未达成协议的，也可以申请（第十四条）",
    Route.PAYMENT_ORDER: "因支付拖欠的劳动报酬、工伤医疗费、经济补偿或赔偿金达成协议而不履行的，可以凭协议书向人民法院申请支付令（《劳动争议调解仲裁法》第十六条）",
    Route.COURT: "可以向人民法院起诉（《人民调解法》第二十六条）",
    Route.LEGAL_AID: "请求支付劳动报酬、工伤赔偿，经济困难的可以申请法律援助（《法律援助法》第三十一条）；农民工追索劳动报酬不受经济困难条件限制（第四十二条）",
}
LABOUR_ROUTES = (Route.INSPECTION, Route.ARBITRATION, Route.PAYMENT_ORDER, Route.LEGAL_AID)
CIVIL_ROUTES = (Route.COURT, Route.LEGAL_AID)


def is_labour(kind: CaseKind) -> bool:
    return kind in LABOUR_KINDS


def routes_of(kind: CaseKind) -> tuple[Route, ...]:
    """Shown from the first page on."""
    if is_labour(kind):
        return LABOUR_ROUTES
    if kind is CaseKind.PLATFORM_WORK:
        # What it is in law is not yet known: none of the ways is kept back.
        return (*LABOUR_ROUTES, Route.COURT)
    return CIVIL_ROUTES


def check_case_step(current: CaseState, target: CaseState) -> None:
    if target not in NEXT[current]:
        raise CaseStateError(current=current.label, target=target.label)


def check_open(state: CaseState) -> None:
    if state not in OPEN:
        raise CaseOverError(current=state.label)


def check_at_table(state: CaseState) -> None:
    """Sessions and drafts: only once all parties have agreed and a mediator sits (人民调解法 第十七条)."""
    if state not in AT_THE_TABLE:
        raise NotAtTableError(current=state.label)


def check_body(kind: CaseKind, body: MediationBody) -> None:
    """A labour body mediates labour disputes (劳动争议调解仲裁法 第十条)."""
    if body is MediationBody.LABOUR and not (is_labour(kind) or kind is CaseKind.PLATFORM_WORK):
        raise MediationBodyError(kind=kind.label)


class CaseNotFoundError(NotFoundError):
    """Also for a case that is there and none of the caller's business."""

    code = "case_not_found"
    message = "没有找到这起调解案件"


class CaseStateError(ConflictError):
    code = "case_state_wrong"
    message = "案件当前为“{current}”，不能变为“{target}”"


class CaseOverError(ConflictError):
    code = "case_over"
    message = "案件当前为“{current}”，不能再补充"


class NotAtTableError(ConflictError):
    code = "case_not_at_table"
    message = "案件当前为“{current}”；各方同意调解、调解员就位之后才能办理"


class CaseTakenError(ConflictError):
    code = "case_taken"
    message = "案件已由另一位受理员承办"


class MediationBodyError(UnprocessableError):
    code = "mediation_body_wrong"
    message = "“{kind}”不是劳动争议，不能以劳动争议调解组织的名义调解"
    field = "mediation_body"


class SameKindError(UnprocessableError):
    code = "case_kind_same"
    message = "案件已经是这个类型，无需变更"
    field = "kind"


class CaseSubjectError(UnprocessableError):
    code = "case_subject_wrong"
    message = "没有找到这件事，或它与您无关，请从对应页面进入"
    field = "subject_id"


class RespondentError(UnprocessableError):
    code = "case_respondent_wrong"
    message = "请写明对方：企业、村（社区），或对方的姓名；不能是自己一方"
    field = "respondent"


class CaseDatesError(UnprocessableError):
    code = "case_dates_wrong"
    message = "日期不能晚于今天"
    field = "known_on"


class CaseAlreadyOpenError(ConflictError):
    code = "case_already_open"
    message = "您与这家企业的同类案件（{number}）还在办理，请在那起案件里补充"


class CasePlaceError(UnprocessableError):
    code = "case_place_wrong"
    message = "没有这个村、园区"
    field = "area_id"
