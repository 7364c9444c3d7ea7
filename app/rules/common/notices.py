"""Notices: what people are told, and by which ways a notice reaches them. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from app.core.errors import ConflictError, NotFoundError
from app.core.labels import Labelled


class NoticeKind(Labelled):
    """Each kind is a scene with its own WeChat template."""

    APPLICATION_RECEIVED = "application_received", "收到新的应聘"
    APPLICATION_MOVED = "application_moved", "应聘进展"
    APPLICATIONS_WAITING = "applications_waiting", "应聘等待处理"
    INVITATION = "invitation", "岗位邀请"
    INTERVIEW = "interview", "面试安排"
    INTERVIEW_SOON = "interview_soon", "面试提醒"
    OFFER_ANSWERED = "offer_answered", "录用意向的答复"
    KEPT_ASKED = "kept_asked", "在岗确认"
    LIAISON_DIGEST = "liaison_digest", "挂钩企业每周提示"
    VACANCY_FILLED = "vacancy_filled", "岗位已招满"
    SAVED_SEARCH = "saved_search", "保存的搜索有新岗位"
    VACANCY_REVIEWED = "vacancy_reviewed", "岗位审核结果"
    VACANCY_TAKEN_DOWN = "vacancy_taken_down", "岗位下架与申诉"
    IMPORT_DONE = "import_done", "岗位导入结果"
    ENTERPRISE_REVIEWED = "enterprise_reviewed", "企业审核结果"
    ENTERPRISE_SUSPENDED = "enterprise_suspended", "企业暂停与恢复"
    PAPERS_EXPIRING = "papers_expiring", "证照即将到期"
    ASSISTED = "assisted", "有人替您办理"
    REPRESENTATION = "representation", "代办授权变动"
    OWN_CODE = "own_code", "本人验证码"
    REPORT_ANSWERED = "report_answered", "举报处理结果"
    CONTENT_REVIEWED = "content_reviewed", "内容复核结果"
    SURVEY_ASSIGNED = "survey_assigned", "摸底任务"
    ACCOUNT = "account", "账号安全"
    FAIR = "fair", "招聘会参展"
    GIG_OFFER = "gig_offer", "零工邀约"
    GIG_ASSIGNMENT = "gig_assignment", "上岗安排变动"
    GIG_CONFIRM = "gig_confirm", "请确认到岗"
    GIG_URGENT = "gig_urgent", "急招零工"
    GIG_WAITING = "gig_waiting", "排队进展"
    GIG_ORDER = "gig_order", "用工订单进展"
    GIG_PLAN = "gig_plan", "配工方案"
    GIG_TIMESHEET = "gig_timesheet", "工时确认与对账"
    GIG_ACCIDENT = "gig_accident", "工伤事故报告"
    GIG_PAY = "gig_pay", "工资结算"
    GIG_OVERDUE = "gig_overdue", "工资逾期"
    GIG_STANDING = "gig_standing", "到岗记录与评价"
    GIG_SHARING = "gig_sharing", "共享用工"
    GIG_BLOCK = "gig_block", "暂停发布"
    POINTS = "points", "积分变动"
    POINTS_EXPIRING = "points_expiring", "积分即将到期"
    REDEMPTION = "redemption", "积分兑换"
    ACTIVITY = "activity", "志愿活动"
    TRAINING_DEMAND = "training_demand", "点单进展"
    TRAINING_CLASS = "training_class", "培训班变动"
    TRAINING_SEAT = "training_seat", "培训名额"
    CERTIFICATE = "certificate", "培训证书"
    DECLARATION = "declaration", "职称与等级申报"
    COMPETITION = "competition", "技能竞赛"
    DISPUTE = "dispute", "调解进展"
    DISPUTE_ASKED = "dispute_asked", "调解：请您表示意见"
    DISPUTE_SEAT = "dispute_seat", "邀请参加调解"
    DISPUTE_DEADLINE = "dispute_deadline", "调解期限"


class Channel(Labelled):
    """In this order, until one of them arrives."""

    WECHAT = "wechat", "微信订阅消息"
    SMS = "sms", "短信"
    CALL = "call", "电话"


class DeliveryState(Labelled):
    SENT = "sent", "已发出"
    DELIVERED = "delivered", "已送达"
    FAILED = "failed", "未送达"


class CallState(Labelled):
    OPEN = "open", "待致电"
    REACHED = "reached", "已接通"
    UNREACHED = "unreached", "未接通"
    SPARED = "spared", "本人已读，无需致电"


@dataclass(frozen=True, slots=True)
class ReachRule:
    """`sms`, `call`: goes on to these where WeChat does not arrive. `at_night`: the person waits for it now."""

    sms: bool = False
    call: bool = False
    at_night: bool = False


NOTICE_REACH: dict[NoticeKind, ReachRule] = {
    NoticeKind.APPLICATION_RECEIVED: ReachRule(),
    NoticeKind.APPLICATION_MOVED: ReachRule(sms=True, call=True),
    NoticeKind.APPLICATIONS_WAITING: ReachRule(),
    NoticeKind.INVITATION: ReachRule(),
    NoticeKind.INTERVIEW: ReachRule(sms=True, call=True),
    NoticeKind.INTERVIEW_SOON: ReachRule(sms=True),
    NoticeKind.OFFER_ANSWERED: ReachRule(),
    NoticeKind.KEPT_ASKED: ReachRule(),
    NoticeKind.LIAISON_DIGEST: ReachRule(),
    NoticeKind.VACANCY_FILLED: ReachRule(),
    NoticeKind.SAVED_SEARCH: ReachRule(),
    NoticeKind.VACANCY_REVIEWED: ReachRule(),
    NoticeKind.VACANCY_TAKEN_DOWN: ReachRule(sms=True),
    NoticeKind.IMPORT_DONE: ReachRule(),
    NoticeKind.ENTERPRISE_REVIEWED: ReachRule(sms=True),
    NoticeKind.ENTERPRISE_SUSPENDED: ReachRule(sms=True, call=True),
    NoticeKind.PAPERS_EXPIRING: ReachRule(),
    NoticeKind.ASSISTED: ReachRule(sms=True),
    NoticeKind.REPRESENTATION: ReachRule(sms=True),
    NoticeKind.OWN_CODE: ReachRule(sms=True, at_night=True),
    NoticeKind.REPORT_ANSWERED: ReachRule(sms=True),
    NoticeKind.CONTENT_REVIEWED: ReachRule(),
    NoticeKind.SURVEY_ASSIGNED: ReachRule(),
    NoticeKind.ACCOUNT: ReachRule(sms=True, at_night=True),
    NoticeKind.FAIR: ReachRule(sms=True),
    NoticeKind.GIG_OFFER: ReachRule(sms=True, call=True),
    NoticeKind.GIG_ASSIGNMENT: ReachRule(sms=True, call=True),
    NoticeKind.GIG_CONFIRM: ReachRule(sms=True, call=True),
    NoticeKind.GIG_URGENT: ReachRule(sms=True),
    NoticeKind.GIG_WAITING: ReachRule(),
    NoticeKind.GIG_ORDER: ReachRule(sms=True),
    NoticeKind.GIG_PLAN: ReachRule(),
    NoticeKind.GIG_TIMESHEET: ReachRule(sms=True),
    NoticeKind.GIG_ACCIDENT: ReachRule(sms=True, call=True, at_night=True),
    NoticeKind.GIG_PAY: ReachRule(sms=True),
    NoticeKind.GIG_OVERDUE: ReachRule(sms=True, call=True),
    NoticeKind.GIG_STANDING: ReachRule(sms=True),
    NoticeKind.GIG_SHARING: ReachRule(),
    NoticeKind.GIG_BLOCK: ReachRule(sms=True, call=True),
    NoticeKind.POINTS: ReachRule(),
    NoticeKind.POINTS_EXPIRING: ReachRule(sms=True),
    NoticeKind.REDEMPTION: ReachRule(sms=True),
    NoticeKind.ACTIVITY: ReachRule(sms=True),
    NoticeKind.TRAINING_DEMAND: ReachRule(),
    NoticeKind.TRAINING_CLASS: ReachRule(sms=True),
    NoticeKind.TRAINING_SEAT: ReachRule(sms=True, call=True),
    NoticeKind.CERTIFICATE: ReachRule(sms=True),
    NoticeKind.DECLARATION: ReachRule(sms=True),
    NoticeKind.COMPETITION: ReachRule(sms=True),
    NoticeKind.DISPUTE: ReachRule(sms=True),
    NoticeKind.DISPUTE_ASKED: ReachRule(sms=True, call=True),
    NoticeKind.DISPUTE_SEAT: ReachRule(sms=True),
    NoticeKind.DISPUTE_DEADLINE: ReachRule(sms=True),
}
# identity design: quiet hours 21:00–07:00 unless the person opted in; China Standard Time.
QUIET_FROM, QUIET_TO = time(21), time(7)


def quiet_until(kind: NoticeKind, at: datetime, *, night_messages: bool) -> datetime | None:
    """`at` in China Standard Time. None: send now; else the end of the quiet hours, in the same zone."""
    if night_messages or NOTICE_REACH[kind].at_night or QUIET_TO <= at.time() < QUIET_FROM:
        return None
    morning = at.replace(hour=QUIET_TO.hour, minute=0, second=0, microsecond=0)
    return morning if at.time() < QUIET_TO else morning + timedelta(days=1)


class NoticeNotFoundError(NotFoundError):
    code = "notice_not_found"
    message = "没有找到这条通知"


class CallNotFoundError(NotFoundError):
    code = "call_not_found"
    message = "没有找到这条致电记录"


class CallDoneError(ConflictError):
    code = "call_done"
    message = "这条致电已经登记为“{current}”"
