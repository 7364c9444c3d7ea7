"""Courses and menus: what may be ordered, by whom, and what must come before it. Pure.

The brands are those of the town's plan (宝委综〔2024〕27号 三(二)3).
"""

from collections.abc import Collection, Iterable
from datetime import date

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.identity.ages import ADULT_AGE, compute_age

QUARTERS = 4


class CourseBrand(Labelled):
    LECTURE = "lecture", "宝盖大讲堂"
    PARTY = "party", "宝盖镇党员培训"
    SALON = "salon", "人才资源服务沙龙"
    IMMERSIVE = "immersive", "沉浸式研修班"
    SKILL = "skill", "技能培训"
    CONTINUING = "continuing", "继续教育"
    ORDER_CLASS = "order_class", "订单班"


class Audience(Labelled):
    EVERYONE = "everyone", "不限"
    STAFF = "staff", "企业职工"
    VILLAGERS = "villagers", "村民和居民"
    PARTY_MEMBERS = "party_members", "党员"


class CourseState(Labelled):
    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    WITHDRAWN = "withdrawn", "已下架"


class MenuState(Labelled):
    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    CLOSED = "closed", "已结束"


class ProviderKind(Labelled):
    TOWN = "town", "镇里自办"
    SCHOOL = "school", "院校"
    INSTITUTION = "institution", "培训机构"
    ALLIANCE = "alliance", "行业联盟"
    TALENT = "talent", "人才服务机构"


class PassBy(Labelled):
    """What a certificate of the course stands for."""

    HOURS = "hours", "学时合格"
    ASSESSMENT = "assessment", "学时合格且考核合格"


C, M = CourseState, MenuState
COURSE_NEXT: dict[CourseState, frozenset[CourseState]] = {
    C.DRAFT: frozenset({C.PUBLISHED, C.WITHDRAWN}),
    C.PUBLISHED: frozenset({C.WITHDRAWN}),
    C.WITHDRAWN: frozenset({C.PUBLISHED}),
}
MENU_NEXT: dict[MenuState, frozenset[MenuState]] = {
    M.DRAFT: frozenset({M.PUBLISHED, M.CLOSED}),
    M.PUBLISHED: frozenset({M.CLOSED}),
    M.CLOSED: frozenset(),
}
# 文明积分 never flow from party study (政务移动互联网应用程序规范化管理办法: 学习时长 is no basis of an assessment).
WITHOUT_POINTS = frozenset({CourseBrand.PARTY})
# Whom nobody can recognise by their records here: a person of the office looks at each entry.
APPROVED_ONE_BY_ONE = frozenset({Audience.PARTY_MEMBERS})


def check_course_move(current: CourseState, target: CourseState) -> None:
    if target not in COURSE_NEXT[current]:
        raise CourseStateError(current=current.label, target=target.label)


def check_menu_move(current: MenuState, target: MenuState) -> None:
    if target not in MENU_NEXT[current]:
        raise MenuStateError(current=current.label, target=target.label)


def check_age(born: date | None, least: int | None, today: date) -> None:
    """Licensed trades (特种作业) want full age: 特种作业人员安全技术培训考核管理规定 第四条."""
    if least is None:
        return
    if born is None:
        raise EntrantAgeUnknownError(age=least)
    if compute_age(born, today) < least:
        raise EntrantTooYoungError(age=least, has=compute_age(born, today))


def least_age(least: int | None, *, licensed: bool) -> int | None:
    """The course's own age; a licensed trade never less than eighteen."""
    return max(least or 0, ADULT_AGE) if licensed else least


def check_prerequisites(wanted: Iterable[str], passed: Collection[str], names: dict[str, str]) -> None:
    missing = [code for code in wanted if code not in passed]
    if missing:
        raise PrerequisiteError(missing="、".join(f"“{names.get(code, code)}”" for code in missing))


def check_sizes(minimum: int, capacity: int) -> None:
    if minimum > capacity:
        raise ClassSizeError(minimum=minimum, capacity=capacity)


class CourseNotFoundError(NotFoundError):
    code = "course_not_found"
    message = "没有找到这门课程"


class CourseStateError(ConflictError):
    code = "course_state_wrong"
    message = "课程当前为“{current}”，不能变为“{target}”"


class CourseCodeTakenError(ConflictError):
    code = "course_code_taken"
    message = "已有编号为“{given}”的课程，请换一个编号"


class CourseUnknownError(UnprocessableError):
    code = "course_unknown"
    message = "“{given}”不是已有课程的编号，请从课程列表中选择"
    field = "prerequisites"


class CourseOccupationError(UnprocessableError):
    code = "course_occupation_unknown"
    message = "“{given}”不是已知的职业或工序代码，请从职业列表中选择"
    field = "occupation_code"


class ClassSizeError(UnprocessableError):
    code = "class_size_wrong"
    message = "开班人数（{minimum}）不能多于容纳人数（{capacity}）"
    field = "minimum"


class MenuNotFoundError(NotFoundError):
    code = "menu_not_found"
    message = "没有找到这份菜单"


class MenuStateError(ConflictError):
    code = "menu_state_wrong"
    message = "菜单当前为“{current}”，不能变为“{target}”"


class MenuTakenError(ConflictError):
    code = "menu_taken"
    message = "这个季度已有名称为“{given}”的菜单"


class MenuCourseError(UnprocessableError):
    code = "menu_course_unknown"
    message = "菜单里只能放已发布的课程，请核对课程编号"
    field = "course_ids"


class TrainingProviderNotFoundError(NotFoundError):
    code = "training_provider_not_found"
    message = "没有找到这个培训机构"


class TrainingProviderUnknownError(UnprocessableError):
    code = "training_provider_unknown"
    message = "没有这个培训机构，请从机构列表中选择"
    field = "provider_id"


class TrainingProviderTakenError(ConflictError):
    code = "training_provider_taken"
    message = "已有名称为“{given}”的培训机构"


class PrerequisiteError(UnprocessableError):
    code = "prerequisite_missing"
    message = "要先通过{missing}并持有有效证书才能报名"
    field = "person_id"


class EntrantAgeUnknownError(UnprocessableError):
    code = "entrant_age_unknown"
    message = "这门课程（或竞赛）要求年满{age}周岁，请先在个人资料里填写出生日期"
    field = "birth_date"


class EntrantTooYoungError(UnprocessableError):
    code = "entrant_too_young"
    message = "这门课程（或竞赛）要求年满{age}周岁，您现在{has}周岁，满{age}周岁后再来"
    field = "birth_date"
