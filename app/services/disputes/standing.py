"""What the caller is in a case: the one gate of this domain. No standing, no case (404)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version, lock
from app.models.disputes import CaseParty, DisputeCase, PanelSeat, PartyRepresentative
from app.rules.disputes.access import ACTS, PARTY_STANDINGS, Act, Piece, Standing, check_act, sees
from app.rules.disputes.cases import CaseNotFoundError
from app.rules.disputes.panel import SeatRole, SeatState
from app.rules.disputes.parties import CasePartyNotFoundError, CasePartyState, CaseSide, RepresentativeState
from app.rules.identity.roles import Actor, Permission

SUBJECT = "dispute_case"
HANDLE, ANSWER = Permission.DISPUTE_HANDLE, Permission.DISPUTE_ANSWER
_OF_ROLE = {
    SeatRole.MANAGER: Standing.MANAGER, SeatRole.MEDIATOR: Standing.MEDIATOR, SeatRole.MEMBER: Standing.SEATED,
}  # fmt: skip
_OF_SIDE = {CaseSide.COMPLAINANT: Standing.COMPLAINANT, CaseSide.RESPONDENT: Standing.RESPONDENT}


@dataclass(frozen=True, slots=True)
class Place:
    """The case, and the caller in it. `mine`: the parties that the caller is or speaks for; `seat`: where they sit."""

    case: DisputeCase
    standings: frozenset[Standing]
    mine: tuple[CaseParty, ...]
    seat: PanelSeat | None

    @property
    def sides(self) -> frozenset[CaseSide]:
        return frozenset(party.side for party in self.mine)

    @property
    def only_party(self) -> bool:
        return self.standings <= PARTY_STANDINGS

    def sees(self, piece: Piece) -> bool:
        return sees(self.standings, piece)

    def may(self, act: Act) -> bool:
        return bool(self.standings & ACTS[act])

    def party(self) -> CaseParty:
        """The one party for whom the caller acts where none is named: themselves before others."""
        return self.mine[0]


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The cases in which the caller stands: as party, for one, or in a seat that was accepted."""
    parties = (
        select(col(CaseParty.case_id))
        .join(DisputeCase, col(DisputeCase.id) == col(CaseParty.case_id))
        .where(
            CaseParty.state == CasePartyState.ACTIVE,
            _is_mine(actor),
            or_(col(CaseParty.side) == CaseSide.COMPLAINANT, col(DisputeCase.asked_at).is_not(None)),
        )
    )
    if actor.agent_id is not None:
        return col(DisputeCase.id).in_(parties)
    seats = select(col(PanelSeat.case_id)).where(
        PanelSeat.person_id == actor.person_id, PanelSeat.state == SeatState.ACCEPTED,
        col(PanelSeat.role) != SeatRole.MANAGER,
    )  # fmt: skip
    found: list[ColumnElement[bool]] = [col(DisputeCase.id).in_(parties), col(DisputeCase.id).in_(seats)]
    if actor.can(HANDLE):
        found.append(col(DisputeCase.manager_id) == actor.person_id)
    return or_(*found)


async def place_of(session: AsyncSession | ReadSession, actor: Actor, case: DisputeCase) -> Place:
    """404 for who has no standing here, whatever their office."""
    rows = await session.exec(
        select(CaseParty)
        .where(CaseParty.case_id == case.id, CaseParty.state == CasePartyState.ACTIVE, _is_mine(actor))
        .order_by(col(CaseParty.id))
    )
    firms = actor.enterprises(ANSWER)
    # Who is complained about hears of it when they are asked, not before.
    parties = [row for row in rows.all() if row.side is CaseSide.COMPLAINANT or case.asked_at is not None]
    standings = set()
    for party in parties:
        themselves = party.person_id == actor.person_id or party.enterprise_id in firms
        standings.add(_OF_SIDE[party.side] if themselves else Standing.REPRESENTATIVE)
    parties.sort(key=lambda party: (party.person_id != actor.person_id, party.enterprise_id not in firms, party.id))
    seat = None if actor.agent_id is not None else await _seat(session, actor, case)
    if seat is not None:
        standings.add(_OF_ROLE[seat.role])
    if not standings:
        raise CaseNotFoundError
    return Place(case, frozenset(standings), tuple(parties), seat)


async def look(session: AsyncSession | ReadSession, actor: Actor, case_id: UUID, piece: Piece) -> Place:
    """For reading one part; a part that this standing does not see is not there either."""
    case = (await session.exec(select(DisputeCase).where(DisputeCase.id == case_id))).one_or_none()
    if case is None:
        raise CaseNotFoundError
    place = await place_of(session, actor, case)
    if not place.sees(piece):
        raise CaseNotFoundError
    return place


async def look_as(session: AsyncSession | ReadSession, actor: Actor, case_id: UUID, act: Act) -> Place:
    """For reading what only those read who may do this."""
    place = await look(session, actor, case_id, Piece.LIST)
    check_act(place.standings, act)
    return place


async def enter(
    session: AsyncSession, actor: Actor, case_id: UUID, act: Act, *, expected_version: int | None = None
) -> Place:
    """For doing something: the case under a lock, the standing as it is now, the right, then the version."""
    case = await lock(session, DisputeCase, case_id, CaseNotFoundError)
    place = await place_of(session, actor, case)
    check_act(place.standings, act)
    if expected_version is not None:
        check_version(case.version, expected_version)
    return place


async def parties_of(
    session: AsyncSession | ReadSession, case_id: UUID, *, all_of_them: bool = False
) -> Sequence[CaseParty]:
    """Who is in the case now, complainants first."""
    statement = select(CaseParty).where(CaseParty.case_id == case_id)
    if not all_of_them:
        statement = statement.where(CaseParty.state == CasePartyState.ACTIVE)
    statement = statement.order_by(col(CaseParty.side), col(CaseParty.id)).execution_options(populate_existing=True)
    return (await session.exec(statement)).all()


async def parties_of_many(session: AsyncSession | ReadSession, case_ids: Sequence[UUID]) -> Sequence[CaseParty]:
    """Of a page of cases, in one query."""
    rows = await session.exec(
        select(CaseParty)
        .where(col(CaseParty.case_id).in_(case_ids), CaseParty.state == CasePartyState.ACTIVE)
        .order_by(col(CaseParty.id))
    )
    return rows.all()


async def party_in(session: AsyncSession, case_id: UUID, party_id: UUID) -> CaseParty:
    found = await session.exec(
        select(CaseParty)
        .where(CaseParty.id == party_id, CaseParty.case_id == case_id, CaseParty.state == CasePartyState.ACTIVE)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None:
        raise CasePartyNotFoundError
    return row


def _is_mine(actor: Actor) -> ColumnElement[bool]:
    stood_for = select(col(PartyRepresentative.party_id)).where(
        PartyRepresentative.person_id == actor.person_id, PartyRepresentative.state == RepresentativeState.ACTIVE
    )
    return or_(
        col(CaseParty.person_id) == actor.person_id,
        col(CaseParty.enterprise_id).in_(sorted(actor.enterprises(ANSWER))),
        col(CaseParty.id).in_(stood_for),
    )


async def _seat(session: AsyncSession | ReadSession, actor: Actor, case: DisputeCase) -> PanelSeat | None:
    found = await session.exec(
        select(PanelSeat).where(
            PanelSeat.case_id == case.id, PanelSeat.person_id == actor.person_id, PanelSeat.state == SeatState.ACCEPTED
        )
    )
    seat = found.one_or_none()
    # The office is looked at every time: whose appointment has ended manages nothing.
    if (
        seat is not None
        and seat.role is SeatRole.MANAGER
        and not (actor.can(HANDLE) and case.manager_id == actor.person_id)
    ):
        return None
    return seat
