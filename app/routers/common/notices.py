"""通知、订阅次数、致电名单、待办。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, Limit, Now, Reads, RuntimeDep, Self, SelfRow, Unit, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.common.notices import CallDoneError, CallNotFoundError, NoticeNotFoundError
from app.rules.common.tasks import TaskDoneError, TaskHasActError, TaskKind, TaskNotFoundError
from app.rules.identity.access import Reach
from app.rules.identity.apps import WechatApp
from app.rules.identity.roles import Actor, Permission
from app.schemas.common.notices import CallForm, CallRead, NoticeRead, SubscriptionsRead, TaskFinishForm, TaskRead
from app.services.common import notices, reach, tasks
from app.services.common.views import call_read, notice_read, task_read

router = make_router("common")
TaskReader = Annotated[Actor, require(Permission.TASK_READ)]
TaskDoer = Annotated[Actor, require(Permission.TASK_READ, Reach.SCOPE)]
Caller = Annotated[Actor, require(Permission.CALL_HANDLE)]
CallerOf = Annotated[Actor, require(Permission.CALL_HANDLE, Reach.SCOPE)]


@router.get("/me/notices", responses=read_errors(CursorInvalidError))
async def list_my_notices(
    actor: Self,
    session: Reads,
    runtime: RuntimeDep,
    unread: Annotated[bool, Query(description="Only what is not read yet")] = False,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[NoticeRead]:
    """我的通知，新的在前。"""
    rows, following = await notices.list_notices(
        session, runtime.cursors, actor, unread=unread, cursor=cursor, limit=limit
    )
    return Page(items=[notice_read(row) for row in rows], next_cursor=following)


@router.post(
    "/me/notices/{notice_id}/read",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(NoticeNotFoundError),
)
async def mark_notice_read(actor: SelfRow, notice_id: UUID, session: Unit, now: Now) -> None:
    """标为已读；重复标记不变。"""
    await notices.mark_read(session, actor, notice_id, now=now)


@router.get("/me/subscriptions", responses=read_errors())
async def list_my_subscriptions(actor: Self, session: Reads, app: Annotated[WechatApp, Query()]) -> SubscriptionsRead:
    """每个消息模板还可以收到几条；用完了需要在小程序里再次同意。"""
    return SubscriptionsRead(remaining=await reach.list_counters(session, actor, app))


@router.get("/calls", responses=read_errors(CursorInvalidError))
async def list_calls(
    actor: Caller, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[CallRead]:
    """消息没有送达、需要致电的人，限本人任职范围。"""
    rows, following = await reach.list_calls(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[call_read(call, notice) for call, notice in rows], next_cursor=following)


@router.post(
    "/calls/{call_id}/close",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(CallNotFoundError, CallDoneError, StaleError),
)
async def close_call(actor: CallerOf, call_id: UUID, form: CallForm, session: Unit, now: Now) -> None:
    """登记致电结果；接通即视为送达。"""
    await reach.close_call(
        session, actor, call_id, reached=form.reached, expected_version=form.expected_version, now=now
    )


@router.get("/tasks", responses=read_errors(CursorInvalidError))
async def list_tasks(
    actor: TaskReader,
    session: Reads,
    runtime: RuntimeDep,
    kind: Annotated[TaskKind | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[TaskRead]:
    """我的岗位需要处理的待办，新的在前。"""
    rows, following = await tasks.list_tasks(session, runtime.cursors, actor, kind=kind, cursor=cursor, limit=limit)
    return Page(items=[task_read(row) for row in rows], next_cursor=following)


@router.post(
    "/tasks/{task_id}/finish",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(TaskNotFoundError, TaskHasActError, TaskDoneError, StaleError),
)
async def finish_task(actor: TaskDoer, task_id: UUID, form: TaskFinishForm, session: Unit, now: Now) -> None:
    """登记已在系统之外办好的待办；其余待办随办理自动完成。"""
    await tasks.finish_task(session, actor, task_id, now=now, **form.model_dump())
