"""Job fairs (招聘会) and the online corridor (云市集): states, booths, check-in, small cells, errors. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class FairKind(Labelled):
    ONSITE = "onsite", "现场招聘会"
    ONLINE = "online", "云市集"
    CAMPUS = "campus", "校园招聘会"


class FairState(Labelled):
    DRAFT = "draft", "筹备中"
    PUBLISHED = "published", "已发布"
    RUNNING = "running", "进行中"
    ENDED = "ended", "已结束"
    REPORTED = "reported", "已总结"
    CANCELLED = "cancelled", "已取消"


F = FairState
NEXT: dict[FairState, frozenset[FairState]] = {
    F.DRAFT: frozenset({F.PUBLISHED, F.CANCELLED}),
    F.PUBLISHED: frozenset({F.RUNNING, F.CANCELLED}),
    F.RUNNING: frozenset({F.ENDED, F.CANCELLED}),
    F.ENDED: frozenset({F.REPORTED}),
    F.REPORTED: frozenset(),
    F.CANCELLED: frozenset(),
}
# What the officer may still rewrite; what has begun stands as it was announced.
EDITABLE = frozenset({F.DRAFT, F.PUBLISHED})
# Firms join, leave and change what they offer; newly joined ones too while it runs.
OPEN_TO_FIRMS = frozenset({F.PUBLISHED, F.RUNNING})
# A fair that people can still come to: a firm suspended now drops out of it.
AHEAD = frozenset({F.DRAFT, F.PUBLISHED, F.RUNNING})


class BoothState(Labelled):
    """How a firm takes part."""

    APPLIED = "applied", "已报名"
    INVITED = "invited", "已邀请"
    CONFIRMED = "confirmed", "已确认参展"
    DECLINED = "declined", "未通过"
    WITHDRAWN = "withdrawn", "已退出"
    DROPPED = "dropped", "企业暂停，已移出"


B = BoothState
BOOTH_NEXT: dict[BoothState, frozenset[BoothState]] = {
    B.APPLIED: frozenset({B.CONFIRMED, B.DECLINED, B.WITHDRAWN, B.DROPPED}),
    B.INVITED: frozenset({B.CONFIRMED, B.WITHDRAWN, B.DROPPED}),
    B.CONFIRMED: frozenset({B.WITHDRAWN, B.DROPPED}),
    # Another try is a new application or a new invitation of the same row.
    B.DECLINED: frozenset({B.APPLIED, B.INVITED}),
    B.WITHDRAWN: frozenset({B.APPLIED, B.INVITED}),
    B.DROPPED: frozenset({B.APPLIED, B.INVITED}),
}
# Firms that take part or are about to.
TAKING_PART = frozenset({B.APPLIED, B.INVITED, B.CONFIRMED})

LONGEST_FAIR = timedelta(days=31)
# The entrance shows a new code this often; the one before it still counts, for whoever is just scanning.
CODE_SECONDS = 30
# jobs design: fewer people than this in a cell could be recognised.
SMALL_CELL = 5
# Who is hired within a fortnight of the fair can be confirmed as kept for 30 days by then.
FOLLOW_UP_AFTER = timedelta(days=45)
# The person is taken off their check-in; the number stays.
CHECK_INS_KEPT = timedelta(days=180)


def check_move(current: FairState, target: FairState) -> None:
    if target not in NEXT[current]:
        raise FairStateError(current=current.label, target=target.label)


def check_booth_move(current: BoothState, target: BoothState) -> None:
    if target not in BOOTH_NEXT[current]:
        raise BoothStateError(current=current.label, target=target.label)


def check_open_to_firms(state: FairState) -> None:
    if state not in OPEN_TO_FIRMS:
        raise FairClosedError(current=state.label)


def check_running(state: FairState) -> None:
    """People check in and apply on the spot only while it runs."""
    if state is not F.RUNNING:
        raise FairNotRunningError(current=state.label)


def check_period(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if not starts_at < ends_at <= starts_at + LONGEST_FAIR or ends_at <= now:
        raise FairPeriodError(days=LONGEST_FAIR.days)


def check_form(kind: FairKind, *, has_place: bool, has_corridor: bool, has_school: bool) -> None:
    """What its kind cannot do without: somewhere to go, somewhere to click, the school whose students it is for."""
    if kind is FairKind.ONLINE and not has_corridor:
        raise CorridorMissingError
    if kind is not FairKind.ONLINE and not has_place:
        raise FairPlaceMissingError
    if kind is FairKind.CAMPUS and not has_school:
        raise SchoolMissingError


def checks_in(kind: FairKind) -> bool:
    """Whether people come in person, so that an application on the spot needs a check-in first."""
    return kind is not FairKind.ONLINE


def hide_small(counts: Sequence[int]) -> list[int | None]:
    """Counts of people by category, those that tell too much as None (jobs design: cells < 5). Zero tells of nobody.

    The total is published too: a single hidden cell would be the difference, and two of one person each would be told by
    a difference of two. So the next smallest are hidden as well, until at least two are hidden and they stand for at
    least five people together.
    """
    order = sorted((count, place) for place, count in enumerate(counts) if count > 0)
    hidden = [pair for pair in order if pair[0] < SMALL_CELL]
    while hidden and (len(hidden) < 2 or sum(count for count, _ in hidden) < SMALL_CELL):  # noqa: PLR2004
        if len(hidden) == len(order):
            break
        hidden.append(order[len(hidden)])
    places = {place for _, place in hidden}
    return [None if place in places else count for place, count in enumerate(counts)]


def hide_total(count: int) -> int | None:
    return None if 0 < count < SMALL_CELL else count


class FairNotFoundError(NotFoundError):
    code = "fair_not_found"
    message = "没有找到这场招聘会"


class BoothNotFoundError(NotFoundError):
    code = "booth_not_found"
    message = "没有找到这家企业的参展记录"


class FairReportNotFoundError(NotFoundError):
    code = "fair_report_not_found"
    message = "这场招聘会还没有总结"


class FairStateError(ConflictError):
    code = "fair_state_wrong"
    message = "招聘会当前为“{current}”，不能变为“{target}”"


class FairLockedError(ConflictError):
    code = "fair_locked"
    message = "招聘会当前为“{current}”，内容不能再修改"


class FairClosedError(ConflictError):
    code = "fair_closed"
    message = "招聘会当前为“{current}”，不能报名参展或调整岗位"


class FairNotRunningError(ConflictError):
    code = "fair_not_running"
    message = "招聘会当前为“{current}”，进行中才能签到和现场应聘"


class FairFullError(ConflictError):
    code = "fair_full"
    message = "展位 {capacity} 个已满，不能再确认企业参展"


class FairCapacityError(UnprocessableError):
    code = "fair_capacity_taken"
    message = "已确认 {confirmed} 家企业参展，展位数不能少于 {confirmed}"
    field = "capacity"


class FairPeriodError(UnprocessableError):
    code = "fair_period_wrong"
    message = "结束时间应在开始时间和现在之后，一场最长{days}天"
    field = "ends_at"


class FairPlaceMissingError(UnprocessableError):
    code = "fair_place_missing"
    message = "现场和校园招聘会请填写地点"
    field = "place"


class CorridorMissingError(UnprocessableError):
    code = "corridor_missing"
    message = "云市集请填写线上入口"
    field = "corridor"


class SchoolMissingError(UnprocessableError):
    code = "school_missing"
    message = "校园招聘会请填写学校"
    field = "school"


class FairAreaUnknownError(UnprocessableError):
    code = "fair_area_unknown"
    message = "没有这个片区，请从片区列表中选择"
    field = "area_ids"


class BoothStateError(ConflictError):
    code = "booth_state_wrong"
    message = "参展当前为“{current}”，不能变为“{target}”"


class BoothNumberTakenError(ConflictError):
    code = "booth_number_taken"
    message = "展位号“{number}”已分给另一家企业"


class FirmUnfitError(ConflictError):
    """Only a verified firm with valid papers takes part."""

    code = "firm_unfit"
    message = "企业未通过核验、已被暂停或证照已过期，不能参展"


class FairVacancyUnknownError(UnprocessableError):
    code = "fair_vacancy_unknown"
    message = "有 {count} 个岗位不是本企业招聘中的岗位，不能带到招聘会"
    field = "vacancy_ids"


class BoothNotConfirmedError(ConflictError):
    code = "booth_not_confirmed"
    message = "参展当前为“{current}”，确认参展后才能选择岗位"


class NotAtFairError(ConflictError):
    code = "vacancy_not_at_fair"
    message = "这个岗位不在这场招聘会上，可以直接应聘"


class CheckInMissingError(ConflictError):
    code = "check_in_missing"
    message = "现场应聘请先扫入口处的签到码"


class CheckInCodeInvalidError(UnprocessableError):
    code = "check_in_code_invalid"
    message = "签到码无法识别，请扫入口屏幕上的签到码"
    field = "code"


class CheckInCodeExpiredError(UnprocessableError):
    code = "check_in_code_expired"
    message = "签到码已更换，请重新扫入口屏幕上的签到码"
    field = "code"


class CheckInCodeElsewhereError(UnprocessableError):
    code = "check_in_code_elsewhere"
    message = "这是另一场招聘会的签到码"
    field = "code"


class OnlineCheckInError(ConflictError):
    code = "fair_online"
    message = "云市集在线上举行，不需要签到"
