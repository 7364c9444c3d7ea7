"""配置、字典、通知、待办与健康检查。"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response, status
from fastapi.responses import JSONResponse

from app.core.errors import errors
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, Limit, Now, Reads, RuntimeDep, Self, Unit, require
from app.routers.routing import KeyedRoute, make_router, public_errors, read_errors, write_errors
from app.rules.common.codes import CodeTableNotFoundError
from app.rules.common.notices import NoticeNotFoundError
from app.rules.identity.apps import WechatApp
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import Text
from app.schemas.common import (
    CodeTableRead,
    ConfigRead,
    DictionaryRead,
    HealthRead,
    NoticeRead,
    OccupationHit,
    OccupationHits,
    TaskRead,
)
from app.services.common import codes, dictionary, health, notices, tasks
from app.services.common.views import code_table_read, notice_read, task_read

router = make_router("common")
root = APIRouter(tags=["common"], route_class=KeyedRoute, generate_unique_id_function=lambda route: route.name)
TaskReader = Annotated[Actor, require(Permission.TASK_READ)]
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


@router.get("/config", responses=public_errors() | NOT_MODIFIED, response_model=ConfigRead)
async def get_config(
    runtime: RuntimeDep, app: Annotated[WechatApp, Query()], if_none_match: IfNoneMatch = None
) -> Response:
    """小程序启动时读取：最低版本、条款版本、消息模板、上限、热线。"""
    return _cached(ConfigRead.model_validate(dictionary.config(runtime.settings, app)), if_none_match)


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


@router.get("/me/notices", responses=read_errors(CursorInvalidError))
async def list_my_notices(
    actor: Self, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[NoticeRead]:
    """我的通知，新的在前。"""
    rows, following = await notices.list_notices(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[notice_read(row) for row in rows], next_cursor=following)


@router.post(
    "/me/notices/{notice_id}/read",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(NoticeNotFoundError),
)
async def mark_notice_read(actor: Self, notice_id: UUID, session: Unit, now: Now) -> None:
    """标为已读；重复标记不变。"""
    await notices.mark_read(session, actor, notice_id, now=now)


@router.get("/tasks", responses=read_errors(CursorInvalidError))
async def list_tasks(
    actor: TaskReader, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[TaskRead]:
    """我的岗位需要处理的待办，新的在前。"""
    rows, following = await tasks.list_tasks(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[task_read(row) for row in rows], next_cursor=following)


def _cached(answer: ConfigRead | DictionaryRead | CodeTableRead, if_none_match: str | None) -> Response:
    content = answer.model_dump(mode="json")
    tag = dictionary.etag(content)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if dictionary.holds(if_none_match, tag):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return JSONResponse(content, headers=headers)
