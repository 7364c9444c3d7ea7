"""Group entries: a firm enters people of its own list, all or nothing or as many as fit; also from an Excel sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto, crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.pages import Cursors
from app.core.sheets import Table
from app.models.training import Enrolment, EntryGroup, TrainingClass
from app.rules.common.files import SHEET_PROBLEMS, FilePurpose
from app.rules.identity.masks import mask_name
from app.rules.identity.roles import Actor, ScopeKind, check_permission
from app.rules.organisation import EnterpriseNotFoundError
from app.rules.training import enrolments as rules
from app.rules.training.classes import ClassNotFoundError
from app.rules.training.enrolments import EnrolmentState, GroupMode
from app.rules.training.roster_sheet import COLUMNS, ROWS_AT_MOST, RosterLine, heading_problem, read_line
from app.services.common import files
from app.services.common.lists import newest_first
from app.services.gigs.rosters import people_on
from app.services.identity import audit
from app.services.identity.people import facts_of, hold_people
from app.services.organisation.enterprises import names_of as firm_names
from app.services.runtime import Runtime
from app.services.training import clashes, gates, seats
from app.services.training.enrolments import ENTER, Entry, check_shown, entries, lock_open_class

SUBJECT = "entry_group"
PROBLEMS_TOLD = 8
E = EnrolmentState


@dataclass(frozen=True, slots=True)
class Together:
    """A group with its entries."""

    group: EntryGroup
    klass: TrainingClass
    entries: list[Entry]


async def enter(
    session: AsyncSession, actor: Actor, class_id: UUID, *, enterprise_id: UUID, mode: GroupMode,
    people: Sequence[UUID], now: datetime,
) -> Together:  # fmt: skip
    """Nobody is entered where one of them does not fit the course: the firm hears who and why."""
    _check_firm(actor, enterprise_id)
    people = sorted(set(people))
    await check_shown(session, class_id)
    rules.check_group(len(people))
    await _check_listed(session, enterprise_id, people)
    await hold_people(session, people)
    klass, course = await lock_open_class(session, class_id, now)
    if klass.only_enterprise_id not in {None, enterprise_id}:
        names = await firm_names(session, {klass.only_enterprise_id})
        raise rules.OnlyFirmError(firm=names.get(klass.only_enterprise_id, "某企业"))
    found = await gates.problems(session, klass, course, people, now=now)
    if found:
        names_of_people = await _names(session, crypto_of(session), people)
        told = "；".join(f"{names_of_people.get(key) or '未填姓名'}：{error.text}" for key, error in found.items())
        raise rules.GroupGatesError(who=told[:500])
    group = EntryGroup(
        created_at=now, updated_at=now, class_id=class_id, enterprise_id=enterprise_id, mode=mode, heads=len(people),
        made_by=actor.person_id,
    )  # fmt: skip
    session.add(group)
    await session.flush()
    rows = [
        Enrolment(
            created_at=now, updated_at=now, class_id=class_id, person_id=person_id, group_id=group.id,
            enterprise_id=enterprise_id,
        )
        for person_id in people
    ]  # fmt: skip
    session.add_all(rows)
    await seats.put(session, klass, rows, mode=mode, approved=False, by_themselves=False, now=now)
    audit.by(session, actor, "group_entered", SUBJECT, group.id, now=now, people=str(len(people)))
    return await together(session, group)


async def enter_from_file(
    runtime: Runtime, session: AsyncSession, actor: Actor, class_id: UUID, *, enterprise_id: UUID, mode: GroupMode,
    file_id: UUID, now: datetime,
) -> Together:  # fmt: skip
    """The lines are matched with the firm's own list by name and phone; all of them or none."""
    _check_firm(actor, enterprise_id)
    async with runtime.db.reading() as reading:
        content = await files.content_of(runtime, reading, file_id)
    found = await runtime.sheets.read(content)
    if found.problem is not None:
        raise rules.RosterFileError(problems=SHEET_PROBLEMS[found.problem])
    lines = _read(found.rows)
    people = await _match(session, runtime.crypto, enterprise_id, lines)
    done = await enter(session, actor, class_id, enterprise_id=enterprise_id, mode=mode, people=people, now=now)
    await files.bind(
        session, actor, [file_id], purpose=FilePurpose.TRAINING_ROSTER, subject_kind=SUBJECT, subject_id=done.group.id,
        now=now,
    )  # fmt: skip
    return done


async def template(runtime: Runtime, actor: Actor, enterprise_id: UUID) -> bytes:
    """The sheet to fill in; what it takes is said in notes."""
    _check_firm(actor, enterprise_id)
    table = Table(
        title="报名名单", head=[column for column, _ in COLUMNS], rows=[], wide=[wide for _, wide in COLUMNS],
        notes=["一人一行，姓名和手机号要与本人登记的一致。", "只能填写已扫企业码加入本企业名单的人。", f"一次最多{ROWS_AT_MOST}人。"],
    )  # fmt: skip
    return await runtime.sheets.write(table)


async def split(
    session: AsyncSession, actor: Actor, group_id: UUID, *, expected_version: int, now: datetime
) -> Together:
    """All-or-nothing becomes as many as fit: those who wait keep their place, one behind the other."""
    klass, group = await _lock(session, actor, group_id)
    check_version(group.version, expected_version)
    if group.mode is GroupMode.PARTLY:
        raise rules.GroupSplitError
    group.mode = GroupMode.PARTLY
    group.touch(now)
    await session.flush()
    await seats.spread(session, klass, group_id)
    await seats.promote(session, klass, now=now)
    audit.by(session, actor, "group_split", SUBJECT, group_id, now=now)
    return await together(session, group)


async def accept(
    session: AsyncSession, actor: Actor, group_id: UUID, *, expected_version: int, now: datetime
) -> Together:
    """The seats that were offered to all of them at once."""
    seen = await _own(session, actor, group_id)
    held = await session.exec(select(col(Enrolment.person_id)).where(Enrolment.group_id == group_id))
    await hold_people(session, sorted(held.all()))
    klass, group = await _lock(session, actor, seen.id)
    check_version(group.version, expected_version)
    rows = [one for one in await seats.locked(session, klass.id, {E.OFFERED}) if one.group_id == group_id]
    if not rows:
        raise rules.NothingOfferedError
    for one in rows:
        rules.check_answer_in_time(one.offered_until or now, now)
    busy = await clashes.find(session, klass.id, [one.person_id for one in rows])
    if busy:
        at, title = next(iter(busy.values()))
        raise rules.SessionClashError(who=f"有{len(busy)}人", at=at, title=title)
    for one in rows:
        await seats.take_offer(session, klass, one, now=now)
    seats.settle(klass)
    group.touch(now)
    await session.flush()
    audit.by(session, actor, "group_accepted", SUBJECT, group_id, now=now)
    return await together(session, group)


async def people_of_firm(session: ReadSession, actor: Actor, enterprise_id: UUID) -> list[tuple[UUID, str | None]]:
    """Whom the firm may enter: its own list, with masked names."""
    _check_firm(actor, enterprise_id)
    names = await _names(session, crypto_of(session), sorted(await people_on(session, enterprise_id)))
    return sorted(names.items(), key=lambda pair: (pair[1] or "", pair[0]))


async def list_of_firm(
    session: ReadSession, cursors: Cursors, actor: Actor, enterprise_id: UUID, *, cursor: str | None, limit: int
) -> tuple[list[Together], str | None]:
    _check_firm(actor, enterprise_id)
    query: dict[str, Any] = {"list": "entry groups", "enterprise": enterprise_id}
    statement = select(EntryGroup).where(EntryGroup.enterprise_id == enterprise_id)
    rows, following = await newest_first(session, cursors, query, EntryGroup, statement, cursor=cursor, limit=limit)
    return await _together(session, rows), following


async def together(session: AsyncSession | ReadSession, group: EntryGroup) -> Together:
    return (await _together(session, [group]))[0]


async def _together(session: AsyncSession | ReadSession, groups: Sequence[EntryGroup]) -> list[Together]:
    rows = await session.exec(
        select(Enrolment)
        .where(col(Enrolment.group_id).in_([group.id for group in groups]))
        .order_by(col(Enrolment.created_at), col(Enrolment.id))
    )
    found = await entries(session, rows.all(), full=False)
    classes = await session.exec(
        select(TrainingClass).where(col(TrainingClass.id).in_({group.class_id for group in groups}))
    )
    by_id = {row.id: row for row in classes}
    return [
        Together(group, by_id[group.class_id], [one for one in found if one.row.group_id == group.id])
        for group in groups
    ]


def _check_firm(actor: Actor, enterprise_id: UUID) -> None:
    check_permission(actor, ENTER)
    if enterprise_id not in actor.scopes(ENTER, ScopeKind.ENTERPRISE):
        raise EnterpriseNotFoundError


async def _own(session: AsyncSession, actor: Actor, group_id: UUID) -> EntryGroup:
    check_permission(actor, ENTER)
    group = (await session.exec(select(EntryGroup).where(EntryGroup.id == group_id))).one_or_none()
    if group is None or group.enterprise_id not in actor.scopes(ENTER, ScopeKind.ENTERPRISE):
        raise rules.GroupNotFoundError
    return group


async def _lock(session: AsyncSession, actor: Actor, group_id: UUID) -> tuple[TrainingClass, EntryGroup]:
    seen = await _own(session, actor, group_id)
    klass = await lock(session, TrainingClass, seen.class_id, ClassNotFoundError)
    return klass, await lock(session, EntryGroup, group_id, rules.GroupNotFoundError)


async def _check_listed(session: AsyncSession, enterprise_id: UUID, people: Sequence[UUID]) -> None:
    listed = await people_on(session, enterprise_id)
    missing = sum(person_id not in listed for person_id in people)
    if missing:
        raise rules.NotOnRosterError(count=missing)


async def _names(session: AsyncSession, crypto: Crypto, people: Sequence[UUID]) -> dict[UUID, str | None]:
    facts = await facts_of(session, crypto, people)
    return {key: mask_name(one.name) if one.name else None for key, one in facts.items()}


def _read(rows: Sequence[Any]) -> list[RosterLine]:
    """RosterFileError names every line that is wrong, up to some."""
    (_, head), *lines = rows
    problem = heading_problem(head)
    if problem is None and not lines:
        problem = "没有名单，请从第2行起填写"
    if problem is None and len(lines) > ROWS_AT_MOST:
        problem = f"共{len(lines)}行，一次最多{ROWS_AT_MOST}行"
    if problem is not None:
        raise rules.RosterFileError(problems=problem)
    read = [read_line(number, cells) for number, cells in lines]
    wrong = [line.problem for line in read if line.problem is not None]
    if wrong:
        raise rules.RosterFileError(problems=_some(wrong))
    return read


async def _match(session: AsyncSession, crypto: Crypto, enterprise_id: UUID, lines: Sequence[RosterLine]) -> list[UUID]:
    """Name and phone both: a firm cannot find out by guessing who has which number."""
    listed = await people_on(session, enterprise_id)
    facts = await facts_of(session, crypto, sorted(listed))
    by_phone: dict[tuple[str | None, str | None], UUID] = {
        (one.name, one.phone): key for key, one in facts.items() if one.phone is not None
    }
    found, wrong = [], []
    for line in lines:
        person_id = by_phone.get((line.name, line.phone))
        if person_id is None:
            wrong.append(f"第{line.number}行：本企业名单上没有姓名和手机号都一致的人，请先让本人扫企业码加入")
        else:
            found.append(person_id)
    if wrong:
        raise rules.RosterFileError(problems=_some(wrong))
    return found


def _some(wrong: Sequence[str]) -> str:
    more = f"；另有{len(wrong) - PROBLEMS_TOLD}行" if len(wrong) > PROBLEMS_TOLD else ""
    return "；".join(wrong[:PROBLEMS_TOLD]) + more
