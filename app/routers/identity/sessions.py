"""登录、刷新、退出。"""

from uuid import UUID

from fastapi import status

from app.core.errors import UnauthorisedError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Now, Reads, RuntimeDep, Self, SelfRow, Unit, limited_by_address
from app.routers.routing import BODY_ERRORS, make_router, public_errors, read_errors, write_errors
from app.rules.identity.sessions import (
    AccountDisabledError,
    LoginBlockedError,
    LoginCodeInvalidError,
    LoginInProgressError,
    SessionNotFoundError,
    WechatAwayError,
)
from app.schemas.identity.sessions import LoginRead, RefreshForm, SessionRead, TokensRead, WechatLogin
from app.services.identity import login as login_service
from app.services.identity import sessions
from app.services.identity.views import session_read

router = make_router("identity")


@router.post(
    "/auth/wechat/login",
    dependencies=[limited_by_address(RateKind.LOGIN)],
    responses=public_errors(
        *BODY_ERRORS,
        LoginCodeInvalidError,
        LoginInProgressError,
        LoginBlockedError,
        AccountDisabledError,
        WechatAwayError,
        TooManyRequestsError,
    ),
)
async def wechat_login(runtime: RuntimeDep, form: WechatLogin) -> LoginRead:
    """以 wx.login 的一次性凭证登录；两个小程序里的同一个人得到同一个 person_id。"""
    return LoginRead.model_validate(await login_service.login(runtime, app=form.app, code=form.code))


@router.post(
    "/auth/refresh",
    dependencies=[limited_by_address(RateKind.LOGIN)],
    responses=public_errors(*BODY_ERRORS, UnauthorisedError, TooManyRequestsError),
)
async def refresh_tokens(runtime: RuntimeDep, form: RefreshForm) -> TokensRead:
    """换新令牌；旧的刷新凭证随即作废。回答丢失时 30 秒内可用旧的再取一次同样的结果，之后再用旧的会结束整个登录。"""
    return TokensRead.model_validate(await sessions.refresh(runtime, refresh_token=form.refresh_token))


@router.post("/auth/logout", status_code=status.HTTP_204_NO_CONTENT, responses=write_errors())
async def logout(actor: Self, session: Unit, now: Now) -> None:
    """退出登录；这个令牌在任何一个进程上立即失效。"""
    await sessions.logout(session, actor, now=now)


@router.post("/auth/logout-everywhere", status_code=status.HTTP_204_NO_CONTENT, responses=write_errors())
async def logout_everywhere(actor: Self, session: Unit, now: Now) -> None:
    """退出所有设备和网页上的登录。"""
    await sessions.logout_everywhere(session, actor, now=now)


@router.get("/me/sessions", responses=read_errors())
async def list_my_sessions(actor: Self, session: Reads, now: Now) -> list[SessionRead]:
    """我的登录：在哪个小程序、什么时候。"""
    return [session_read(row, actor) for row in await sessions.list_sessions(session, actor, now=now)]


@router.post(
    "/me/sessions/{session_id}/end",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(SessionNotFoundError),
)
async def end_my_session(actor: SelfRow, session_id: UUID, session: Unit, now: Now) -> None:
    """结束其中一个登录（例如丢失的手机）。"""
    await sessions.end_one(session, actor, session_id, now=now)
