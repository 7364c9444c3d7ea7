"""A firm's list of workers: grown by people who scan its code, left at any time, with the firm's word for their skills."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.rotating import CodeFault, RotatingCodes, ShownCode
from app.core.upsert import insert_or_ignore
from app.models.gigs import RosterMember, WorkerProfile
from app.models.identity import AssistedAct, Person
from app.models.organisation import Enterprise
from app.rules.common.notices import NoticeKind
from app.rules.common.sharing import ShareCodeNotFoundError, ShareKind
from app.rules.gigs.profiles import (
    ABOVE_A_FIRM,
    ROSTER_CODE_SECONDS,
    AlreadyProvedError,
    RosterCodeError,
    RosterCodeExpiredError,
    RosterHiddenError,
    RosterMemberNotFoundError,
    WorkerSkillNotFoundError,
)
from app.rules.gigs.terms import Proof
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.masks import mask_name
from app.rules.identity.people import PersonState
from app.rules.identity.roles import Actor, Permission
from app.rules.organisation import EnterpriseNotFoundError
from app.services.common import sharing
from app.services.common.notices import notify
from app.services.gigs.law import lock_worker
from app.services.gigs.skills import Skill, find_skill, named, named_skills
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.consents import consents_of
from app.services.identity.people import facts_of
from app.services.organisation import enterprises

SUBJECT = "roster_member"
_current: ColumnElement[bool] = col(RosterMember.left_at).is_(None)


@dataclass(frozen=True, slots=True)
class Member:
    row: RosterMember
    # Masked.
    name: str | None
    active: bool
    skills: list[Skill]


def check_firm(actor: Actor, enterprise_id: UUID) -> None:
    """A firm in which one may not order shifts does not exist here."""
    if enterprise_id not in actor.enterprises(Permission.GIG_ORDER_WRITE):
        raise EnterpriseNotFoundError


def codes(crypto: Crypto) -> RotatingCodes:
    return RotatingCodes(crypto.derived_key("gig_roster"), timedelta(seconds=ROSTER_CODE_SECONDS))


async def show_code(
    session: ReadSession, crypto: Crypto, actor: Actor, enterprise_id: UUID, *, now: datetime
) -> ShownCode:
    """What the firm's screen shows for the next minute; only a firm that is approved gathers people."""
    check_firm(actor, enterprise_id)
    if not await enterprises.is_public(session, enterprise_id):
        raise EnterpriseNotFoundError
    return codes(crypto).show(enterprise_id, now)


async def join(
    session: AsyncSession, crypto: Crypto, actor: Actor, *, code: str, now: datetime
) -> tuple[RosterMember, Enterprise]:
    """By one's own scan, or an agent's for somebody without a phone. Scanning again changes nothing."""
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
    enterprise_id = await _firm_of(session, crypto, code, now)
    worker = await lock_worker(session, actor.person_id)
    firm = await enterprises.get_enterprise(session, enterprise_id)
    if str(enterprise_id) in {*worker.blocks, *worker.hidden_from}:
        raise RosterHiddenError(firm=firm.name)
    made = RosterMember(
        id=new_id(), created_at=now, updated_at=now, enterprise_id=enterprise_id, person_id=actor.person_id
    )
    if await insert_or_ignore(session, RosterMember, made.model_dump()):
        audit.by(session, actor, "roster_joined", SUBJECT, made.id, now=now, enterprise=str(enterprise_id))
        await note_act(
            session, crypto, actor, operation="join_roster", subject_kind=SUBJECT, subject_id=made.id,
            subject_version=1, before=None, told=f"加入“{firm.name}”的零工名单", now=now,
        )  # fmt: skip
    return await find_current(session, enterprise_id, actor.person_id), firm


async def _firm_of(session: AsyncSession, crypto: Crypto, code: str, now: datetime) -> UUID:
    """The firm of a code from its screen, or of a share code on its poster."""
    rotating = codes(crypto)
    thing = rotating.thing_of(code)
    if thing is not None:
        fault = rotating.fault(code, thing, now)
        if fault is CodeFault.EXPIRED:
            raise RosterCodeExpiredError
        if fault is not None:
            raise RosterCodeError
        enterprise_id = thing
    else:
        try:
            shared = await sharing.read(session, code, now=now)  # type: ignore[arg-type]  # a writing session reads as well
        except ShareCodeNotFoundError as exc:
            raise RosterCodeError from exc
        if shared.kind is not ShareKind.ENTERPRISE:
            raise RosterCodeError
        enterprise_id = shared.target_id
    if not await enterprises.is_public(session, enterprise_id):
        raise RosterCodeError
    return enterprise_id


async def restore_membership(
    session: AsyncSession, crypto: Crypto, act: AssistedAct, before: str | None, now: datetime
) -> bool:
    """Undo of an agent's joining: the list is left. False where it has been left or favoured since."""
    del crypto, before
    done = await session.exec(
        update(RosterMember)
        .where(
            col(RosterMember.id) == act.subject_id, col(RosterMember.person_id) == act.person_id, _current,
            col(RosterMember.version) == act.subject_version,
        )
        .values(left_at=now, updated_at=now, version=col(RosterMember.version) + 1)
    )  # fmt: skip
    return bool(done.rowcount)


async def memberships_of(session: ReadSession, actor: Actor) -> Sequence[tuple[RosterMember, Enterprise]]:
    """The lists I am on, newest first, at most 200."""
    rows = await session.exec(
        select(RosterMember, Enterprise)
        .join(Enterprise, col(Enterprise.id) == col(RosterMember.enterprise_id))
        .where(RosterMember.person_id == actor.person_id, _current)
        .order_by(col(RosterMember.created_at).desc(), col(RosterMember.id).desc())
        .limit(200)
    )
    return rows.all()


async def leave(session: AsyncSession, crypto: Crypto, actor: Actor, enterprise_id: UUID, *, now: datetime) -> None:
    row = await find_current(session, enterprise_id, actor.person_id)
    _end(row, now)
    audit.by(session, actor, "roster_left", SUBJECT, row.id, now=now)
    await note_act(
        session, crypto, actor, operation="leave_roster", subject_kind=SUBJECT, subject_id=row.id,
        subject_version=row.version, before=None, told="退出企业的零工名单", now=now, undoable=False,
    )  # fmt: skip


async def leave_some(session: AsyncSession, person_id: UUID, firms: Iterable[UUID] | None, *, now: datetime) -> None:
    """Of these firms, or of all where None: without a word to them."""
    statement = update(RosterMember).where(col(RosterMember.person_id) == person_id, _current)
    if firms is not None:
        statement = statement.where(col(RosterMember.enterprise_id).in_(sorted(firms)))
    await session.exec(statement.values(left_at=now, updated_at=now, version=col(RosterMember.version) + 1))


async def list_members(
    session: ReadSession,
    crypto: Crypto,
    cursors: Cursors,
    actor: Actor,
    enterprise_id: UUID,
    *,
    cursor: str | None,
    limit: int,
) -> tuple[list[Member], str | None]:
    """The firm's list, newest first: masked names, what they know, whether they want work at all."""
    check_firm(actor, enterprise_id)
    query: dict[str, Any] = {"list": "roster", "enterprise": enterprise_id}
    keys = [col(RosterMember.created_at), col(RosterMember.id)]
    statement = (
        select(RosterMember, col(WorkerProfile.active))
        .join(WorkerProfile, col(WorkerProfile.person_id) == col(RosterMember.person_id))
        .join(Person, col(Person.id) == col(RosterMember.person_id))
        .where(RosterMember.enterprise_id == enterprise_id, _current, Person.state == PersonState.ACTIVE)
    )
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    found = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, found, limit, lambda pair: [pair[0].created_at, pair[0].id])
    people = [row.person_id for row, _ in rows]
    names = await masked_names(session, crypto, people)
    skills = await named_skills(session, people)
    return [Member(row, names.get(row.person_id), active, skills[row.person_id]) for row, active in rows], following


async def favour(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    enterprise_id: UUID,
    person_id: UUID,
    *,
    favourite: bool,
    expected_version: int,
    now: datetime,
) -> Member:
    """The firm likes to see this person again, or no longer says so."""
    check_firm(actor, enterprise_id)
    row = await find_current(session, enterprise_id, person_id)
    check_version(row.version, expected_version)
    if row.favourite != favourite:
        row.favourite = favourite
        row.touch(now)
    return await member_of(session, crypto, row)


async def remove(session: AsyncSession, actor: Actor, enterprise_id: UUID, person_id: UUID, *, now: datetime) -> None:
    """Off the firm's list; the person may scan again. Not inviting them any more is a block of its own."""
    check_firm(actor, enterprise_id)
    row = await find_current(session, enterprise_id, person_id)
    _end(row, now)
    audit.by(session, actor, "roster_removed", SUBJECT, row.id, now=now)


async def vouch(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    person_id: UUID,
    process_code: str,
    *,
    level: int,
    expected_version: int,
    now: datetime,
) -> Skill:
    """The firm's word for a level it has seen; below a certificate's and the town's. The person is told."""
    check_firm(actor, enterprise_id)
    await find_current(session, enterprise_id, person_id)
    row = await find_skill(session, person_id, process_code)
    if row is None:
        raise WorkerSkillNotFoundError
    check_version(row.version, expected_version)
    if row.proof in ABOVE_A_FIRM:
        raise AlreadyProvedError(proof=row.proof.label)
    row.level, row.proof, row.proved_by, row.proved_at = level, Proof.FIRM, actor.person_id, now
    row.touch(now)
    audit.by(session, actor, "skill_vouched", "worker_skill", row.id, now=now, enterprise=str(enterprise_id))
    (skill,) = await named(session, [row])
    firm = await enterprises.get_enterprise(session, enterprise_id)
    await notify(
        session, person_id=person_id, kind=NoticeKind.GIG_STANDING, now=now, title="企业认定了您的工序",
        body=f"“{firm.name}”认定您的“{skill.process_name}”为{level}级。如不符，可在零工登记里修改。", page="pages/worker/profile",
        template_data={"thing1": skill.process_name[:20], "phrase2": "已认定"},
    )  # fmt: skip
    return skill


async def member_of(session: AsyncSession, crypto: Crypto, row: RosterMember) -> Member:
    names = await masked_names(session, crypto, [row.person_id])
    skills = await named_skills(session, [row.person_id])
    active = await session.exec(select(col(WorkerProfile.active)).where(WorkerProfile.person_id == row.person_id))
    return Member(row, names.get(row.person_id), bool(active.one_or_none()), skills[row.person_id])


async def masked_names(session: AsyncSession, crypto: Crypto, person_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    facts = await facts_of(session, crypto, person_ids)
    return {key: mask_name(known.name) if known.name else None for key, known in facts.items()}


async def is_member(session: AsyncSession, enterprise_id: UUID, person_id: UUID) -> bool:
    found = await session.exec(
        select(col(RosterMember.id)).where(
            RosterMember.enterprise_id == enterprise_id, RosterMember.person_id == person_id, _current
        )
    )
    return found.one_or_none() is not None


async def people_on(session: AsyncSession, enterprise_id: UUID) -> set[UUID]:
    """Who is on the firm's list now."""
    found = await session.exec(
        select(col(RosterMember.person_id)).where(RosterMember.enterprise_id == enterprise_id, _current)
    )
    return set(found.all())


async def find_current(session: AsyncSession, enterprise_id: UUID, person_id: UUID) -> RosterMember:
    found = await session.exec(
        select(RosterMember)
        .where(RosterMember.enterprise_id == enterprise_id, RosterMember.person_id == person_id, _current)
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise RosterMemberNotFoundError
    return row


def _end(row: RosterMember, now: datetime) -> None:
    row.left_at = now
    row.touch(now)


async def follow_merge(session: AsyncSession, source_id: UUID, target_id: UUID, *, now: datetime) -> None:
    """A list that the old record is still on, where the new one once left it: the person is on it, under one name."""
    here = select(col(RosterMember.enterprise_id)).where(RosterMember.person_id == target_id, _current)
    await session.exec(
        update(RosterMember)
        .where(col(RosterMember.person_id) == source_id, _current, col(RosterMember.enterprise_id).not_in(here))
        .values(person_id=target_id, updated_at=now, version=col(RosterMember.version) + 1)
    )
    await leave_some(session, source_id, None, now=now)
