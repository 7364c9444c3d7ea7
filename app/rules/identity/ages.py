"""Ages and what they open, by the Chinese calendar date (民法典 第二十条; the birthday counts).

Boundaries are birthdays in China Standard Time: a person is 16 from 00:00 of the sixteenth birthday.
"""

from datetime import date

from app.core.errors import ForbiddenError, UnprocessableError
from app.core.labels import Labelled

# 个人信息保护法 第三十一条: under 14 a guardian must consent.
GUARDIAN_AGE = 14
# 禁止使用童工规定 第二条: nobody under 16 may be hired or introduced to work.
WORKING_AGE = 16
# 民法典 第十七条; 劳动法 第五十八条: 16 and 17 are minor workers with protection of their own.
ADULT_AGE = 18
# Nobody older than this has ever lived; a typing error has.
OLDEST = 120


class AgeBand(Labelled):
    """What the law distinguishes; never a part of any score."""

    UNKNOWN = "unknown", "未填出生日期"
    CHILD = "child", "未满14周岁"
    UNDER_WORKING_AGE = "under_working_age", "14至15周岁"
    MINOR_WORKER = "minor_worker", "16至17周岁"
    ADULT = "adult", "18周岁以上"


def compute_age(born: date, today: date) -> int:
    """Full years on `today`. Born on 29 February: the birthday of a common year is 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def compute_band(born: date | None, today: date) -> AgeBand:
    if born is None:
        return AgeBand.UNKNOWN
    age = compute_age(born, today)
    if age < GUARDIAN_AGE:
        return AgeBand.CHILD
    if age < WORKING_AGE:
        return AgeBand.UNDER_WORKING_AGE
    return AgeBand.MINOR_WORKER if age < ADULT_AGE else AgeBand.ADULT


def check_birth_date(born: date, today: date) -> None:
    if born > today or compute_age(born, today) > OLDEST:
        raise BirthDateError(earliest=f"{today.year - OLDEST}年", latest="今天")


def check_may_work(born: date | None, today: date) -> None:
    """Under 16: no work service at all, neither registering nor applying. Unknown is asked for where it matters."""
    if born is not None and compute_age(born, today) < WORKING_AGE:
        raise TooYoungError(age=WORKING_AGE)


class BirthDateError(UnprocessableError):
    code = "birth_date_wrong"
    message = "出生日期应在 {earliest} 到 {latest} 之间，请核对"
    field = "birth_date"


class TooYoungError(UnprocessableError):
    code = "under_working_age"
    message = "未满{age}周岁不能使用求职和零工服务（《禁止使用童工规定》第二条）"
    field = "birth_date"


class GuardianNeededError(ForbiddenError):
    """个人信息保护法 第三十一条."""

    code = "guardian_needed"
    message = "未满{age}周岁，请由监护人用自己的微信代为同意：在“代办人”里生成监护人码，由监护人输入"
