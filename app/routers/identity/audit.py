"""审计记录，只给审计员看。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, Limit, Reads, RuntimeDep, require
from app.routers.routing import make_router, read_errors
from app.rules.identity.roles import Actor, Permission
from app.schemas.identity.audit import AuditEntryRead
from app.services.identity import audit_log

router = make_router("identity")
Auditor = Annotated[Actor, require(Permission.AUDIT_READ)]
Code = Query(max_length=60, pattern=r"^[A-Za-z0-9_-]+$")


@router.get("/audit-entries", responses=read_errors(CursorInvalidError))
async def list_audit_entries(
    actor: Auditor,
    session: Reads,
    runtime: RuntimeDep,
    actor_id: Annotated[UUID | None, Query(description="Who did it")] = None,
    act: Annotated[str | None, Code] = None,
    subject_id: Annotated[str | None, Code] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[AuditEntryRead]:
    """安全相关行为的记录，新的在前：登录、越权、查看、导出、任免、审核……只有编号和代码，没有个人信息。"""
    rows, following = await audit_log.list_entries(
        session, runtime.cursors, actor, actor_id=actor_id, act=act, subject_id=subject_id, cursor=cursor, limit=limit
    )
    return Page(items=[AuditEntryRead.model_validate(row) for row in rows], next_cursor=following)
