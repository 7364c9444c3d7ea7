"""Sign-in of the web console: user name, password, one-time code (TOTP), lock-out. Pure.

Passwords: at least twelve characters and none of the commonest, no composition rules (NIST SP 800-63B §5.1.1.2). Guessing
is slowed by device cookies (OWASP): the count for unknown devices never locks a device that has signed in before, so
a stranger who guesses cannot lock the owner out.
"""

import re
from datetime import datetime, timedelta

from app.core.errors import AppError, ConflictError, ForbiddenError, NotFoundError, UnprocessableError

PASSWORD_LEAST, PASSWORD_MOST = 12, 128
USERNAME = re.compile(r"[a-z][a-z0-9._-]{3,31}")
# 30-second steps (RFC 6238); one step of drift each way.
TOTP_STEP_SECONDS = 30
TOTP_DRIFT = 1
FREE_FAILURES = 5
LOCK = timedelta(minutes=15)
# Failures that far apart have nothing to do with one another.
FORGOTTEN_AFTER = timedelta(hours=1)
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
DEVICE_LIFETIME = timedelta(days=90)
COUNTING = "01234567890123456789"
# What everybody tries first; compared after lower-casing and without digits at the end.
COMMON = ("password", "passwordpassword", "qwertyuiop", "administrator", "baogai", "sanqu", "woaini", "iloveyou", "abc")


def check_username(typed: str) -> str:
    name = typed.strip().lower()
    if USERNAME.fullmatch(name) is None:
        raise UsernameError
    return name


def check_password(password: str, *, username: str) -> None:
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise PasswordLengthError(least=PASSWORD_LEAST, most=PASSWORD_MOST)
    core = password.lower().rstrip("0123456789!@#.")
    repeated = len(set(password)) < 5  # noqa: PLR2004
    counting = password in COUNTING or password[::-1] in COUNTING
    if core in COMMON or not core or repeated or counting or username in password.lower():
        raise PasswordCommonError


def totp_step(now: datetime) -> int:
    return int(now.timestamp()) // TOTP_STEP_SECONDS


def lock_until(failures: int, now: datetime) -> datetime | None:
    """None while free; then 15 minutes, doubling with every further failure up to a day."""
    if failures < FREE_FAILURES:
        return None
    doubled: timedelta = LOCK * 2 ** min(failures - FREE_FAILURES, 7)
    return now + min(doubled, timedelta(days=1))


class UsernameError(UnprocessableError):
    code = "username_invalid"
    message = "用户名为4到32位小写字母、数字或 . _ -，以字母开头"
    field = "username"


class UsernameTakenError(ConflictError):
    code = "username_taken"
    message = "这个用户名已有人使用，请换一个"
    field = "username"


class PasswordLengthError(UnprocessableError):
    code = "password_length"
    message = "密码应有{least}到{most}个字符，可以是一句自己记得住的话"
    field = "password"


class PasswordCommonError(UnprocessableError):
    code = "password_common"
    message = "这个密码太常见、太有规律或包含用户名，请换一个"
    field = "password"


class SignInRefusedError(UnprocessableError):
    """One answer for a wrong name, password or code: a guesser learns nothing. 422: no token was sent, so no 401."""

    code = "sign_in_refused"
    message = "用户名、密码或动态码不正确"


class SignInLockedError(AppError):
    status = 429
    code = "sign_in_locked"
    message = "尝试次数过多，请 {minutes} 分钟后再试；本人可在小程序“网页登录”里立即解除"
    retryable = True


class ConsoleAccountMissingError(NotFoundError):
    code = "console_account_missing"
    message = "您还没有开通网页登录"


class ConsoleAccountExistsError(ConflictError):
    code = "console_account_exists"
    message = "您已开通网页登录；忘记密码可以重设"


class ConsoleNotForYouError(ForbiddenError):
    code = "console_staff_only"
    message = "网页工作台只对有任职的镇、村工作人员开放"


class TotpWrongError(UnprocessableError):
    code = "totp_wrong"
    message = "动态码不正确或已用过，请等下一个动态码再试"
    field = "totp"


class FormExpiredError(AppError):
    """The form's one-time mark is missing, forged or another browser's (cross-site request forgery)."""

    status = 403
    code = "form_expired"
    message = "这个页面已过期，没有做任何改动，请返回刷新页面后再试"


class FormIncompleteError(UnprocessableError):
    """Told apart from a wrong password, since nothing was compared yet."""

    code = "sign_in_incomplete"
    message = "请填写用户名、密码和6位数字的动态码"
