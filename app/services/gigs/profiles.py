"""零工登记: what a worker can do and wants, their own lists of firms, and undoing what an agent wrote."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import check_version
from app.core.errors import StaleError
from app.core.events import emit
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.gigs import WorkerProfile, WorkerSkill
from app.models.identity import AssistedAct
from app.rules.common.tasks import TaskKind
from app.rules.geo import to_gcj02
from app.rules.gigs.availability import is_known
from app.rules.gigs.labels import is_minor, notes_of
from app.rules.gigs.profiles import ProcessUnknownError, WorkerProfileMissingError, check_days, proof_after
from app.rules.gigs.terms import Proof
from app.rules.identity.ages import check_may_work
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose, check_consent
from app.rules.identity.roles import Actor
from app.rules.jobs.applications import AreaUnknownError
from app.rules.jobs.terms import CoordType
from app.schemas.gigs.profiles import AvailabilityForm, RelationsForm, SkillForm, SpotForm, WorkerForm
from app.services.common import files
from app.services.common.codes import OCCUPATION, known_codes
from app.services.common.content import SCENE_PROFILE, check_texts
from app.services.common.tasks import close_tasks
from app.services.events import ProfileMade
from app.services.gigs import availability, rosters
from app.services.gigs.law import limits_on, lock_worker, standings_of
from app.services.gigs.skills import Skill, named_skills, skills_of
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.consents import consents_of
from app.services.identity.onbehalf import take_own_word
from app.services.identity.people import facts_of_one
from app.services.organisation.liaison import area_kind
from app.services.runtime import Runtime

SUBJECT = "worker_profile"
SAVE = "save_my_worker_profile"
LISTS = ("favourites", "blocks", "hidden_from", "companions")
# What a form says; the rest of the row is the office's, or other forms'.
PLAIN = (
    "active", "urgent", "least_hour_fen", "reach_m", "vehicle", "wanted_minutes_week", "outside_minutes_week",
    "overtime_consent", "student", "retired", "night_ok", "companions", "home_area_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Details:
    """`home`: latitude and longitude in gcj02. `notes`: what follows from it all, in Chinese."""

    row: WorkerProfile
    skills: list[Skill]
    times: availability.Times
    times_known: bool
    is_minor: bool
    notes: list[str]
    home: tuple[float, float] | None


async def find_profile(session: AsyncSession, person_id: UUID) -> WorkerProfile | None:
    return (await session.exec(select(WorkerProfile).where(WorkerProfile.person_id == person_id))).one_or_none()


async def get_profile(session: AsyncSession, person_id: UUID) -> WorkerProfile:
    row = await find_profile(session, person_id)
    if row is None:
        raise WorkerProfileMissingError
    return row


async def details_of(session: AsyncSession, crypto: Crypto, row: WorkerProfile, *, now: datetime) -> Details:
    """The whole registration for its owner."""
    today = china_date(now)
    skills = (await named_skills(session, [row.person_id]))[row.person_id]
    times = (await availability.times_of(session, crypto, [row.person_id], since=today))[row.person_id]
    worker = (await standings_of(session, [row.person_id]))[row.person_id].worker
    limits = await limits_on(session, today)
    known = is_known(times.windows, times.days)
    notes = notes_of(worker, today, limits, skilled=bool(skills), times_known=known)
    return Details(row, skills, times, known, is_minor(worker, today, limits), notes, open_home(crypto, row))


async def save_profile(
    runtime: Runtime, session: AsyncSession, actor: Actor, form: WorkerForm, *, own_code: str | None
) -> WorkerProfile:
    """Register, or replace the whole form. Turning on overtime is the person's own word, also through an agent."""
    # Nobody reads these words but the engine, so a doubt about them needs no second person.
    await check_texts(runtime, actor, {"companions": "\n".join(form.companions)}, scene=SCENE_PROFILE)
    now, crypto = runtime.clock.now(), runtime.crypto
    await _check(session, crypto, actor, form, now)
    row, fresh = await _locked(session, actor.person_id, form.expected_version, now)
    if form.overtime_consent and not row.overtime_consent:
        await take_own_word(session, crypto, actor, operation=SAVE, code=own_code, now=now)
    before = None if fresh else await snapshot(session, crypto, row)
    for name in PLAIN:
        setattr(row, name, getattr(form, name))
    row.home_sealed, row.home_coord_type = seal_home(crypto, row.id, form.home)
    await _save_skills(session, actor.person_id, form.skills, now)
    if fresh:
        await session.flush()
        await emit(session, ProfileMade(at=now, person_id=actor.person_id))
    audit.by(session, actor, "worker_profile_saved", SUBJECT, row.id, now=now)
    await note(session, crypto, actor, row, operation=SAVE, before=before, told="零工登记", now=now)
    return row


async def save_relations(
    session: AsyncSession, crypto: Crypto, actor: Actor, form: RelationsForm, *, now: datetime
) -> WorkerProfile:
    """Favourites, firms never to work for, firms to hide from: nobody is told. Their rosters are left at once."""
    row = await lock_worker(session, actor.person_id)
    check_version(row.version, form.expected_version)
    before = await snapshot(session, crypto, row)
    row.favourites = sorted({str(firm) for firm in form.favourites})
    row.blocks = sorted({str(firm) for firm in form.blocks})
    row.hidden_from = sorted({str(firm) for firm in form.hidden_from})
    row.touch(now)
    await rosters.leave_some(session, actor.person_id, {*form.blocks, *form.hidden_from}, now=now)
    audit.by(session, actor, "worker_relations_saved", SUBJECT, row.id, now=now)
    await note(
        session,
        crypto,
        actor,
        row,
        operation="save_my_worker_relations",
        before=before,
        told="收藏和不去的企业",
        now=now,
    )
    return row


async def save_availability(
    session: AsyncSession, crypto: Crypto, actor: Actor, form: AvailabilityForm, *, now: datetime
) -> WorkerProfile:
    """The whole of it; the registration's version counts, so that two phones do not mix their weeks."""
    given = await consents_of(session, actor.person_id)
    check_consent(given, ConsentPurpose.SERVICE)
    if form.anchors:
        check_consent(given, ConsentPurpose.EXACT_LOCATION)
    check_days((day.day for day in form.days), china_date(now))
    row = await lock_worker(session, actor.person_id)
    check_version(row.version, form.expected_version)
    before = await snapshot(session, crypto, row)
    await availability.replace(session, crypto, actor.person_id, availability.times_in(form), now=now)
    row.touch(now)
    audit.by(session, actor, "availability_saved", SUBJECT, row.id, now=now)
    await note(
        session, crypto, actor, row, operation="save_my_availability", before=before, told="可上班的时间", now=now
    )
    return row


async def note(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    row: WorkerProfile,
    *,
    operation: str,
    before: str | None,
    told: str,
    now: datetime,
) -> None:
    """What an agent did, with the registration as it was before."""
    await note_act(
        session, crypto, actor, operation=operation, subject_kind=SUBJECT, subject_id=row.id,
        subject_version=row.version, before=before, told=told, now=now,
    )  # fmt: skip
    await session.flush()


async def snapshot(session: AsyncSession, crypto: Crypto, row: WorkerProfile) -> str:
    """Form, skills and times as they stand, for undoing an agent's change."""
    kept = row.model_dump(mode="json", include={*PLAIN, *LISTS, "home_coord_type"})
    kept["home"] = crypto.open_if(SUBJECT, "home", row.id, row.home_sealed)
    skills = (await skills_of(session, [row.person_id]))[row.person_id]
    kept["skills"] = {skill.process_code: skill.level for skill in skills}
    kept["times"] = await availability.snapshot(session, crypto, row.person_id)
    return json.dumps(kept, ensure_ascii=False)


async def restore_profile(
    session: AsyncSession, crypto: Crypto, act: AssistedAct, before: str | None, now: datetime
) -> bool:
    """Undo of an agent's registration; False where the person has changed it since."""
    found = await session.exec(select(WorkerProfile).where(WorkerProfile.person_id == act.person_id).with_for_update())
    row = found.one_or_none()
    if row is None or row.version != act.subject_version:
        return False
    if before is None:
        await _save_skills(session, act.person_id, [], now)
        await availability.forget(session, act.person_id)
        await session.delete(row)
        return True
    kept: dict[str, Any] = json.loads(before)
    located = (ConsentPurpose.EXACT_LOCATION, POLICY_VERSIONS[ConsentPurpose.EXACT_LOCATION]) in await consents_of(
        session, act.person_id
    )
    # Withdrawn since: what was erased for it does not come back.
    home = kept.pop("home") if located else None
    skills, times = kept.pop("skills"), kept.pop("times")
    restored = WorkerProfile.model_validate(row.model_dump() | kept)
    for name in kept:
        setattr(row, name, getattr(restored, name))
    row.home_sealed = None if home is None else crypto.seal(SUBJECT, "home", row.id, home)
    row.home_coord_type = None if home is None else restored.home_coord_type
    forms = [SkillForm(process_code=code, level=level) for code, level in skills.items()]
    await _save_skills(session, act.person_id, forms, now)
    await availability.restore(session, crypto, act.person_id, times, located=located, now=now)
    row.touch(now)
    return True


async def erase_places(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """The exact places go; the area, which the person chose from a list, stays."""
    await availability.forget_anchors(session, person_id)
    row = await _held(session, person_id)
    if row is not None:
        row.home_sealed, row.home_coord_type = None, None
        row.touch(now)


async def retire(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Neither allotted nor asked from now on."""
    row = await _held(session, person_id)
    if row is not None and (row.active or row.urgent):
        row.active = row.urgent = False
        row.touch(now)


async def _held(session: AsyncSession, person_id: UUID) -> WorkerProfile | None:
    found = await session.exec(select(WorkerProfile).where(WorkerProfile.person_id == person_id).with_for_update())
    return found.one_or_none()


def open_home(crypto: Crypto, row: WorkerProfile) -> tuple[float, float] | None:
    """Latitude and longitude in gcj02; only for computing distances."""
    text = crypto.open_if(SUBJECT, "home", row.id, row.home_sealed)
    if text is None or row.home_coord_type is None:
        return None
    latitude, longitude = (float(part) for part in text.split(","))
    return to_gcj02(latitude, longitude, row.home_coord_type)


def seal_home(crypto: Crypto, row_id: UUID, home: SpotForm | None) -> tuple[bytes | None, CoordType | None]:
    if home is None:
        return None, None
    text = f"{home.latitude:.6f},{home.longitude:.6f}"
    return crypto.seal(SUBJECT, "home", row_id, text), home.coord_type


async def _check(session: AsyncSession, crypto: Crypto, actor: Actor, form: WorkerForm, now: datetime) -> None:
    given = await consents_of(session, actor.person_id)
    check_consent(given, ConsentPurpose.SERVICE)
    if form.home is not None:
        check_consent(given, ConsentPurpose.EXACT_LOCATION)
    born: date | None = (await facts_of_one(session, crypto, actor.person_id)).birth_date
    check_may_work(born, china_date(now))
    codes = [skill.process_code for skill in form.skills]
    known = await known_codes(session, OCCUPATION, codes)
    for code in codes:
        if code not in known:
            raise ProcessUnknownError(given=code)
    if form.home_area_id is not None and await area_kind(session, form.home_area_id) is None:
        raise AreaUnknownError


async def _locked(
    session: AsyncSession, person_id: UUID, expected_version: int | None, now: datetime
) -> tuple[WorkerProfile, bool]:
    """The row under a lock, and whether it was made just now."""
    empty = WorkerProfile(id=new_id(), created_at=now, updated_at=now, person_id=person_id)
    fresh = await insert_or_ignore(session, WorkerProfile, empty.model_dump())
    row = await lock_worker(session, person_id)
    if fresh:
        return row, True
    if expected_version is None:
        raise StaleError(current=row.version, expected="未登记")
    check_version(row.version, expected_version)
    row.touch(now)
    return row, False


async def _save_skills(session: AsyncSession, person_id: UUID, forms: Sequence[SkillForm], now: datetime) -> None:
    """Rows that stay keep their proof; a higher level than proved is the person's own word again."""
    wanted = {form.process_code: form.level for form in forms}
    for row in (await skills_of(session, [person_id]))[person_id]:
        level = wanted.pop(row.process_code, None)
        if level is None:
            await close_tasks(session, TaskKind.SKILL_PROOF, row.id, by=None, now=now, note="本人已去掉这个工序")
            await files.forget_uses(session, "worker_skill", row.id)
            await session.delete(row)
        elif level != row.level:
            row.proof = proof_after(row.level, row.proof, level)
            if row.proof is Proof.CLAIMED:
                row.proved_by = row.proved_at = None
                # Their own word again: a certificate that ends has nothing to take back.
                row.cause = row.before_level = row.before_proof = None
            row.level = level
            row.touch(now)
    for code, level in wanted.items():
        session.add(WorkerSkill(created_at=now, updated_at=now, person_id=person_id, process_code=code, level=level))
