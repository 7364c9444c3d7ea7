"""求职登记: what a person looks for, without a CV."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import check_version
from app.core.errors import StaleError
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.jobs import SeekerProfile
from app.rules.geo import to_gcj02
from app.rules.identity import Actor, ConsentPurpose
from app.rules.jobs.applications import AreaUnknownError, SeekerProfileMissingError, ServiceConsentMissingError
from app.rules.jobs.terms import CoordType
from app.rules.jobs.vacancies import OccupationUnknownError
from app.schemas.jobs.seekers import SeekerForm
from app.schemas.jobs.vacancies import Place
from app.services.common.codes import code_name
from app.services.identity import audit
from app.services.identity.people import lacking_consents
from app.services.organisation.liaison import area_kind


async def save_profile(
    session: AsyncSession, crypto: Crypto, actor: Actor, form: SeekerForm, *, now: datetime
) -> SeekerProfile:
    """Register, or replace the whole form. Nothing in it is required: unknown is asked for later."""
    await _check(session, actor, form)
    row = await _locked(session, actor.person_id, form.expected_version, now)
    values = form.model_dump(mode="json", exclude={"expected_version", "home"})
    # Lists are kept as JSON; single values keep their own types.
    for name in ("level", "wish_pay_unit", "vehicle", "seeker_state", "home_area_id", "earliest_start"):
        values[name] = getattr(form, name)
    for name, value in values.items():
        setattr(row, name, value)
    row.home_sealed, row.home_coord_type = _seal_home(crypto, row.id, form.home)
    audit.record(
        session, "seeker_profile_saved", actor_id=actor.person_id,
        subject_kind="seeker_profile", subject_id=row.id, now=now,
    )  # fmt: skip
    await session.flush()
    return row


async def find_profile(session: AsyncSession, person_id: UUID) -> SeekerProfile | None:
    return (await session.exec(select(SeekerProfile).where(SeekerProfile.person_id == person_id))).one_or_none()


async def get_profile(session: AsyncSession, person_id: UUID) -> SeekerProfile:
    row = await find_profile(session, person_id)
    if row is None:
        raise SeekerProfileMissingError
    return row


async def profiles_of(session: AsyncSession, person_ids: Sequence[UUID]) -> dict[UUID, SeekerProfile]:
    rows = await session.exec(select(SeekerProfile).where(col(SeekerProfile.person_id).in_(person_ids)))
    return {row.person_id: row for row in rows}


def open_home(crypto: Crypto, row: SeekerProfile) -> tuple[float, float] | None:
    """Latitude and longitude in gcj02; only for computing distances."""
    if row.home_sealed is None or row.home_coord_type is None:
        return None
    text = crypto.open_text("seeker_profile", "home", row.id, row.home_sealed)
    latitude, longitude = (float(part) for part in text.split(","))
    return to_gcj02(latitude, longitude, row.home_coord_type)


async def _check(session: AsyncSession, actor: Actor, form: SeekerForm) -> None:
    if ConsentPurpose.SERVICE in await lacking_consents(session, actor.person_id):
        raise ServiceConsentMissingError(purpose=ConsentPurpose.SERVICE.label)
    for code in {*form.wanted, *form.experience_years}:
        if await code_name(session, "occupation", code) is None:
            raise OccupationUnknownError(given=code)
    if form.home_area_id is not None and await area_kind(session, form.home_area_id) is None:
        raise AreaUnknownError


async def _locked(session: AsyncSession, person_id: UUID, expected_version: int | None, now: datetime) -> SeekerProfile:
    fresh = await insert_or_ignore(
        session,
        SeekerProfile,
        {"id": new_id(), "created_at": now, "updated_at": now, "version": 1, "person_id": person_id}
        | {name: [] for name in ("wanted", "machines", "certificates", "shift_patterns")}
        | {"no_list": [], "hidden_from": [], "pay_cycles": [], "experience_years": {}},
    )
    found = await session.exec(select(SeekerProfile).where(SeekerProfile.person_id == person_id).with_for_update())
    row = found.one()
    if fresh:
        return row
    if expected_version is None:
        raise StaleError(current=row.version, expected="未登记")
    check_version(row.version, expected_version)
    row.touch(now)
    return row


def _seal_home(crypto: Crypto, row_id: UUID, home: Place | None) -> tuple[bytes | None, CoordType | None]:
    if home is None or home.latitude is None or home.longitude is None:
        return None, None
    text = f"{home.latitude:.6f},{home.longitude:.6f}"
    return crypto.seal("seeker_profile", "home", row_id, text), home.coord_type
