"""Coming and going: when a mark may be made, how its time is known, what it says of the hours worked. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.errors import ConflictError, UnprocessableError
from app.rules.gigs.labour import Limits
from app.rules.gigs.terms import MarkKind

# What the screen shows changes every half minute; a photograph of it is of no use a minute later.
CODE_SECONDS = 30
# A phone without a network sends its mark when it has one again: with its own time, if that is not older.
OFFLINE_KEPT = timedelta(hours=12)
CLOCK_SKEW = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A shift as the clock sees it."""

    starts_at: datetime
    ends_at: datetime
    break_minutes: int


def marked_at(said: datetime | None, now: datetime) -> datetime:
    """The time of a mark: the phone's, where it was kept offline for less than twelve hours; else now."""
    if said is None:
        return now
    if said > now + CLOCK_SKEW:
        raise MarkInFutureError
    if said < now - OFFLINE_KEPT:
        raise MarkTooOldError(hours=int(OFFLINE_KEPT / timedelta(hours=1)))
    return min(said, now)


def check_mark_time(kind: MarkKind, at: datetime, shift: Stretch, limits: Limits) -> None:
    """In: from an hour before the start to the end. Out: from the start on, until four hours after the end."""
    if kind is MarkKind.IN:
        if at < shift.starts_at - timedelta(minutes=limits.check_in_early_minutes):
            raise MarkTooEarlyError(minutes=limits.check_in_early_minutes)
        if at >= shift.ends_at:
            raise ShiftOverError
    elif at < shift.starts_at:
        raise OutBeforeStartError
    elif at > shift.ends_at + timedelta(minutes=limits.check_out_late_minutes):
        raise MarkTooLateError(minutes=limits.check_out_late_minutes)


def check_near(metres: int, limits: Limits) -> None:
    if metres > limits.geofence_metres:
        raise TooFarError(metres=metres, limit=limits.geofence_metres)


def suggested_minutes(came: datetime | None, went: datetime | None, shift: Stretch) -> int | None:
    """Minutes that the two marks speak of: what lies inside the shift, without its break; None without both.

    Coming early earns nothing by itself and staying longer is said by hand: nobody is paid for waiting at the gate, and
    overtime needs two who agree to it. Who was there for less than half keeps no break.
    """
    if came is None or went is None:
        return None
    inside = int((min(went, shift.ends_at) - max(came, shift.starts_at)) / timedelta(minutes=1))
    whole = int((shift.ends_at - shift.starts_at) / timedelta(minutes=1))
    return max(0, inside - (shift.break_minutes if inside * 2 >= whole else 0))


class MarkTooEarlyError(ConflictError):
    code = "mark_too_early"
    message = "开班前 {minutes} 分钟起才能签到"


class ShiftOverError(ConflictError):
    code = "shift_over"
    message = "这个班次已经结束，不能再签到；确实到岗的，请派工员登记"


class OutBeforeStartError(ConflictError):
    code = "out_before_start"
    message = "还没到开班时间，不能签退"


class MarkTooLateError(ConflictError):
    code = "mark_too_late"
    message = "收班已超过 {minutes} 分钟，不能再自己签退，请派工员登记"


class NotCheckedInError(ConflictError):
    code = "not_checked_in"
    message = "还没有签到，请先签到，或请派工员登记"


class NoPlaceError(ConflictError):
    code = "shift_without_place"
    message = "这个班次没有填写坐标，不能定位签到，请扫现场的动态码"


class TooFarError(ConflictError):
    code = "too_far_from_site"
    message = "您距上班地点约 {metres} 米，{limit} 米以内才能定位签到；也可以扫现场的动态码"


class MarkInFutureError(UnprocessableError):
    code = "mark_in_future"
    message = "签到时间晚于现在，请核对手机时间"
    field = "at"


class MarkTooOldError(UnprocessableError):
    code = "mark_too_old"
    message = "签到时间早于 {hours} 小时前，不能补传，请派工员登记"
    field = "at"


class SiteCodeInvalidError(UnprocessableError):
    code = "site_code_invalid"
    message = "这不是签到动态码，请重新扫描现场屏幕"
    field = "code"


class SiteCodeElsewhereError(UnprocessableError):
    code = "site_code_elsewhere"
    message = "这个动态码属于别的班次或别的人，请核对"
    field = "code"


class SiteCodeExpiredError(UnprocessableError):
    code = "site_code_expired"
    message = "动态码已过期，请扫描屏幕上当前的码"
    field = "code"
