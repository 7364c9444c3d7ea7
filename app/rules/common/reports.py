"""举报: anyone can report a posting, firm, person, file or message; a clock runs and the reporter hears the result. Pure.

Clocks are house rules in working days (rules/common/workdays): the law asks for a complaint channel and timely answers
(网络招聘服务管理规定; 人力资源市场暂行条例 第二十九条) and names no number.
"""

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

FIRST_ANSWER_WORKDAYS = 1
RESULT_WORKDAYS = 5
# A person with that many reports open at a time is asked to wait: each of them binds an officer's hours.
OPEN_AT_MOST = 20


class ReportSubject(Labelled):
    VACANCY = "vacancy", "岗位"
    ENTERPRISE = "enterprise", "企业"
    PERSON = "person", "个人"
    FILE = "file", "图片或文件"
    NOTICE = "notice", "消息"


class ReportReason(Labelled):
    FALSE = "false", "虚假信息"
    FEE = "fee", "收取押金或费用"
    DISCRIMINATION = "discrimination", "歧视性条件"
    ILLEGAL = "illegal", "违法内容"
    HARASSMENT = "harassment", "骚扰或辱骂"
    PRIVACY = "privacy", "泄露个人信息"
    OTHER = "other", "其他"


class ReportState(Labelled):
    SUBMITTED = "submitted", "已提交"
    HANDLING = "handling", "处理中"
    UPHELD = "upheld", "属实，已处理"
    DISMISSED = "dismissed", "不属实或不受理"


REPORT_NEXT: dict[ReportState, frozenset[ReportState]] = {
    ReportState.SUBMITTED: frozenset({ReportState.HANDLING, ReportState.UPHELD, ReportState.DISMISSED}),
    ReportState.HANDLING: frozenset({ReportState.UPHELD, ReportState.DISMISSED}),
    ReportState.UPHELD: frozenset(),
    ReportState.DISMISSED: frozenset(),
}
REPORT_OPEN = frozenset({ReportState.SUBMITTED, ReportState.HANDLING})


def check_report_transition(current: ReportState, target: ReportState) -> None:
    if target not in REPORT_NEXT[current]:
        raise ReportStateError(current=current.label, target=target.label)


class ReportNotFoundError(NotFoundError):
    code = "report_not_found"
    message = "没有找到这条举报"


class ReportSubjectError(NotFoundError):
    """What the reporter cannot see cannot be reported: the answer must not tell that it exists."""

    code = "report_subject_not_found"
    message = "没有找到要举报的内容"


class ReportStateError(ConflictError):
    code = "report_state_wrong"
    message = "举报当前为“{current}”，不能变为“{target}”"


class ReportRepeatedError(ConflictError):
    code = "report_repeated"
    message = "您已举报过同一内容，正在处理，可在“我的举报”查看进展"


class ReportsOpenError(ConflictError):
    code = "reports_open"
    message = "您有 {count} 条举报正在处理，请等待结果后再提交新的"


class ReportSelfError(UnprocessableError):
    code = "report_of_oneself"
    message = "不能举报自己"
    field = "subject_id"
