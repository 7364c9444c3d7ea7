"""Two records of one human become one: decided by staff on a task, never by a phone number, never silently."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select as core_select
from sqlalchemy import update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.columns import metadata
from app.core.crypto import Crypto
from app.core.db import ReadSession, fetch, lock
from app.core.events import emit
from app.models.common import Task
from app.models.identity import Person
from app.rules.common.notices import NoticeKind
from app.rules.common.tasks import TaskKind
from app.rules.identity.people import (
    MergeConflictError,
    MergeSelfError,
    PersonInvisibleError,
    PersonState,
    check_person_transition,
)
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.rules.identity.sessions import SessionEnd
from app.services.common.notices import notify
from app.services.common.tasks import close_tasks, get_task
from app.services.events import PersonMerged
from app.services.identity import audit, onbehalf
from app.services.identity.people import PersonFacts, open_person
from app.services.identity.person_tables import ONE_RUNNING, PERSON_COLUMNS, OnMerge
from app.services.identity.sessions import end_sessions


@dataclass(frozen=True, slots=True)
class MergePair:
    """What staff compare: both records, masked by whoever shows them."""

    task: Task
    first: PersonFacts
    second: PersonFacts | None


async def read_pair(session: ReadSession, crypto: Crypto, actor: Actor, task_id: UUID) -> MergePair:
    check_town_wide(actor, Permission.PERSON_MANAGE)
    task = await get_task(session, actor, task_id)
    if task.kind is not TaskKind.PERSON_MERGE:
        raise PersonInvisibleError
    first = await fetch(session, Person, task.subject_id, PersonInvisibleError)
    second = None if task.other_id is None else await fetch(session, Person, task.other_id, PersonInvisibleError)
    return MergePair(task, open_person(crypto, first), None if second is None else open_person(crypto, second))


async def dismiss(session: AsyncSession, actor: Actor, task_id: UUID, *, now: datetime) -> None:
    """They are two people after all."""
    check_town_wide(actor, Permission.PERSON_MANAGE)
    task = await get_task(session, actor, task_id)
    if task.kind is not TaskKind.PERSON_MERGE:
        raise PersonInvisibleError
    await close_tasks(session, TaskKind.PERSON_MERGE, task.subject_id, by=actor.person_id, now=now)
    audit.by(session, actor, "merge_dismissed", "person", task.subject_id, now=now)


async def merge(
    session: AsyncSession, crypto: Crypto, actor: Actor, source_id: UUID, *, into: UUID, now: datetime
) -> None:
    """Everything of `source` goes to `into`; the source's sessions end, and the person is told."""
    check_town_wide(actor, Permission.PERSON_MANAGE)
    if source_id == into:
        raise MergeSelfError
    if actor.person_id in {source_id, into}:
        raise SelfReviewError
    # In id order: two merges of the same pair the other way round must not wait for each other.
    rows = {key: await lock(session, Person, key, PersonInvisibleError) for key in sorted((source_id, into))}
    source, target = rows[source_id], rows[into]
    check_person_transition(source.state, PersonState.MERGED)
    if target.state is not PersonState.ACTIVE:
        raise PersonInvisibleError
    _check_same_human(crypto, source, target)
    await _check_identities(session, source_id, into)
    await end_sessions(session, source_id, SessionEnd.MERGED, now=now)
    await onbehalf.end_all(session, source_id, now=now)
    await _move_rows(session, source_id, into)
    unionid = _move_values(crypto, source, target)
    # Its old holder lets go of it first: the number is unique.
    await session.flush()
    target.unionid = target.unionid or unionid
    source.state, source.merged_into = PersonState.MERGED, into
    source.touch(now)
    target.touch(now)
    for person_id in (source_id, into):
        await close_tasks(session, TaskKind.PERSON_MERGE, person_id, by=actor.person_id, now=now)
    await emit(session, PersonMerged(at=now, source_id=source_id, target_id=into))
    audit.by(session, actor, "merged", "person", source_id, now=now, into=str(into))
    await notify(
        session, person_id=into, kind=NoticeKind.ACCOUNT, now=now, title="两份档案已合并",
        body="工作人员核对后，把您的两份个人档案合并为一份。如有不对，请联系镇党群服务中心。",
        page="pages/me/index", template_data={"thing1": "个人档案已合并", "phrase2": "已办理"},
    )  # fmt: skip


def _check_same_human(crypto: Crypto, source: Person, target: Person) -> None:
    """What both records state must not contradict."""
    one, other = open_person(crypto, source), open_person(crypto, target)
    for what, mine, theirs in (
        ("身份证号", one.id_number, other.id_number),
        ("出生日期", one.birth_date, other.birth_date),
    ):
        if mine is not None and theirs is not None and mine != theirs:
            raise MergeConflictError(what=what)


async def _check_identities(session: AsyncSession, source_id: UUID, target_id: UUID) -> None:
    """One WeChat account per mini-program, one record of the roster: who has two of them is asked first."""
    connection = await session.connection()
    for name, column, what in (("wechat_identity", "app", "微信账号"), ("roster_person", None, "名册记录")):
        table = metadata.tables[name]
        held = []
        for person_id in (source_id, target_id):
            shown = table.c[column] if column else table.c.person_id.is_not(None)
            found = await connection.execute(core_select(shown).where(table.c.person_id == person_id))
            held.append(set(found.scalars()))
        if held[0] & held[1]:
            raise MergeConflictError(what=what)


async def _move_rows(session: AsyncSession, source_id: UUID, target_id: UUID) -> None:
    connection = await session.connection()
    for place, rule in PERSON_COLUMNS.items():
        if rule.on_merge is OnMerge.STAY:
            continue
        name, column = place.split(".")
        table = metadata.tables[name]
        moved = update(table).where(table.c[column] == source_id).values({column: target_id})
        if rule.on_merge is OnMerge.FIRST:
            taken = core_select(table.c[column]).where(table.c[column] == target_id)
            moved = moved.where(~taken.exists())
        if name in ONE_RUNNING:
            things, ended = ONE_RUNNING[name]
            mine = table.alias()
            same = core_select(mine.c[column]).where(
                mine.c[column] == target_id, *(mine.c[x] == table.c[x] for x in things)
            )
            if ended:
                moved = moved.where(table.c.state.in_(ended) | ~same.where(mine.c.state.not_in(ended)).exists())
            else:
                moved = moved.where(~same.exists())
        await connection.execute(moved)


def _move_values(crypto: Crypto, source: Person, target: Person) -> str | None:
    """What only the old record knows; sealed values are bound to their row and are sealed anew. Returns the unionid."""
    for column in ("name", "phone", "birth_date", "id_number"):
        sealed = getattr(source, f"{column}_sealed")
        if sealed is not None and getattr(target, f"{column}_sealed") is None:
            value = crypto.open_text("person", column, source.id, sealed)
            setattr(target, f"{column}_sealed", crypto.seal("person", column, target.id, value))
            if column in {"phone", "id_number"}:
                setattr(target, f"{column}_hash", crypto.keyed_hash(column, value))
        setattr(source, f"{column}_sealed", None)
    source.phone_hash = source.id_number_hash = None
    unionid, source.unionid = source.unionid, None
    return unionid
