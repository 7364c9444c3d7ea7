"""What the office looks at before it counts: proofs of skill, and the papers of workers of 16 and 17."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, fetch, lock
from app.models.gigs import WorkerProfile, WorkerSkill
from app.rules.common.files import FilePurpose
from app.rules.common.notices import NoticeKind
from app.rules.common.tasks import TaskKind
from app.rules.gigs.profiles import (
    NothingToProveError,
    WorkerPapersNotFoundError,
    WorkerSkillNotFoundError,
    check_minor,
    check_ready_until,
)
from app.rules.gigs.terms import Proof
from app.rules.identity.ages import compute_age
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.masks import mask_name
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.schemas.gigs.profiles import MinorDecisionForm, MinorPapersForm, SkillDecisionForm, SkillProofForm
from app.services.common import files
from app.services.common.notices import notify
from app.services.common.tasks import close_tasks, open_task
from app.services.gigs.law import limits_on, lock_worker
from app.services.gigs.profiles import SUBJECT as PROFILE
from app.services.gigs.skills import Skill, find_skill, named, skills_of
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.consents import consents_of
from app.services.identity.people import PersonFacts, facts_of_one

SKILL = "worker_skill"
# Handed to the office: replaced by other papers, not undone.
PAPERS = "worker_papers"


@dataclass(frozen=True, slots=True)
class SkillPapers:
    skill: Skill
    # Masked.
    name: str | None
    file_id: UUID


@dataclass(frozen=True, slots=True)
class MinorPapers:
    row: WorkerProfile
    # Masked.
    name: str | None
    age: int | None
    registration_file_id: UUID
    health_file_id: UUID


async def submit_proof(
    session: AsyncSession, crypto: Crypto, actor: Actor, process_code: str, form: SkillProofForm, *, now: datetime
) -> Skill:
    """A certificate or another paper for one's own skill; until the office has looked, the level counts as claimed."""
    await lock_worker(session, actor.person_id)
    row = await find_skill(session, actor.person_id, process_code)
    if row is None:
        raise WorkerSkillNotFoundError
    check_version(row.version, form.expected_version)
    await files.forget_uses(session, SKILL, row.id)
    await files.bind(
        session, actor, [form.file_id], purpose=FilePurpose.SKILL_PROOF, subject_kind=SKILL, subject_id=row.id, now=now
    )
    row.proof_file_id, row.proof, row.proved_by, row.proved_at = form.file_id, Proof.CLAIMED, None, None
    row.touch(now)
    (skill,) = await named(session, [row])
    await open_task(
        session, TaskKind.SKILL_PROOF, row.id, title=f"核对技能证明：{skill.process_name}{row.level}级", now=now
    )
    audit.by(session, actor, "skill_proof_submitted", SKILL, row.id, now=now)
    await note_act(
        session, crypto, actor, operation="submit_skill_proof", subject_kind=PAPERS, subject_id=row.id,
        subject_version=row.version, before=None, told=f"提交“{skill.process_name}”的证明", now=now, undoable=False,
    )  # fmt: skip
    return skill


async def read_proof(session: ReadSession, crypto: Crypto, actor: Actor, skill_id: UUID) -> SkillPapers:
    check_town_wide(actor, Permission.GIG_DECIDE)
    row = await fetch(session, WorkerSkill, skill_id, WorkerSkillNotFoundError)
    if row.proof_file_id is None:
        raise WorkerSkillNotFoundError
    (skill,) = await named(session, [row])
    return SkillPapers(skill, _masked(await facts_of_one(session, crypto, row.person_id)), row.proof_file_id)


async def decide_proof(
    session: AsyncSession, actor: Actor, skill_id: UUID, form: SkillDecisionForm, *, now: datetime
) -> WorkerSkill:
    """By another person than the worker; both ways the worker hears it, a refusal with its reason."""
    check_town_wide(actor, Permission.GIG_DECIDE)
    row = await lock(session, WorkerSkill, skill_id, WorkerSkillNotFoundError)
    if row.person_id == actor.person_id:
        raise SelfReviewError
    check_version(row.version, form.expected_version)
    if not await close_tasks(
        session, TaskKind.SKILL_PROOF, row.id, by=actor.person_id, now=now, note=form.reason or None
    ):
        raise NothingToProveError
    if form.approve and form.proof is not None:
        row.proof, row.level = form.proof, form.level or row.level
        row.proved_by, row.proved_at = actor.person_id, now
    else:
        row.proof_file_id = None
        await files.forget_uses(session, SKILL, row.id)
    row.touch(now)
    (skill,) = await named(session, [row])
    result = f"已核对为{row.level}级（{row.proof.label}）" if form.approve else f"没有通过：{form.reason}"
    audit.by(session, actor, "skill_proof_decided", SKILL, row.id, now=now, approved=str(form.approve))
    await notify(
        session, person_id=row.person_id, kind=NoticeKind.GIG_STANDING, now=now, title="技能证明核对结果",
        body=f"您的“{skill.process_name}”{result}。", page="pages/worker/profile",
        template_data={"thing1": skill.process_name[:20], "phrase2": "已通过" if form.approve else "未通过"},
    )  # fmt: skip
    return row


async def submit_minor_papers(
    session: AsyncSession, crypto: Crypto, actor: Actor, form: MinorPapersForm, *, now: datetime
) -> WorkerProfile:
    """未成年工登记证 and health check, of those who need them and nobody else; a health check is sensitive."""
    given = await consents_of(session, actor.person_id)
    check_consent(given, ConsentPurpose.SERVICE)
    check_consent(given, ConsentPurpose.HEALTH)
    today = china_date(now)
    check_minor(
        (await facts_of_one(session, crypto, actor.person_id)).birth_date, today, await limits_on(session, today)
    )
    row = await lock_worker(session, actor.person_id)
    check_version(row.version, form.expected_version)
    chosen = [form.registration_file_id, form.health_file_id]
    await files.forget_uses(session, PROFILE, row.id)
    await files.bind(
        session, actor, chosen, purpose=FilePurpose.MINOR_PAPER, subject_kind=PROFILE, subject_id=row.id, now=now
    )
    row.minor_registration_file_id, row.minor_health_file_id = chosen
    # What was looked at were other papers.
    row.minor_ready_until = row.minor_confirmed_by = None
    row.touch(now)
    await open_task(session, TaskKind.MINOR_CONFIRM, row.id, title="核对未成年工登记证和体检表", now=now)
    audit.by(session, actor, "minor_papers_submitted", PROFILE, row.id, now=now)
    await note_act(
        session, crypto, actor, operation="submit_minor_papers", subject_kind=PAPERS, subject_id=row.id,
        subject_version=row.version, before=None, told="提交未成年工登记材料", now=now, undoable=False,
    )  # fmt: skip
    await session.flush()
    return row


async def read_minor_papers(
    session: ReadSession, crypto: Crypto, actor: Actor, worker_id: UUID, *, now: datetime
) -> MinorPapers:
    check_town_wide(actor, Permission.GIG_DECIDE)
    row = await fetch(session, WorkerProfile, worker_id, WorkerPapersNotFoundError)
    if row.minor_registration_file_id is None or row.minor_health_file_id is None:
        raise WorkerPapersNotFoundError
    facts = await facts_of_one(session, crypto, row.person_id)
    age = None if facts.birth_date is None else compute_age(facts.birth_date, china_date(now))
    return MinorPapers(row, _masked(facts), age, row.minor_registration_file_id, row.minor_health_file_id)


async def decide_minor_papers(
    session: AsyncSession, actor: Actor, worker_id: UUID, form: MinorDecisionForm, *, now: datetime
) -> WorkerProfile:
    """The office has seen registration and health check: from now until a day the person may be given fitting shifts."""
    check_town_wide(actor, Permission.GIG_DECIDE)
    row = await lock(session, WorkerProfile, worker_id, WorkerPapersNotFoundError)
    if row.person_id == actor.person_id:
        raise SelfReviewError
    check_version(row.version, form.expected_version)
    until: date | None = form.ready_until if form.approve else None
    if until is not None:
        check_ready_until(until, now, await limits_on(session, china_date(now)))
    if not await close_tasks(
        session, TaskKind.MINOR_CONFIRM, row.id, by=actor.person_id, now=now, note=form.reason or None
    ):
        raise NothingToProveError
    row.minor_ready_until = until
    row.minor_confirmed_by = actor.person_id if until else None
    if until is None:
        row.minor_registration_file_id = row.minor_health_file_id = None
        await files.forget_uses(session, PROFILE, row.id)
    row.touch(now)
    result = f"已核对，有效期到{until:%Y年%m月%d日}，可以接适合的班次" if until else f"没有通过：{form.reason}"
    audit.by(session, actor, "minor_papers_decided", PROFILE, row.id, now=now, approved=str(form.approve))
    await notify(
        session, person_id=row.person_id, kind=NoticeKind.GIG_STANDING, now=now, title="未成年工登记核对结果",
        body=f"您的登记证和体检表{result}。", page="pages/worker/minor",
        template_data={"thing1": "未成年工登记", "phrase2": "已通过" if until else "未通过"},
    )  # fmt: skip
    return row


async def erase_health(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Consent to health data is withdrawn: the papers go, and with them what was built on them."""
    found = await session.exec(select(WorkerProfile).where(WorkerProfile.person_id == person_id).with_for_update())
    row = found.one_or_none()
    if row is None or row.minor_health_file_id is None:
        return
    papers = [row.minor_health_file_id, row.minor_registration_file_id]
    await _erase_files(session, papers, (PROFILE, row.id), "本人撤回同意", now)
    row.minor_health_file_id = row.minor_registration_file_id = None
    row.minor_ready_until = row.minor_confirmed_by = None
    row.touch(now)
    await close_tasks(session, TaskKind.MINOR_CONFIRM, row.id, by=None, now=now, note="本人撤回同意")


async def forget_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """The account ends: its papers go with it, and nothing waits for the office any more."""
    found = await session.exec(select(WorkerProfile).where(WorkerProfile.person_id == person_id))
    for profile in found:
        papers = [profile.minor_health_file_id, profile.minor_registration_file_id]
        profile.minor_health_file_id = profile.minor_registration_file_id = None
        await _erase_files(session, papers, (PROFILE, profile.id), "账号已注销", now)
        await close_tasks(session, TaskKind.MINOR_CONFIRM, profile.id, by=None, now=now, note="账号已注销")
    for skill in (await skills_of(session, [person_id]))[person_id]:
        proof, skill.proof_file_id = skill.proof_file_id, None
        await _erase_files(session, [proof], (SKILL, skill.id), "账号已注销", now)
        await close_tasks(session, TaskKind.SKILL_PROOF, skill.id, by=None, now=now, note="账号已注销")


async def _erase_files(
    session: AsyncSession, file_ids: Sequence[UUID | None], subject: tuple[str, UUID], because: str, now: datetime
) -> None:
    """Gone, and shown to the office no more."""
    given = [file_id for file_id in file_ids if file_id is not None]
    await files.erase_some(session, given, because=because, now=now)
    await files.forget_uses(session, *subject)


def _masked(facts: PersonFacts) -> str | None:
    return mask_name(facts.name) if facts.name else None
