"""Sessions: logins, rotating refresh tokens, how they end, and the errors of all that. Pure.

A refresh token works once. Its repetition within `GRACE` while the successor is unused is a cut-off answer and gets
the same successor; any later repetition is a copy in foreign hands and ends the whole session (RFC 9700 §4.14.2).
"""

from datetime import datetime, timedelta

from app.core.errors import ConflictError, ForbiddenError, NotFoundError, UnavailableError, UnprocessableError
from app.core.labels import Labelled

GRACE = timedelta(seconds=30)
# A session sleeps this long without its phone, and lives this long at most.
REFRESH_LIFETIME = timedelta(days=30)
SESSION_LIFETIME = timedelta(days=180)


class SessionEnd(Labelled):
    """Why a session ended before its time."""

    LOGOUT = "logout", "本人退出"
    EVERYWHERE = "everywhere", "本人退出所有设备"
    REUSED = "reused", "刷新凭证被重复使用"
    IDLE = "idle", "长时间没有操作"
    DISABLED = "disabled", "账号被停用"
    MERGED = "merged", "并入另一份档案"
    DELETED = "deleted", "账号已注销"
    PASSWORD = "password", "密码已更改"  # a reason, not a secret


class Refreshing(Labelled):
    """What a refresh token gets."""

    ROTATE = "rotate", "换新"
    REPEAT = "repeat", "重发同一个"
    REUSED = "reused", "重复使用"


def judge_refresh(*, used_at: datetime | None, successor_used: bool, now: datetime) -> Refreshing:
    """Fresh → rotate; used within the grace and its successor untouched → the same successor; else reuse."""
    if used_at is None:
        return Refreshing.ROTATE
    if not successor_used and now - used_at <= GRACE:
        return Refreshing.REPEAT
    return Refreshing.REUSED


class LoginCodeInvalidError(UnprocessableError):
    """Used, expired or issued to another mini-program (WeChat 40029, 40163)."""

    code = "login_code_invalid"
    message = "登录凭证无效、已过期或已被使用，请重新打开小程序再登录"
    field = "code"


class LoginInProgressError(ConflictError):
    code = "login_in_progress"
    message = "同一个登录凭证正在使用或刚刚用过，请使用先前的登录结果，或重新打开小程序"
    retryable = True
    field = "code"


class LoginBlockedError(ForbiddenError):
    """WeChat 40226: a high-risk user."""

    code = "login_blocked"
    message = "微信暂时不允许该账号登录，请到镇党群服务中心窗口办理"


class AccountDisabledError(ForbiddenError):
    """Said at login only: the tokens of a disabled account are simply dead."""

    code = "account_disabled"
    message = "这个账号已停用，请联系镇党群服务中心；如有异议可当面提出"


class WechatAwayError(UnavailableError):
    code = "wechat_unavailable"
    message = "微信服务暂时没有响应，您的操作没有保存，请稍后再试"


class PhoneCodeInvalidError(UnprocessableError):
    code = "phone_code_invalid"
    message = "手机号授权已失效或不属于这个小程序，请重新点击“获取手机号”"
    field = "code"


class SessionNotFoundError(NotFoundError):
    code = "session_not_found"
    message = "没有找到这个登录，可能已经退出"
