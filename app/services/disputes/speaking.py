"""For whom somebody speaks in a case: themselves, a party that they stand for, or, by the manager, one that cannot here."""

from datetime import datetime
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.events import emit
from app.models.disputes import CaseParty, PartyRepresentative
from app.rules.disputes.access import Act, check_act
from app.rules.disputes.parties import (
    CasePartyKind,
    CasePartyNotFoundError,
    ConsentWay,
    PartySpeaksError,
    RepresentativeState,
)
from app.rules.identity.roles import Actor
from app.services.disputes.events import PartyAsked
from app.services.disputes.people import people_of_parties
from app.services.disputes.standing import ANSWER, Place, party_in
from app.services.identity.onbehalf import take_own_word


def is_themselves(actor: Actor, party: CaseParty) -> bool:
    return party.person_id == actor.person_id or party.enterprise_id in actor.enterprises(ANSWER)


async def speaker(
    session: AsyncSession, actor: Actor, place: Place, party_id: UUID | None, way: ConsentWay | None, *,
    own: bool = False, now: datetime,
) -> tuple[CaseParty, ConsentWay]:  # fmt: skip
    """The party that is spoken for, locked, and how its word came. `own`: no representative can say this.

    The manager writes down the word of a party that is not registered here, and for others what they signed or said
    before them; the party hears of it.
    """
    mine = [party for party in place.mine if not own or is_themselves(actor, party)]
    if way is None:
        check_act(place.standings, Act.SPEAK)
        if party_id is not None and party_id not in {party.id for party in mine}:
            raise CasePartyNotFoundError
        if not mine:
            raise PartySpeaksError
        return await party_in(session, place.case.id, party_id or mine[0].id), ConsentWay.SELF
    check_act(place.standings, Act.MANAGE)
    if party_id is None:
        raise CasePartyNotFoundError
    party = await party_in(session, place.case.id, party_id)
    unregistered = party.kind in {CasePartyKind.OUTSIDER, CasePartyKind.VILLAGE}
    if way is ConsentWay.PHONE and not unregistered:
        raise PartySpeaksError
    people = (await people_of_parties(session, [party], now=now))[party.id]
    if people:
        what = f"承办人登记了您{way.label}的意见，如不属实请立即提出"
        case = place.case
        await emit(session, PartyAsked(at=now, case_id=case.id, number=case.number, people=tuple(people), what=what))
    return party, way


async def own_word(session: AsyncSession, actor: Actor, operation: str, code: str | None, *, now: datetime) -> None:
    """To agree, to sign, to say that it was performed stays with the person: an agent needs the code sent to them alone."""
    await take_own_word(session, crypto_of(session), actor, operation=operation, code=code, now=now)


async def may_concede(session: AsyncSession, actor: Actor, party: CaseParty) -> bool:
    """Themselves, or with an authority of this very party to concede (劳动争议调解仲裁法 第七条)."""
    if is_themselves(actor, party):
        return True
    found = await session.exec(
        select(PartyRepresentative.may_concede).where(
            PartyRepresentative.party_id == party.id, PartyRepresentative.person_id == actor.person_id,
            PartyRepresentative.state == RepresentativeState.ACTIVE,
        )
    )  # fmt: skip
    return bool(found.one_or_none())
