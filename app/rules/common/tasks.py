"""The staff's work lists: what waits for a person of the town. Pure."""

from app.core.errors import ConflictError, NotFoundError
from app.core.labels import Labelled
from app.rules.identity.roles import Permission


class TaskKind(Labelled):
    """What waits for a member of staff."""

    ENTERPRISE_REVIEW = "enterprise_review", "审核企业登记"
    ENTERPRISE_CLAIM = "enterprise_claim", "审核企业认领"
    SUSPENSION_APPEAL = "suspension_appeal", "答复企业申诉"
    PAPERS_EXPIRED = "papers_expired", "证照已到期"
    VACANCY_REVIEW = "vacancy_review", "复核岗位"
    VACANCY_SAMPLE = "vacancy_sample", "抽查岗位"
    TAKEDOWN_APPEAL = "takedown_appeal", "答复岗位申诉"
    POSTING_CHANGE = "posting_change", "确认发布规则变更"
    KEPT_CONTRADICTED = "kept_contradicted", "核对在岗情况"
    CONTENT_REVIEW = "content_review", "复核图片或文字"
    REPORT = "report", "处理举报"
    PERSON_MERGE = "person_merge", "核对是否同一人"
    ACCOUNT_ABANDONED = "account_abandoned", "微信账号已注销"
    LIAISON_UNKNOWN = "liaison_unknown", "补全挂钩关系"
    GRID_UNKNOWN = "grid_unknown", "补全网格名称与网格长"
    SECRETARY_PHONE_UNKNOWN = "secretary_phone_unknown", "补全书记电话"
    WAGE_UNVERIFIED = "wage_unverified", "核对最低工资标准"
    SURVEY_PUBLISH = "survey_publish", "公布摸底统计"
    WECHAT_PUNISHED = "wechat_punished", "微信平台处罚"
    FAIR_BOOTH = "fair_booth", "确认企业参展"
    FAIR_REPORT = "fair_report", "招聘会总结"
    GIG_ORDER_REVIEW = "gig_order_review", "复核用工订单"
    MINOR_CONFIRM = "minor_confirm", "核对未成年工登记"
    SKILL_PROOF = "skill_proof", "核对技能证明"
    NO_SHOW_APPEAL = "no_show_appeal", "答复未到岗申诉"
    WAGE_OVERDUE = "wage_overdue", "处理工资逾期"
    PUBLISHING_BLOCK = "publishing_block", "决定是否暂停发布"
    BLOCK_APPEAL = "block_appeal", "答复暂停发布申诉"
    WORKER_BLOCKED = "worker_blocked", "核对讨薪后被拉黑"
    ACCIDENT = "accident", "跟进工伤事故"
    POINTS_CLAIM = "points_claim", "审核积分申报"
    POINTS_BUDGET = "points_budget", "积分预算不足"
    POINTS_OBJECTION = "points_objection", "答复公示异议"
    STOCK_LOW = "stock_low", "礼遇库存不足"
    WRITE_OFF = "write_off", "审核库存核销"
    DEMAND_MATCH = "demand_match", "归类点单"
    POOL_READY = "pool_ready", "点单已够开班"
    TRAINING_SHORTAGE = "training_shortage", "处理缺工培训建议"
    ENROLMENT_APPROVAL = "enrolment_approval", "审核培训报名"
    DECLARATION_CHECK = "declaration_check", "初核申报材料"
    COMPETITION_OBJECTION = "competition_objection", "答复竞赛异议"
    CASE_INTAKE = "case_intake", "接收调解申请"
    RESOLUTION = "resolution", "联席会议决议"


class TaskState(Labelled):
    OPEN = "open", "待办"
    DONE = "done", "已办"


# Whose business a task is: who may do the act that it waits for.
TASK_PERMISSIONS: dict[TaskKind, Permission] = {
    TaskKind.ENTERPRISE_REVIEW: Permission.ENTERPRISE_REVIEW,
    TaskKind.ENTERPRISE_CLAIM: Permission.ENTERPRISE_REVIEW,
    TaskKind.SUSPENSION_APPEAL: Permission.ENTERPRISE_REVIEW,
    TaskKind.PAPERS_EXPIRED: Permission.ENTERPRISE_REVIEW,
    TaskKind.VACANCY_REVIEW: Permission.VACANCY_REVIEW,
    TaskKind.VACANCY_SAMPLE: Permission.VACANCY_REVIEW,
    TaskKind.TAKEDOWN_APPEAL: Permission.VACANCY_REVIEW,
    TaskKind.POSTING_CHANGE: Permission.VACANCY_REVIEW,
    TaskKind.KEPT_CONTRADICTED: Permission.VACANCY_REVIEW,
    TaskKind.CONTENT_REVIEW: Permission.CONTENT_REVIEW,
    TaskKind.REPORT: Permission.REPORT_HANDLE,
    TaskKind.PERSON_MERGE: Permission.PERSON_MANAGE,
    TaskKind.ACCOUNT_ABANDONED: Permission.PERSON_MANAGE,
    TaskKind.LIAISON_UNKNOWN: Permission.LIAISON_CONFIRM,
    TaskKind.GRID_UNKNOWN: Permission.GRID_COMPLETE,
    TaskKind.SECRETARY_PHONE_UNKNOWN: Permission.GRID_COMPLETE,
    TaskKind.WAGE_UNVERIFIED: Permission.WAGE_CONFIRM,
    TaskKind.SURVEY_PUBLISH: Permission.SURVEY_MANAGE,
    TaskKind.WECHAT_PUNISHED: Permission.PERSON_MANAGE,
    TaskKind.FAIR_BOOTH: Permission.FAIR_MANAGE,
    TaskKind.FAIR_REPORT: Permission.FAIR_MANAGE,
    TaskKind.GIG_ORDER_REVIEW: Permission.GIG_ORDER_REVIEW,
    TaskKind.MINOR_CONFIRM: Permission.GIG_DECIDE,
    TaskKind.SKILL_PROOF: Permission.GIG_DECIDE,
    TaskKind.NO_SHOW_APPEAL: Permission.GIG_DECIDE,
    TaskKind.WAGE_OVERDUE: Permission.GIG_DECIDE,
    TaskKind.PUBLISHING_BLOCK: Permission.GIG_DECIDE,
    TaskKind.BLOCK_APPEAL: Permission.GIG_DECIDE,
    TaskKind.WORKER_BLOCKED: Permission.GIG_DECIDE,
    TaskKind.ACCIDENT: Permission.GIG_DECIDE,
    TaskKind.POINTS_CLAIM: Permission.POINTS_REVIEW,
    TaskKind.POINTS_BUDGET: Permission.POINTS_MANAGE,
    TaskKind.POINTS_OBJECTION: Permission.POINTS_MANAGE,
    TaskKind.STOCK_LOW: Permission.POINTS_MANAGE,
    TaskKind.WRITE_OFF: Permission.POINTS_MANAGE,
    TaskKind.DEMAND_MATCH: Permission.TRAINING_MANAGE,
    TaskKind.POOL_READY: Permission.TRAINING_MANAGE,
    TaskKind.TRAINING_SHORTAGE: Permission.TRAINING_MANAGE,
    TaskKind.ENROLMENT_APPROVAL: Permission.TRAINING_MANAGE,
    TaskKind.DECLARATION_CHECK: Permission.TRAINING_MANAGE,
    TaskKind.COMPETITION_OBJECTION: Permission.TRAINING_MANAGE,
    TaskKind.CASE_INTAKE: Permission.DISPUTE_HANDLE,
    TaskKind.RESOLUTION: Permission.DISPUTE_HANDLE,
}

# What nothing in the system can do: done in the world, then ticked off with a word about it.
BY_HAND = frozenset({
    TaskKind.ACCOUNT_ABANDONED, TaskKind.WECHAT_PUNISHED, TaskKind.KEPT_CONTRADICTED, TaskKind.RESOLUTION,
})  # fmt: skip


def check_by_hand(kind: TaskKind) -> None:
    """Every other task is done by its act and by nothing else: a tick must not stand for an approval."""
    if kind not in BY_HAND:
        raise TaskHasActError(kind=kind.label)


class TaskNotFoundError(NotFoundError):
    code = "task_not_found"
    message = "没有找到这项待办"


class TaskHasActError(ConflictError):
    code = "task_has_act"
    message = "“{kind}”要在对应的页面办理，办好后待办会自动完成"


class TaskDoneError(ConflictError):
    code = "task_done"
    message = "这项待办已经办好"
