"""配置、字典、条款、健康检查与指标。"""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response, status
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel

from app.core.errors import NotFoundError, errors
from app.routers.deps import Reads, RuntimeDep
from app.routers.routing import KeyedRoute, make_router, public_errors
from app.rules.common.codes import CodeTableNotFoundError
from app.rules.identity.apps import WechatApp
from app.rules.identity.consents import ConsentPurpose
from app.schemas.base import Text
from app.schemas.common.clients import (
    CodeTableRead,
    ConfigRead,
    DictionaryRead,
    HealthRead,
    OccupationHit,
    OccupationHits,
    PolicyRead,
)
from app.services.common import codes, dictionary, health, metrics, policies
from app.services.common.views import code_table_read

router = make_router("common")
root = APIRouter(tags=["common"], route_class=KeyedRoute, generate_unique_id_function=lambda route: route.name)
IfNoneMatch = Annotated[str | None, Header(description="ETag of the copy you hold: 304 where it is current")]
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "您手里的就是最新的"}}


@root.get("/livez")
async def livez() -> HealthRead:
    """进程在运行；不访问数据库。"""
    return HealthRead(status="ok", migration=None)


@root.get("/readyz", responses=errors(health.NotReadyError, health.DrainingError))
async def readyz(request: Request, runtime: RuntimeDep) -> HealthRead:
    """可以接收请求：数据库可用、结构是这一版的、没有在退出。"""
    revision = await health.check_ready(runtime, draining=request.app.state.draining.is_set())
    return HealthRead(status="ok", migration=revision)


@root.get("/metrics", response_class=PlainTextResponse, responses=public_errors(NotFoundError))
async def get_metrics(runtime: RuntimeDep, authorization: Annotated[str | None, Header()] = None) -> Response:
    """Prometheus 指标；只对持有 SANQU_METRICS_TOKEN 的监控开放，没有设置时不存在。"""
    return Response(await metrics.render(runtime, authorization), media_type=metrics.CONTENT_TYPE)


@router.get("/config", responses=public_errors() | NOT_MODIFIED, response_model=ConfigRead)
async def get_config(
    runtime: RuntimeDep, app: Annotated[WechatApp, Query()], if_none_match: IfNoneMatch = None
) -> Response:
    """小程序启动时读取：最低版本、条款版本、消息模板、上传要求、上限、热线。"""
    return _cached(ConfigRead.model_validate(dictionary.config(runtime.settings, app)), if_none_match)


@router.get("/policies/{purpose}", responses=public_errors() | NOT_MODIFIED, response_model=PolicyRead)
async def get_policy(purpose: ConsentPurpose, if_none_match: IfNoneMatch = None) -> Response:
    """某一用途的现行条款全文及其版本。"""
    return _cached(policies.read_policy(purpose), if_none_match)


@router.get("/dictionary", responses=public_errors() | NOT_MODIFIED, response_model=DictionaryRead)
async def get_dictionary(session: Reads, if_none_match: IfNoneMatch = None) -> Response:
    """所有枚举值及其中文名，按显示顺序；代码表另取。"""
    return _cached(
        DictionaryRead.model_validate(
            {"enums": dictionary.enumerations(), "code_tables": await codes.list_revisions(session)}
        ),
        if_none_match,
    )


@router.get(
    "/dictionary/{code_table}",
    responses=public_errors(CodeTableNotFoundError) | NOT_MODIFIED,
    response_model=CodeTableRead,
)
async def get_code_table(
    session: Reads,
    code_table: str,
    parent: Annotated[Text | None, Query(max_length=20)] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """一张代码表（industry、division、occupation）；可只取某一上级之下的。"""
    return _cached(await code_table_read(session, code_table, parent), if_none_match)


@router.get("/occupations", responses=public_errors())
async def find_occupation(session: Reads, q: Annotated[Text, Query(min_length=1, max_length=40)]) -> OccupationHits:
    """按工种的叫法（平车、锁边、后道……）查找职业代码。"""
    found = await codes.find_occupations(session, q)
    return OccupationHits(items=[OccupationHit.model_validate(hit) for hit in found])


def _cached(answer: BaseModel, if_none_match: str | None) -> Response:
    content = answer.model_dump(mode="json")
    tag = dictionary.etag(content)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if dictionary.holds(if_none_match, tag):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return JSONResponse(content, headers=headers)
