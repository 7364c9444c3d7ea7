"""From rows to answers: notices, tasks, calls, files, reviews, reports, share codes, code tables."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.common import Call, ContentReview, File, Notice, ShareCode, Task
from app.rules.common.reports import REPORT_NEXT, ReportState
from app.rules.common.sharing import share_page
from app.rules.common.tasks import BY_HAND, TaskHasActError
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import Action
from app.schemas.common.clients import CodeRead, CodeTableRead
from app.schemas.common.files import FileRead, ReviewRead
from app.schemas.common.notices import CallRead, NoticeRead, TaskRead
from app.schemas.common.reports import ReportRead, ShareRead
from app.services.common import codes, files
from app.services.common.reports import OpenedReport
from app.services.identity.people import NAME_REVIEW, facts_of
from app.services.runtime import Runtime


def notice_read(row: Notice) -> NoticeRead:
    return NoticeRead.model_validate(row.model_dump() | {"read": row.read_at is not None})


def task_read(row: Task) -> TaskRead:
    by_hand = row.kind in BY_HAND
    reason = None if by_hand else TaskHasActError(kind=row.kind.label).text
    finish = Action(action="finish", allowed=by_hand, reason=reason)
    return TaskRead.model_validate(row.model_dump() | {"kind_label": row.kind.label, "actions": [finish]})


def call_read(call: Call, notice: Notice) -> CallRead:
    return CallRead(
        id=call.id, version=call.version, person_id=call.person_id, title=notice.title, body=notice.body,
        created_at=call.created_at, deadline_at=notice.deadline_at, state=call.state,
    )  # fmt: skip


def file_read(runtime: Runtime, actor: Actor, row: File) -> FileRead:
    return FileRead(
        file_id=row.id, state=row.state, purpose=row.purpose, kind=row.kind, media_type=row.media_type, size=row.size,
        width=row.width, height=row.height, url=files.link_of(runtime, actor, row),
        refused_because=row.refused_because if row.owner_id == actor.caller_id else None,
    )  # fmt: skip


async def review_reads(runtime: Runtime, session: AsyncSession, rows: Sequence[ContentReview]) -> list[ReviewRead]:
    """With what there is to judge: the words opened, or a short look at the image that nobody else may see yet."""
    of_names = [row.subject_id for row in rows if row.subject_kind == NAME_REVIEW]
    named = await facts_of(session, runtime.crypto, of_names)
    links = await files.links_of(
        runtime, session, [row.subject_id for row in rows if row.subject_kind != NAME_REVIEW], reviewing=True
    )
    return [
        ReviewRead.model_validate(
            row.model_dump()
            | {
                "text": named[row.subject_id].name if row.subject_id in named else None,
                "file_url": links.get(row.subject_id),
            }
        )
        for row in rows
    ]


async def review_read(runtime: Runtime, session: AsyncSession, row: ContentReview) -> ReviewRead:
    (read,) = await review_reads(runtime, session, [row])
    return read


def report_read(opened: OpenedReport, actor: Actor) -> ReportRead:
    row = opened.report
    return ReportRead(
        id=row.id, version=row.version, subject_kind=row.subject_kind, subject_id=row.subject_id, reason=row.reason,
        reason_label=row.reason.label, text=opened.text, file_ids=list(opened.file_ids), state=row.state,
        state_label=row.state.label, created_at=row.created_at, first_due_at=row.first_due_at, due_at=row.due_at,
        due_provisional=row.due_provisional, reply=opened.reply, actions=_report_actions(row.state, actor, row.reporter_id),
    )  # fmt: skip


def _report_actions(state: ReportState, actor: Actor, reporter_id: UUID) -> list[Action]:
    if not actor.town_wide(Permission.REPORT_HANDLE) or actor.person_id == reporter_id:
        return []
    targets = {"take": ReportState.HANDLING, "decide": ReportState.UPHELD}
    return [
        Action(
            action=name, allowed=target in REPORT_NEXT[state],
            reason=None if target in REPORT_NEXT[state] else f"举报当前为“{state.label}”",
        )
        for name, target in targets.items()
    ]  # fmt: skip


def share_read(row: ShareCode) -> ShareRead:
    return ShareRead(
        code=row.code, kind=row.kind, target_id=row.target_id, app=row.app, page=share_page(row.kind, row.app),
        expires_at=row.expires_at,
    )  # fmt: skip


async def code_table_read(session: AsyncSession, code_table: str, parent: str | None) -> CodeTableRead:
    rows = await codes.list_codes(session, code_table, parent=parent)
    return CodeTableRead(
        name=code_table,
        revision=await codes.revision_of(session, code_table),
        items=[CodeRead.model_validate(row) for row in rows],
    )
