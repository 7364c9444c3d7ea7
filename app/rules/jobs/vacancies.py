"""Vacancies: states, transitions, who may do what, errors. Pure."""

from datetime import date, timedelta

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

# Design: a posting without an end date goes stale; 2026 notice of five ministries wants a validity date.
LONGEST_VALIDITY = timedelta(days=90)


class VacancyState(Labelled):
    DRAFT = "draft", "草稿"
    IN_REVIEW = "in_review", "待复核"
    RETURNED = "returned", "已退回"
    PUBLISHED = "published", "招聘中"
    PAUSED = "paused", "已暂停"
    FILLED = "filled", "已招满"
    EXPIRED = "expired", "已到期"
    WITHDRAWN = "withdrawn", "已撤回"
    TAKEN_DOWN = "taken_down", "已下架"


S = VacancyState
NEXT: dict[VacancyState, frozenset[VacancyState]] = {
    S.DRAFT: frozenset({S.IN_REVIEW, S.PUBLISHED, S.WITHDRAWN}),
    # An edit may wait for review while people who applied before are hired: full is full.
    S.IN_REVIEW: frozenset({S.PUBLISHED, S.RETURNED, S.FILLED, S.WITHDRAWN}),
    S.RETURNED: frozenset({S.IN_REVIEW, S.PUBLISHED, S.FILLED, S.WITHDRAWN}),
    S.PUBLISHED: frozenset({S.PAUSED, S.FILLED, S.EXPIRED, S.WITHDRAWN, S.TAKEN_DOWN, S.IN_REVIEW}),
    S.PAUSED: frozenset({S.PUBLISHED, S.FILLED, S.EXPIRED, S.WITHDRAWN, S.TAKEN_DOWN, S.IN_REVIEW}),
    S.FILLED: frozenset(),
    S.EXPIRED: frozenset(),
    S.WITHDRAWN: frozenset(),
    # An appeal was heard: back on the lists, or over where its date has passed meanwhile.
    S.TAKEN_DOWN: frozenset({S.PUBLISHED, S.EXPIRED}),
}
# States in which the firm may still change the text; a published text changes by a new version.
EDITABLE = frozenset({S.DRAFT, S.RETURNED, S.PUBLISHED, S.PAUSED})
# States that anybody may see.
OPEN = frozenset({S.PUBLISHED})


def check_transition(current: VacancyState, target: VacancyState) -> None:
    if target not in NEXT[current]:
        raise VacancyStateError(current=current.label, target=target.label)


def check_open(state: VacancyState, valid_until: date, today: date) -> None:
    """Only what is published and valid takes applications."""
    if state is not S.PUBLISHED or valid_until < today:
        shown = S.EXPIRED if state is S.PUBLISHED else state
        raise VacancyClosedError(current=shown.label)


class VacancyNotFoundError(NotFoundError):
    code = "vacancy_not_found"
    message = "没有找到这个岗位，可能已下线"


class VersionNotFoundError(NotFoundError):
    code = "vacancy_version_not_found"
    message = "没有找到岗位的这个版本"


class VacancyStateError(ConflictError):
    code = "vacancy_state_wrong"
    message = "岗位当前为“{current}”，不能变为“{target}”"


class VacancyClosedError(ConflictError):
    code = "vacancy_closed"
    message = "这个岗位{current}，不再接受应聘，可以看看其他岗位"


class HeadcountTakenError(UnprocessableError):
    code = "headcount_taken"
    message = "已录用 {hired} 人，招聘人数应多于 {hired} 人；不再招聘请撤回岗位"
    field = "headcount"


class EnterpriseNotYoursError(NotFoundError):
    code = "enterprise_not_found"
    message = "没有找到这家企业，或您不是它的招聘员"
    field = "enterprise_id"


class PostingRefusedError(UnprocessableError):
    """A finding that blocks: `fields` lists each with rule, span, law and how to mend."""

    code = "posting_refused"
    message = "岗位信息有 {blocks} 处不合规定，请修改后再发布"


class OccupationUnknownError(UnprocessableError):
    code = "occupation_unknown"
    message = "职业代码“{given}”不在代码表中，请从“职业”字典里选择"
    field = "occupation_code"


class WageNotFoundError(NotFoundError):
    code = "wage_not_found"
    message = "没有找到这条最低工资标准"


class WageConfirmedError(ConflictError):
    code = "wage_confirmed"
    message = "这条最低工资标准已经核对过；有新的文件时请录入新的一条"
