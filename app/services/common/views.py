"""From rows to answers: notices, tasks, code tables."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.common import Notice, Task
from app.schemas.common import CodeRead, CodeTableRead, NoticeRead, TaskRead
from app.services.common import codes


def notice_read(row: Notice) -> NoticeRead:
    return NoticeRead.model_validate(row.model_dump() | {"read": row.read_at is not None})


def task_read(row: Task) -> TaskRead:
    return TaskRead.model_validate(row.model_dump() | {"kind_label": row.kind.label})


async def code_table_read(session: AsyncSession, code_table: str, parent: str | None) -> CodeTableRead:
    rows = await codes.list_codes(session, code_table, parent=parent)
    return CodeTableRead(
        name=code_table,
        revision=await codes.revision_of(session, code_table),
        items=[CodeRead.model_validate(row) for row in rows],
    )
