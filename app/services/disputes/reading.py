"""Reading cases: lists that hold nothing but what the caller stands in, and one case as its standing shows it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession
from app.core.ids import new_id
from app.core.pages import Cursors
from app.core.security import normal_code
from app.models.disputes import CaseDeadline, CaseEvent, CaseNote, CaseParty, DisputeCase, PanelSeat
from app.rules.disputes.access import Act, Piece
from app.rules.disputes.cases import CaseKind, CaseState
from app.rules.disputes.log import CaseEventKind
from app.rules.disputes.panel import SeatRole, SeatState
from app.rules.disputes.parties import CasePartyState, CaseSide
from app.rules.identity.roles import Actor
from app.services.common.lists import newest_first
from app.services.disputes import log, panel, panel_changes
from app.services.disputes.parties import representatives_of_case
from app.services.disputes.people import Contact, contacts_of, party_names
from app.services.disputes.policies import policies_on
from app.services.disputes.standing import SUBJECT, Place, enter, look, parties_of, visible_to
from app.services.identity import audit
from app.services.identity.people import facts_of
from app.services.organisation.ties import Tie, ties_of

NOTE = "case_note"
PREFIX = "TJ"
# What the parties read in the log: steps of the case, not who was invited to the panel and how they answered.
SHOWN_TO_PARTIES = frozenset(CaseEventKind) - {
    CaseEventKind.SEAT_INVITED, CaseEventKind.SEAT_ANSWERED, CaseEventKind.SEAT_ENDED, CaseEventKind.ESCALATION_TOLD,
}  # fmt: skip
# Reasons that are written for them.
WORDS_TO_PARTIES = frozenset({
    CaseEventKind.ADVISED_OUT, CaseEventKind.SUSPENDED, CaseEventKind.ESCALATED, CaseEventKind.ENDED,
    CaseEventKind.EXTENSION_ASKED, CaseEventKind.KIND_CHANGED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class PartyView:
    row: CaseParty
    name: str
    claim: str | None
    facts: dict[str, Any] | None
    mine: bool
    representative: str | None
    opens: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    place: Place
    parties: list[PartyView]
    claimants: int
    collective: bool
    ties: list[Tie]
    deadlines: Sequence[CaseDeadline]
    manager: str | None
    mediator: str | None
    follow_up: str | None


async def list_cases(
    session: ReadSession, cursors: Cursors, actor: Actor, *, state: CaseState | None, kind: CaseKind | None,
    number: str | None, with_total: bool, cursor: str | None, limit: int,
) -> tuple[Sequence[DisputeCase], str | None, int | None]:  # fmt: skip
    """What the caller stands in, newest first; `number` however it was typed. The total counts nothing else either."""
    statement = select(DisputeCase).where(visible_to(actor))
    if state is not None:
        statement = statement.where(DisputeCase.state == state)
    if kind is not None:
        statement = statement.where(DisputeCase.kind == kind)
    if number is not None:
        statement = statement.where(DisputeCase.number == normal_number(number))
    query: dict[str, Any] = {
        "list": "cases", "person": actor.person_id, "state": state, "kind": kind, "number": number,
    }  # fmt: skip
    total = None
    if with_total:
        total = (await session.exec(select(func.count()).select_from(statement.subquery()))).one()
    rows, following = await newest_first(session, cursors, query, DisputeCase, statement, cursor=cursor, limit=limit)
    return rows, following, total


async def get_case(session: AsyncSession, actor: Actor, case_id: UUID, *, now: datetime) -> CaseView:
    place = await look(session, actor, case_id, Piece.LIST)
    note_read(session, actor, place.case, "case", now)
    case, rows = place.case, await parties_of(session, case_id, all_of_them=not place.only_party)
    names = await party_names(session, rows)
    standing_for = await representatives_of_case(session, case_id)
    people = await facts_of(session, crypto_of(session), sorted({row.person_id for row in standing_for.values()}))
    seats = await panel_changes.seats_of(session, case_id)
    sitting = [seat for seat in seats if seat.state is SeatState.ACCEPTED]
    shown = await panel.seat_names(session, sitting)
    crypto = crypto_of(session)
    views = []
    for row in rows:
        mine = row.id in {party.id for party in place.mine}
        # Fellows who claim do not see one another's sums; the other side and the panel do.
        opens = mine or not place.only_party or row.side not in place.sides
        facts = crypto.open_if("case_party", "facts", row.id, row.facts_sealed) if opens else None
        stands = standing_for.get(row.id)
        views.append(
            PartyView(
                row, names[row.id], crypto.open_if("case_party", "claim", row.id, row.claim_sealed) if opens else None,
                None if facts is None else json.loads(facts), mine,
                people[stands.person_id].name if stands and stands.person_id in people and (mine or not place.only_party)
                else None,
                opens,
            )
        )  # fmt: skip
    claimants = sum(row.side is CaseSide.COMPLAINANT and row.state is CasePartyState.ACTIVE for row in rows)
    policies = await policies_on(session, china_date(now))
    return CaseView(
        place, views, claimants, claimants >= policies["representatives_from"].value,
        await ties_of(session, case.enterprise_id, case.area_id, case.grid_id), await log.deadlines_of(session, [case_id]),
        _one(sitting, shown, SeatRole.MANAGER), _one(sitting, shown, SeatRole.MEDIATOR),
        None if place.only_party else crypto.open_if(SUBJECT, "follow_up", case.id, case.follow_up_sealed),
    )  # fmt: skip


async def deadlines(session: AsyncSession, actor: Actor, case_id: UUID, *, now: datetime) -> Sequence[CaseDeadline]:
    place = await look(session, actor, case_id, Piece.DEADLINES)
    note_read(session, actor, place.case, Piece.DEADLINES.value, now)
    return await log.deadlines_of(session, [case_id])


async def events(
    session: AsyncSession, actor: Actor, case_id: UUID, *, now: datetime
) -> list[tuple[CaseEvent, str | None]]:
    """The log, with the reasons that are meant for the reader."""
    place = await look(session, actor, case_id, Piece.LIST)
    note_read(session, actor, place.case, "events", now)
    crypto, found = crypto_of(session), []
    for row in await log.events_of(session, case_id):
        if place.only_party and row.kind not in SHOWN_TO_PARTIES:
            continue
        words = crypto.open_if(log.TABLE, "words", row.id, row.words_sealed)
        found.append((row, words if not place.only_party or row.kind in WORDS_TO_PARTIES else None))
    return found


async def seats(session: AsyncSession, actor: Actor, case_id: UUID, *, now: datetime) -> tuple[Place, list[PanelSeat]]:
    """Parties see who sits and about whom they are asked; the manager all of it."""
    place = await look(session, actor, case_id, Piece.LIST)
    note_read(session, actor, place.case, "seats", now)
    found = await panel_changes.seats_of(session, case_id, all_of_them=place.may(Act.MANAGE))
    if place.only_party:
        found = [seat for seat in found if seat.state in {SeatState.ACCEPTED, SeatState.AWAITING_CONSENT}]
    return place, found


async def add_note(session: AsyncSession, actor: Actor, case_id: UUID, words: str, *, now: datetime) -> CaseNote:
    place = await enter(session, actor, case_id, Act.WRITE_NOTE)
    row_id = new_id()
    row = CaseNote(
        id=row_id, created_at=now, case_id=place.case.id, by_person_id=actor.person_id,
        words_sealed=crypto_of(session).seal(NOTE, "words", row_id, words),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row


async def notes(
    session: AsyncSession, actor: Actor, case_id: UUID, *, now: datetime
) -> list[tuple[CaseNote, str, str]]:
    """`(note, words, who)`, oldest first."""
    place = await look(session, actor, case_id, Piece.NOTE)
    note_read(session, actor, place.case, Piece.NOTE.value, now)
    rows = await session.exec(
        select(CaseNote).where(CaseNote.case_id == case_id).order_by(col(CaseNote.created_at), col(CaseNote.id))
    )
    return await opened_notes(session, rows.all())


async def opened_notes(session: AsyncSession, rows: Sequence[CaseNote]) -> list[tuple[CaseNote, str, str]]:
    crypto = crypto_of(session)
    people = await facts_of(session, crypto, sorted({row.by_person_id for row in rows}))
    return [
        (
            row, crypto.open_text(NOTE, "words", row.id, row.words_sealed),
            (people[row.by_person_id].name if row.by_person_id in people else None) or "工作人员",
        )
        for row in rows
    ]  # fmt: skip


async def reveal_contacts(session: AsyncSession, actor: Actor, case_id: UUID, *, now: datetime) -> list[Contact]:
    """One reveal opens the call list of this case to its manager; it stands in the log, and with each person."""
    place = await enter(session, actor, case_id, Act.MANAGE)
    for party in await parties_of(session, case_id):
        if party.person_id is not None:
            audit.by(
                session, actor, "revealed", "person", party.person_id, now=now, fields="name,phone", reason="mediation",
                reference=str(case_id),
            )  # fmt: skip
    note_read(session, actor, place.case, "contacts", now)
    return await contacts_of(session, place.case, now=now)


def note_read(session: AsyncSession, actor: Actor, case: DisputeCase, piece: str, now: datetime) -> None:
    """Every look at a case stands in the audit log."""
    audit.looked(session, actor, "case_read", SUBJECT, case.id, now=now, piece=piece)


async def note_read_by_id(session: AsyncSession, actor: Actor, case_id: UUID, piece: str, now: datetime) -> None:
    """The same for who has looked already."""
    audit.looked(session, actor, "case_read", SUBJECT, case_id, now=now, piece=piece)


def normal_number(typed: str) -> str:
    """“tj2026 abcd-efgh” → “TJ2026-ABCDEFGH”."""
    text = normal_code(typed)
    body = text.removeprefix(PREFIX)
    return f"{PREFIX}{body[:4]}-{body[4:]}"


def _one(sitting: Sequence[PanelSeat], names: dict[UUID, str], role: SeatRole) -> str | None:
    return next((names[seat.id] for seat in sitting if seat.role is role), None)
