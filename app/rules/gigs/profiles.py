"""Workers' profiles: skills and how they are proved, papers of minors, blocks, rosters: checks and errors. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.zone import china_date
from app.rules.gigs.hours import said_day
from app.rules.gigs.labour import Limits
from app.rules.gigs.terms import Proof
from app.rules.identity.ages import compute_age

# Days that depart from the week can be named this far ahead.
DAYS_AHEAD = 92
# A code on the firm's screen changes this often; a printed share code does not.
ROSTER_CODE_SECONDS = 60
# What the town or a certificate says is not overwritten by a firm's word.
ABOVE_A_FIRM = frozenset({Proof.CERTIFICATE, Proof.TOWN})
# What the office can find in a proof.
BY_OFFICE = (Proof.CERTIFICATE, Proof.TOWN)


def proof_after(level: int, proof: Proof, claimed: int) -> Proof:
    """A worker who claims a higher level than was proved is back to their own word; a lower one stays proved."""
    return Proof.CLAIMED if claimed > level else proof


def check_days(days: Iterable[date], today: date) -> None:
    for day in days:
        if not today <= day <= today + timedelta(days=DAYS_AHEAD):
            raise AvailabilityDayError(day=said_day(day), ahead=DAYS_AHEAD)


def check_minor(born: date | None, today: date, limits: Limits) -> None:
    """Papers are asked of those who need them; more would be more health data than is needed."""
    if born is None or not limits.minimum_age <= compute_age(born, today) < limits.adult_age:
        raise NotMinorError(least=limits.minimum_age, below=limits.adult_age)


def check_ready_until(until: date, now: datetime, limits: Limits) -> None:
    """Not longer than the next health check is due (未成年工特殊保护规定 第六条)."""
    today = china_date(now)
    if not today <= until <= today + timedelta(days=limits.minor_ready_days):
        raise MinorReadyUntilError(days=limits.minor_ready_days)


def flagged_days(claimed_at: datetime | None, now: datetime, limits: Limits) -> int | None:
    """Days from the last wage claim to the block where they are few enough to look like a revenge; else None."""
    if claimed_at is None:
        return None
    days = (china_date(now) - china_date(claimed_at)).days
    return days if days <= limits.block_flag_days else None


class WorkerProfileMissingError(NotFoundError):
    code = "worker_profile_missing"
    message = "还没有零工登记，请先登记会做的工序和可上班的时间"


class ProcessUnknownError(UnprocessableError):
    code = "process_unknown"
    message = "没有编号为“{given}”的工序，请从工序表里选择"
    field = "skills"


class AvailabilityDayError(UnprocessableError):
    code = "availability_day_wrong"
    message = "{day}不在今天起{ahead}天内，请改日期"
    field = "days"


class WorkerSkillNotFoundError(NotFoundError):
    code = "worker_skill_not_found"
    message = "零工登记里没有这个工序，请先登记"


class NothingToProveError(ConflictError):
    code = "nothing_to_prove"
    message = "没有待核对的材料，可能已由别人核对，或本人换了材料，请刷新"


class NotMinorError(UnprocessableError):
    code = "not_a_minor"
    message = "只有满{least}周岁、未满{below}周岁的需要提交未成年工登记证和体检表；请先核对出生日期"


class MinorReadyUntilError(UnprocessableError):
    code = "minor_ready_until_wrong"
    message = "有效期应从今天起、最长{days}天（到下一次体检）"
    field = "ready_until"


class WorkerPapersNotFoundError(NotFoundError):
    code = "worker_papers_not_found"
    message = "没有找到这份零工登记的材料"


class RosterCodeError(UnprocessableError):
    code = "roster_code_invalid"
    message = "这不是企业的零工名单码，请扫企业出示的码"
    field = "code"


class RosterCodeExpiredError(UnprocessableError):
    code = "roster_code_expired"
    message = "码已更换，请再扫一次"
    field = "code"


class RosterHiddenError(ConflictError):
    code = "roster_hidden"
    message = "您设置了不为“{firm}”上班或对它隐藏，请先在零工登记里去掉，再加入"


class RosterMemberNotFoundError(NotFoundError):
    code = "roster_member_not_found"
    message = "名单里没有这个人，可能已退出"


class AlreadyProvedError(ConflictError):
    code = "already_proved"
    message = "这个工序已经“{proof}”，企业认定不能改它"


class WorkerUnknownError(NotFoundError):
    code = "worker_unknown"
    message = "这个人不在企业的零工名单里，也没有在企业上过班"


class AlreadyBlockedError(ConflictError):
    code = "worker_already_blocked"
    message = "已经设置为不再邀请这个人"


class WorkerBlockNotFoundError(NotFoundError):
    code = "worker_block_not_found"
    message = "没有找到这条“不再邀请”的记录"


class BlockNotFlaggedError(ConflictError):
    code = "worker_block_not_flagged"
    message = "这条记录没有待核对的提示，或已经核对过"
