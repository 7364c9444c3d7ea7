"""微信消息推送。"""

from typing import Annotated

from fastapi import Path, Query, Request
from fastapi.responses import PlainTextResponse

from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import RuntimeDep, limited_by_address
from app.routers.routing import BODY_ERRORS, make_router, public_errors
from app.rules.identity.apps import WechatApp
from app.services.common import push
from app.services.common.push import PushRefusedError

router = make_router("common")
App = Annotated[WechatApp, Path(description="Which mini-program pushes")]
Signed = Annotated[str, Query(max_length=100, pattern=r"^[!-~]+$")]
ANSWERED = "success"


@router.get(
    "/wechat/push/{app}",
    response_class=PlainTextResponse,
    dependencies=[limited_by_address(RateKind.PUSH)],
    responses=public_errors(PushRefusedError, TooManyRequestsError),
)
async def check_push_address(
    app: App,
    runtime: RuntimeDep,
    signature: Signed,
    timestamp: Signed,
    nonce: Signed,
    echostr: Annotated[str, Query(max_length=200, pattern=r"^[!-~]+$")],
) -> PlainTextResponse:
    """微信验证推送地址：签名正确则原样返回 echostr（纯文本，不解密）。"""
    await push.check_address(runtime, app, signature=signature, timestamp=timestamp, nonce=nonce)
    return PlainTextResponse(echostr)


@router.post(
    "/wechat/push/{app}",
    response_class=PlainTextResponse,
    dependencies=[limited_by_address(RateKind.PUSH)],
    responses=public_errors(*BODY_ERRORS, PushRefusedError, TooManyRequestsError),
)
async def receive_push(app: App, request: Request, runtime: RuntimeDep) -> PlainTextResponse:
    """接收微信推送（安全模式、JSON）：验签、保存、立即回答 success，由后台处理。"""
    await push.receive(runtime, app, dict(request.query_params), await request.body())
    return PlainTextResponse(ANSWERED)
