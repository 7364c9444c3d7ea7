"""Who asks for recommendations: everything about the person that one needs, in one statement.

Registration, birth date, consent, the head of the feed and the state of the occupation table: five questions of five
services would cost more than the ranking itself, and this is asked on every start of the mini-program.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.matching.recommendation import SeekerCard
from app.models.common import CodeTableVersion
from app.models.identity import Consent, Person
from app.models.jobs import SeekerProfile
from app.rules.identity.ages import check_may_work
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.jobs.applications import SeekerProfileMissingError
from app.services.common.codes import OCCUPATION
from app.services.jobs import feed
from app.services.jobs.cards import seeker_card

_PURPOSE = ConsentPurpose.PERSONAL_RECOMMENDATION
_AGREED = exists().where(
    and_(
        col(Consent.person_id) == col(Person.id),
        col(Consent.purpose) == _PURPOSE,
        col(Consent.policy_version) == POLICY_VERSIONS[_PURPOSE],
        col(Consent.withdrawn_at).is_(None),
    )
)
_REVISION = select(col(CodeTableVersion.revision)).where(col(CodeTableVersion.code_table) == OCCUPATION)
# Built once: compiling it costs as much as running it.
_STATEMENT = (
    select(
        *SeekerProfile.__table__.columns,  # type: ignore[attr-defined]
        col(Person.birth_date_sealed),
        _AGREED.label("agreed"),
        feed.head().label("head"),
        _REVISION.scalar_subquery().label("revision"),
    )
    .select_from(Person)
    .join(SeekerProfile, col(SeekerProfile.person_id) == col(Person.id))
    .where(col(Person.id) == bindparam("person_id"))
)


@dataclass(frozen=True, slots=True)
class Asking:
    """`head`: the feed's number; `revision`: the state of the occupation table."""

    seeker: SeekerCard
    personalised: bool
    head: int
    revision: str


async def who_asks(connection: AsyncConnection, crypto: Crypto, person_id: UUID, *, now: datetime) -> Asking:
    """Refused without a registration, and under the age of work."""
    row: Any = (await connection.execute(_STATEMENT, {"person_id": person_id})).one_or_none()
    if row is None:
        raise SeekerProfileMissingError
    born = crypto.open_if("person", "birth_date", person_id, row.birth_date_sealed)
    check_may_work(None if born is None else date.fromisoformat(born), china_date(now))
    return Asking(seeker_card(crypto, row), bool(row.agreed), row.head or 0, row.revision or "")
