"""What parties said and showed, read and answered; each look is audited."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.models.disputes import PartyRepresentative
from app.rules.disputes.access import Piece
from app.rules.identity.roles import Actor
from app.schemas.disputes.parties import EvidenceList, EvidenceRead, RepresentativeRead, StatementList, StatementRead
from app.services.common import files
from app.services.disputes import parties
from app.services.disputes.panel_views import (
    evidence_list_read,
    evidence_read,
    representative_read,
    statement_read,
    statements_read,
)
from app.services.disputes.parties import Shown
from app.services.disputes.people import party_names
from app.services.disputes.reading import note_read
from app.services.disputes.standing import parties_of
from app.services.identity.people import facts_of
from app.services.runtime import Runtime

# A link outlives a seat that is taken away by no more than this.
LINK_LIFETIME = timedelta(minutes=1)


async def statements_shown(session: AsyncSession, actor: Actor, case_id: UUID, *, now: datetime) -> StatementList:
    place, found = await parties.statements(session, actor, case_id)
    note_read(session, actor, place.case, Piece.OWN_STATEMENT.value, now)
    return statements_read(found, await _names(session, found))


async def evidence_shown(
    runtime: Runtime, session: AsyncSession, actor: Actor, case_id: UUID, *, now: datetime
) -> EvidenceList:
    place, found = await parties.evidence(session, actor, case_id)
    note_read(session, actor, place.case, Piece.OWN_EVIDENCE.value, now)
    links = await files.links_of(runtime, session, [_file_of(one) for one in found], lifetime=LINK_LIFETIME)
    return evidence_list_read(found, await _names(session, found), links)


async def one_statement(session: AsyncSession, one: Shown) -> StatementRead:
    return statement_read(one, await _names(session, [one]))


async def one_evidence(runtime: Runtime, session: AsyncSession, one: Shown) -> EvidenceRead:
    file_id = _file_of(one)
    links = await files.links_of(runtime, session, [file_id], lifetime=LINK_LIFETIME)
    return evidence_read(one, await _names(session, [one]), links.get(file_id))


async def representative_shown(session: AsyncSession, row: PartyRepresentative) -> RepresentativeRead:
    facts = await facts_of(session, crypto_of(session), [row.person_id])
    name = facts[row.person_id].name if row.person_id in facts else None
    return representative_read(row, name or "未登记姓名")


async def _names(session: AsyncSession, found: Sequence[Shown]) -> dict[UUID, str]:
    cases = {one.row.case_id for one in found}
    names: dict[UUID, str] = {}
    for case_id in cases:
        names |= await party_names(session, await parties_of(session, case_id, all_of_them=True))
    return names


def _file_of(one: Shown) -> UUID:
    file_id: UUID = getattr(one.row, "file_id")  # noqa: B009  # only evidence comes here
    return file_id
