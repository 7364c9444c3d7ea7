"""共享用工: a firm lends its own people to another for a period. The employment tie stays with the lender.

The lender posts the shifts at the borrower's place (`ShiftOrder.sharing_id`): hours, wages and cover are its own, as before;
only people of the agreement who have said yes may take them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.models.gigs import RosterMember, SharedWorker, SharingAgreement, ShiftOrder
from app.rules.common.files import FilePurpose
from app.rules.gigs.sharing import (
    PeopleNotYoursError,
    SharingBorrowerError,
    SharingIncompleteError,
    SharingNotFoundError,
    SharingPeriodError,
    SharingUnusableError,
    check_period,
    check_terms,
)
from app.rules.gigs.standing import SharingState, check_sharing_step
from app.rules.identity.roles import Actor, Permission
from app.services.common import files
from app.services.gigs.events import SharingMoved
from app.services.gigs.rosters import masked_names
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.organisation.enterprises import names_of

SUBJECT = "sharing_agreement"
SWEEP_BATCH = 100
H = SharingState


@dataclass(frozen=True, slots=True)
class Shared:
    row: SharingAgreement
    lender: str
    borrower: str
    people: Sequence[SharedWorker]
    names: dict[UUID, str | None]


@dataclass(frozen=True, slots=True)
class Draft:
    borrower_id: UUID
    starts_on: date
    ends_on: date
    process_code: str
    terms: str
    firms_file_id: UUID | None
    workers_file_id: UUID | None
    person_ids: tuple[UUID, ...]


async def create(
    session: AsyncSession, actor: Actor, lender_id: UUID, draft: Draft, *, now: datetime
) -> SharingAgreement:
    """By the lender, with people of its own list; both papers are added before it is offered."""
    if lender_id not in actor.enterprises(Permission.GIG_ORDER_WRITE):
        raise SharingNotFoundError
    if draft.borrower_id == lender_id or draft.borrower_id not in await names_of(session, [draft.borrower_id]):
        raise SharingBorrowerError
    check_period(draft.starts_on, draft.ends_on, china_date(now))
    check_terms(draft.terms)
    await _check_people(session, lender_id, draft.person_ids)
    row = SharingAgreement(
        id=new_id(), created_at=now, updated_at=now, lender_id=lender_id, borrower_id=draft.borrower_id,
        starts_on=draft.starts_on, ends_on=draft.ends_on, process_code=draft.process_code, terms=draft.terms,
        firms_file_id=draft.firms_file_id, workers_file_id=draft.workers_file_id, offered_by=actor.person_id,
    )  # fmt: skip
    papers = [one for one in (draft.firms_file_id, draft.workers_file_id) if one is not None]
    await files.bind(
        session, actor, papers, purpose=FilePurpose.SHARING_PAPER, subject_kind=SUBJECT, subject_id=row.id, now=now
    )
    session.add(row)
    await session.flush()
    session.add_all(SharedWorker(agreement_id=row.id, person_id=one) for one in sorted(set(draft.person_ids)))
    await session.flush()
    audit.by(session, actor, "sharing_created", SUBJECT, row.id, now=now)
    return row


async def offer(
    session: AsyncSession, actor: Actor, row_id: UUID, *, expected_version: int, now: datetime
) -> SharingAgreement:
    """To the borrower, and to each of the people: nobody is lent without their own yes."""
    row = await _lock(session, actor, row_id, lender=True, expected_version=expected_version)
    if row.firms_file_id is None or row.workers_file_id is None:
        raise SharingIncompleteError
    await _enter(session, actor, row, H.OFFERED, now)
    await _tell(
        session, row, "共享用工待确认", "请查看协议：劳动关系、工资和工伤保险仍由原单位负责，是否同意由您决定。", now
    )
    return row


async def answer(
    session: AsyncSession, actor: Actor, row_id: UUID, *, accept: bool, expected_version: int, now: datetime
) -> SharingAgreement:
    row = await _lock(session, actor, row_id, lender=False, expected_version=expected_version)
    row.answered_by, row.answered_at = actor.person_id, now
    await _enter(session, actor, row, H.ACTIVE if accept else H.DECLINED, now)
    await _tell(session, row, f"共享用工{row.state.label}", f"借入单位已答复：{row.state.label}。", now)
    return row


async def end(
    session: AsyncSession, actor: Actor, row_id: UUID, *, expected_version: int, now: datetime
) -> SharingAgreement:
    """By either firm; seats that were taken stay, no new ones come."""
    row = await _lock(session, actor, row_id, lender=None, expected_version=expected_version)
    await _enter(session, actor, row, H.ENDED, now)
    await _tell(session, row, "共享用工结束", "协议已结束，已接受的班次照常进行，不再安排新的班次。", now)
    return row


async def consent(
    session: AsyncSession, crypto: Crypto, actor: Actor, row_id: UUID, *, given: bool, now: datetime
) -> Shared:
    """The person's own yes, or taking it back; at any time while the agreement is open."""
    row = await lock(session, SharingAgreement, row_id, SharingNotFoundError)
    found = await session.exec(
        select(SharedWorker)
        .where(SharedWorker.agreement_id == row_id, SharedWorker.person_id == actor.person_id)
        .with_for_update()
    )
    mine = found.one_or_none()
    if mine is None or row.state not in {H.OFFERED, H.ACTIVE}:
        raise SharingNotFoundError
    mine.consented_at = now if given else None
    await session.flush()
    audit.by(
        session, actor, "sharing_consent_given" if given else "sharing_consent_withdrawn", SUBJECT, row.id, now=now
    )
    await note_act(
        session, crypto, actor, operation="consent_to_sharing", subject_kind=SUBJECT, subject_id=row.id,
        subject_version=row.version, before=None, told="同意共享用工" if given else "撤回共享用工的同意", now=now, undoable=False,
    )  # fmt: skip
    return (await _read(session, crypto, [row]))[0]


async def list_mine(session: ReadSession, crypto: Crypto, actor: Actor) -> list[Shared]:
    """Those that name the caller and have been offered."""
    named = select(col(SharedWorker.agreement_id)).where(SharedWorker.person_id == actor.person_id)
    rows = await session.exec(
        select(SharingAgreement)
        .where(col(SharingAgreement.id).in_(named), SharingAgreement.state != H.DRAFT)
        .order_by(col(SharingAgreement.created_at).desc())
        .limit(50)
    )
    return await _read(session, crypto, rows.all())


async def list_of_firms(session: ReadSession, crypto: Crypto, actor: Actor) -> list[Shared]:
    """Lent or borrowed by the caller's firms, newest first; a draft is the lender's alone."""
    mine = sorted(actor.enterprises(Permission.GIG_ORDER_WRITE))
    seen = col(SharingAgreement.lender_id).in_(mine) | (
        col(SharingAgreement.borrower_id).in_(mine) & (col(SharingAgreement.state) != H.DRAFT)
    )
    rows = await session.exec(
        select(SharingAgreement).where(seen).order_by(col(SharingAgreement.created_at).desc()).limit(100)
    )
    return await _read(session, crypto, rows.all())


async def read(session: ReadSession | AsyncSession, crypto: Crypto, row: SharingAgreement) -> Shared:
    return (await _read(session, crypto, [row]))[0]


async def apply_to(session: AsyncSession, order: ShiftOrder, days: Collection[date]) -> None:
    """An order of lent people: of the lender, for the process and the days that were agreed, at the borrower's."""
    if order.sharing_id is None:
        return
    found = await session.exec(select(SharingAgreement).where(SharingAgreement.id == order.sharing_id))
    row = found.one_or_none()
    if row is None or row.lender_id != order.enterprise_id:
        raise SharingNotFoundError
    if row.state is not H.ACTIVE or row.process_code != order.process_code:
        raise SharingUnusableError(current=row.state.label)
    if any(not row.starts_on <= day <= row.ends_on for day in days):
        raise SharingPeriodError(first=row.starts_on.isoformat(), last=row.ends_on.isoformat())
    order.using_firm = (await names_of(session, [row.borrower_id]))[row.borrower_id]
    order.using_enterprise_id = row.borrower_id
    await session.flush()


async def end_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: the period is over."""
    rows = (
        await session.exec(
            select(SharingAgreement)
            .where(
                col(SharingAgreement.state).in_((H.OFFERED, H.ACTIVE)), col(SharingAgreement.ends_on) < china_date(now)
            )
            .order_by(col(SharingAgreement.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for row in rows:
        await _enter(session, None, row, H.ENDED, now)
        await _tell(session, row, "共享用工结束", "协议期满，已自动结束。", now)
    return len(rows)


async def _enter(
    session: AsyncSession, actor: Actor | None, row: SharingAgreement, target: SharingState, now: datetime
) -> None:
    check_sharing_step(row.state, target)
    row.state = target
    row.touch(now)
    await session.flush()
    if actor is None:
        audit.record(session, f"sharing_{target}", actor_id=None, subject_kind=SUBJECT, subject_id=row.id, now=now)
    else:
        audit.by(session, actor, f"sharing_{target}", SUBJECT, row.id, now=now)


async def _tell(session: AsyncSession, row: SharingAgreement, title: str, words: str, now: datetime) -> None:
    people = await session.exec(select(col(SharedWorker.person_id)).where(SharedWorker.agreement_id == row.id))
    await emit(
        session,
        SharingMoved(
            at=now, agreement_id=row.id, lender_id=row.lender_id, borrower_id=row.borrower_id,
            people=tuple(people.all()), title=title, words=words,
        ),
    )  # fmt: skip


async def _check_people(session: AsyncSession, lender_id: UUID, person_ids: Collection[UUID]) -> None:
    rows = await session.exec(
        select(col(RosterMember.person_id)).where(
            RosterMember.enterprise_id == lender_id, col(RosterMember.left_at).is_(None),
            col(RosterMember.person_id).in_(person_ids),
        )
    )  # fmt: skip
    if set(rows.all()) != set(person_ids):
        raise PeopleNotYoursError


async def _lock(
    session: AsyncSession, actor: Actor, row_id: UUID, *, lender: bool | None, expected_version: int
) -> SharingAgreement:
    """`lender`: whose act it is; None for either."""
    row = await lock(session, SharingAgreement, row_id, SharingNotFoundError)
    mine = actor.enterprises(Permission.GIG_ORDER_WRITE)
    of_lender = row.lender_id in mine
    of_borrower = row.borrower_id in mine and row.state is not H.DRAFT
    if not {True: of_lender, False: of_borrower, None: of_lender or of_borrower}[lender]:
        raise SharingNotFoundError
    check_version(row.version, expected_version)
    return row


async def _read(session: ReadSession | AsyncSession, crypto: Crypto, rows: Sequence[SharingAgreement]) -> list[Shared]:
    found = await session.exec(select(SharedWorker).where(col(SharedWorker.agreement_id).in_([row.id for row in rows])))
    people: dict[UUID, list[SharedWorker]] = {}
    for one in found.all():
        people.setdefault(one.agreement_id, []).append(one)
    firms = await names_of(session, {row.lender_id for row in rows} | {row.borrower_id for row in rows})
    names = await masked_names(session, crypto, [one.person_id for some in people.values() for one in some])
    return [Shared(row, firms[row.lender_id], firms[row.borrower_id], people.get(row.id, []), names) for row in rows]
