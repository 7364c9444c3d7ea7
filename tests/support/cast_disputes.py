"""Rows of mediation for the matrix of permissions: cases of oneself, of a firm, of an office; a conference."""

from uuid import UUID

from app.core.clock import china_date
from app.core.ids import new_id
from app.models.disputes import CaseParty, Conference, DisputeCase, PanelSeat
from app.rules.disputes.cases import CaseKind, IntakeChannel
from app.rules.disputes.panel import SeatBody, SeatRole, SeatState
from app.rules.disputes.parties import CasePartyKind, CaseSide
from app.rules.identity.roles import Role
from tests.factories.world import Someone
from tests.support.cast import Cast, Rows, rows

COMPLAINT = {
    "kind": "contract", "respondent": {"kind": "outsider", "name": "某供应商"}, "claim": "交付布料",
    "statement": "合同约定的布料没有交付。",
}  # fmt: skip


async def cases(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Own: in which the caller claims; of the firm: in which it answers."""
    del role

    async def of(person: Someone, firm: str) -> str:
        async def make() -> str:
            case_id = await _case(cast, cast.area)
            complainant = {"side": CaseSide.COMPLAINANT, "kind": CasePartyKind.PERSON, "person_id": UUID(person.id)}
            respondent = {"side": CaseSide.RESPONDENT, "kind": CasePartyKind.ENTERPRISE, "enterprise_id": UUID(firm)}
            for party in (complainant, respondent):
                await cast.add(CaseParty, case_id=UUID(case_id), **party)
            return case_id

        return str(await cast.once(("case", person.id, firm), make))

    mine, theirs = await of(someone, cast.rival), await of(cast.colleague, cast.firm)
    return rows("case_id", mine, theirs, await of(cast.stranger, cast.rival))


async def managed(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Own: which the caller manages; the others somebody else."""
    del role

    async def by(person: Someone) -> str:
        async def make() -> str:
            case_id = await _case(cast, cast.area, manager=person)
            await cast.add(
                PanelSeat, case_id=UUID(case_id), person_id=UUID(person.id), role=SeatRole.MANAGER,
                body=SeatBody.PARTY_COMMITTEE, state=SeatState.ACCEPTED, invited_by=UUID(person.id),
            )  # fmt: skip
            return case_id

        return str(await cast.once(("managed", person.id), make))

    return rows("case_id", await by(someone), await by(cast.colleague), await by(cast.stranger))


async def waiting(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Nobody's yet: in the office's area, and elsewhere."""
    del someone, role
    near = await cast.once("waiting", lambda: _case(cast, cast.area))
    return rows("case_id", near, near, await cast.once("waiting far", lambda: _case(cast, cast.elsewhere)))


async def conferences(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role
    today = china_date(cast.world.clock.now())
    values = {
        "title": "测试会议",
        "held_on": today,
        "first": today,
        "last": today,
        "agenda": [],
        "called_by": UUID(cast.stranger.id),
    }
    made = await cast.once("conference", lambda: cast.add(Conference, **values))
    return rows("conference_id", made, made, made)


async def _case(cast: Cast, area: str, manager: Someone | None = None) -> str:
    return await cast.add(
        DisputeCase, number=f"TJ-{new_id().hex[-12:]}", kind=CaseKind.OTHER, channel=IntakeChannel.VISIT,
        area_id=UUID(area), opened_by=UUID(cast.stranger.id), asked_at=cast.world.clock.now(), manager_id=None if manager is None else UUID(manager.id),
    )  # fmt: skip
