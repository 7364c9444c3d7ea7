"""What all domains share: notices, the staff's work list, uploads to come. Pure."""

from app.core.errors import NotFoundError
from app.core.labels import Labelled


class NoticeKind(Labelled):
    """Each kind is a scene with its own WeChat template."""

    APPLICATION_RECEIVED = "application_received", "收到新的应聘"
    APPLICATION_MOVED = "application_moved", "应聘进展"
    VACANCY_FILLED = "vacancy_filled", "岗位已招满"
    VACANCY_REVIEWED = "vacancy_reviewed", "岗位审核结果"
    ENTERPRISE_REVIEWED = "enterprise_reviewed", "企业认领结果"


class TaskKind(Labelled):
    """What waits for a member of staff."""

    ENTERPRISE_CLAIM = "enterprise_claim", "审核企业认领"
    VACANCY_REVIEW = "vacancy_review", "复核岗位"
    PERSON_MERGE = "person_merge", "核对是否同一人"
    LIAISON_UNKNOWN = "liaison_unknown", "补全挂钩关系"
    GRID_UNKNOWN = "grid_unknown", "补全网格名称与网格长"
    WAGE_UNVERIFIED = "wage_unverified", "核对最低工资标准"


class TaskState(Labelled):
    OPEN = "open", "待办"
    DONE = "done", "已办"


class NoticeNotFoundError(NotFoundError):
    code = "notice_not_found"
    message = "没有找到这条通知"


class CodeTableNotFoundError(NotFoundError):
    code = "code_table_not_found"
    message = "没有这张代码表"
