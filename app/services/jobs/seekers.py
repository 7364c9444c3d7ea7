"""求职登记: what a person looks for, without a CV."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import check_version, fetch
from app.core.errors import FieldIssue, StaleError, UnauthorisedError
from app.core.events import emit
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.identity import AssistedAct, Person
from app.models.jobs import SeekerProfile
from app.rules.geo import to_gcj02
from app.rules.identity.ages import check_may_work
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose, check_consent
from app.rules.identity.roles import Actor
from app.rules.jobs.applications import AreaUnknownError, ProfileIncompleteError, SeekerProfileMissingError
from app.rules.jobs.terms import CoordType
from app.rules.jobs.vacancies import OccupationUnknownError
from app.schemas.jobs.seekers import SeekerForm
from app.schemas.jobs.vacancies import Place
from app.services.common.codes import code_name
from app.services.common.content import SCENE_PROFILE, check_texts
from app.services.events import ProfileMade
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.consents import consents_of
from app.services.identity.people import facts_of_one
from app.services.organisation.liaison import area_kind
from app.services.runtime import Runtime

SUBJECT = "seeker_profile"
TECHNICAL = {"id", "created_at", "updated_at", "version", "person_id", "proven"}


async def save_profile(runtime: Runtime, session: AsyncSession, actor: Actor, form: SeekerForm) -> SeekerProfile:
    """Register, or replace the whole form. Nothing in it is required: unknown is asked for later."""
    words = {"machines": "\n".join(form.machines), "certificates": "\n".join(form.certificates)}
    # Nobody reads these words but the engine, so a doubt about them (`held`) needs no second person.
    await check_texts(runtime, actor, words, scene=SCENE_PROFILE)
    now, crypto = runtime.clock.now(), runtime.crypto
    await _check(session, crypto, actor, form, now)
    row, fresh = await _locked(session, actor.person_id, form.expected_version, now)
    before = None if fresh else _snapshot(crypto, row)
    values = form.model_dump(mode="json", exclude={"expected_version", "home"})
    # Lists are kept as JSON; single values keep their own types.
    for name in ("level", "wish_pay_unit", "vehicle", "seeker_state", "home_area_id", "earliest_start"):
        values[name] = getattr(form, name)
    for name, value in values.items():
        setattr(row, name, value)
    row.home_sealed, row.home_coord_type = _seal_home(crypto, row.id, form.home)
    if fresh:
        await session.flush()
        await emit(session, ProfileMade(at=now, person_id=actor.person_id))
    audit.by(session, actor, "seeker_profile_saved", SUBJECT, row.id, now=now)
    await note_act(
        session, crypto, actor, operation="save_my_seeker_profile", subject_kind=SUBJECT, subject_id=row.id,
        subject_version=row.version, before=before, told="求职登记", now=now,
    )  # fmt: skip
    await session.flush()
    return row


async def restore_profile(
    session: AsyncSession, crypto: Crypto, act: AssistedAct, before: str | None, now: datetime
) -> bool:
    """Undo of an agent's registration; False where the person has changed it since."""
    found = await session.exec(select(SeekerProfile).where(SeekerProfile.person_id == act.person_id).with_for_update())
    row = found.one_or_none()
    if row is None or row.version != act.subject_version:
        return False
    if before is None:
        await session.delete(row)
        return True
    kept = json.loads(before)
    home = kept.pop("home")
    if (ConsentPurpose.EXACT_LOCATION, POLICY_VERSIONS[ConsentPurpose.EXACT_LOCATION]) not in await consents_of(
        session, act.person_id
    ):
        # Withdrawn since: what was erased for it does not come back.
        home = kept["home_coord_type"] = None
    row.home_sealed = None if home is None else crypto.seal(SUBJECT, "home", row.id, home)
    # Only the form was kept: what the row is and whose stays.
    restored = SeekerProfile.model_validate(kept | row.model_dump(include=TECHNICAL))
    for name in kept:
        setattr(row, name, getattr(restored, name))
    row.touch(now)
    return True


async def home_area_of(session: AsyncSession, person_id: UUID) -> UUID | None:
    """The area in which the person says they live; unknown is nobody's area."""
    found = await session.exec(select(col(SeekerProfile.home_area_id)).where(SeekerProfile.person_id == person_id))
    return found.one_or_none()


async def erase_home(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """The exact place goes; the area, which the person chose from a list, stays."""
    found = await session.exec(select(SeekerProfile).where(SeekerProfile.person_id == person_id).with_for_update())
    row = found.one_or_none()
    if row is not None and row.home_sealed is not None:
        row.home_sealed, row.home_coord_type = None, None
        row.touch(now)


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


def open_home(crypto: Crypto, row: Any) -> tuple[float, float] | None:
    """Latitude and longitude in gcj02; only for computing distances."""
    if row.home_sealed is None or row.home_coord_type is None:
        return None
    text = crypto.open_text(SUBJECT, "home", row.id, row.home_sealed)
    latitude, longitude = (float(part) for part in text.split(","))
    return to_gcj02(latitude, longitude, row.home_coord_type)


async def check_ready(session: AsyncSession, crypto: Crypto, actor: Actor, now: datetime) -> None:
    """Name, phone and birth date before the first application: the firm must reach and may lawfully hire the person."""
    facts = await facts_of_one(session, crypto, actor.person_id)
    needed = {
        "name": ("姓名", facts.name),
        "phone": ("手机号", facts.phone),
        "birth_date": ("出生日期", facts.birth_date),
    }
    missing = {path: label for path, (label, value) in needed.items() if value is None}
    if await find_profile(session, actor.person_id) is None:
        missing["seeker_profile"] = "求职登记"
    if missing:
        raise ProfileIncompleteError(
            missing="、".join(missing.values()),
            fields=[FieldIssue(path=path, message=f"请先补全{label}") for path, label in missing.items()],
        )
    check_may_work(facts.birth_date, china_date(now))


async def _check(session: AsyncSession, crypto: Crypto, actor: Actor, form: SeekerForm, now: datetime) -> None:
    given = await consents_of(session, actor.person_id)
    check_consent(given, ConsentPurpose.SERVICE)
    if form.home is not None and form.home.latitude is not None:
        check_consent(given, ConsentPurpose.EXACT_LOCATION)
    person = await fetch(session, Person, actor.person_id, UnauthorisedError)
    born = crypto.open_if("person", "birth_date", person.id, person.birth_date_sealed)
    check_may_work(None if born is None else date.fromisoformat(born), china_date(now))
    for code in {*form.wanted, *form.experience_years}:
        if await code_name(session, "occupation", code) is None:
            raise OccupationUnknownError(given=code)
    if form.home_area_id is not None and await area_kind(session, form.home_area_id) is None:
        raise AreaUnknownError


async def _locked(
    session: AsyncSession, person_id: UUID, expected_version: int | None, now: datetime
) -> tuple[SeekerProfile, bool]:
    """The row under a lock, and whether it was made just now."""
    fresh = await insert_or_ignore(
        session,
        SeekerProfile,
        {"id": new_id(), "created_at": now, "updated_at": now, "version": 1, "person_id": person_id, "findable": False}
        | {name: [] for name in ("wanted", "machines", "certificates", "shift_patterns")}
        | {"no_list": [], "hidden_from": [], "pay_cycles": [], "experience_years": {}},
    )
    found = await session.exec(select(SeekerProfile).where(SeekerProfile.person_id == person_id).with_for_update())
    row = found.one()
    if fresh:
        return row, True
    if expected_version is None:
        raise StaleError(current=row.version, expected="未登记")
    check_version(row.version, expected_version)
    row.touch(now)
    return row, False


def _snapshot(crypto: Crypto, row: SeekerProfile) -> str:
    """The form as it stands, for undoing an agent's change."""
    # Being found is the person's own switch; no agent's form holds it.
    own = {"home_sealed", "findable", "findable_at", "findable_text"}
    kept = row.model_dump(mode="json", exclude=TECHNICAL | own)
    kept["home"] = crypto.open_if(SUBJECT, "home", row.id, row.home_sealed)
    return json.dumps(kept, ensure_ascii=False)


def _seal_home(crypto: Crypto, row_id: UUID, home: Place | None) -> tuple[bytes | None, CoordType | None]:
    if home is None or home.latitude is None or home.longitude is None:
        return None, None
    text = f"{home.latitude:.6f},{home.longitude:.6f}"
    return crypto.seal(SUBJECT, "home", row_id, text), home.coord_type
