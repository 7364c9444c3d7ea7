"""From rows to answers: registrations, papers, rosters, blocks."""

from app.core.rotating import ShownCode
from app.models.gigs import RosterMember, WorkerProfile, WorkerSkill
from app.models.organisation import Enterprise
from app.rules.jobs.terms import CoordType
from app.schemas.gigs import profiles as schemas
from app.schemas.gigs import rosters as lists
from app.services.gigs.blocks import Blocked
from app.services.gigs.papers import MinorPapers, SkillPapers
from app.services.gigs.profiles import Details
from app.services.gigs.rosters import Member
from app.services.gigs.skills import Skill


def skill_read(skill: Skill) -> schemas.SkillRead:
    row = skill.row
    return schemas.SkillRead(
        process_code=row.process_code, process_name=skill.process_name, level=row.level, proof=row.proof,
        proof_label=row.proof.label, proof_pending=row.proof_file_id is not None and row.proved_at is None,
        version=row.version,
    )  # fmt: skip


def worker_read(found: Details) -> schemas.WorkerRead:
    row, times = found.row, found.times
    home = None
    if found.home is not None:
        home = schemas.SpotRead(latitude=found.home[0], longitude=found.home[1], coord_type=CoordType.GCJ02)
    minor = schemas.MinorRead(
        needed=found.is_minor, submitted=row.minor_health_file_id is not None, ready_until=row.minor_ready_until
    )
    return schemas.WorkerRead.model_validate(
        row.model_dump(exclude={"home_sealed", "home_coord_type"})
        | {
            "skills": [skill_read(skill) for skill in found.skills],
            "home": home,
            "windows": [schemas.WindowRead.model_validate(window) for window in times.windows],
            "days": [schemas.DayRead.model_validate(day) for day in times.days],
            "anchors": [
                schemas.AnchorRead(
                    weekday=spot.weekday, minute=spot.minute, latitude=spot.latitude, longitude=spot.longitude,
                    coord_type=CoordType.GCJ02,
                )
                for spot in times.anchors
            ],
            "availability_known": found.times_known,
            "minor": minor,
            "notes": found.notes,
        }
    )  # fmt: skip


def minor_papers_read(found: MinorPapers) -> schemas.MinorPapersRead:
    return schemas.MinorPapersRead(
        worker_id=found.row.id, name=found.name, age=found.age, registration_file_id=found.registration_file_id,
        health_file_id=found.health_file_id, ready_until=found.row.minor_ready_until, version=found.row.version,
    )  # fmt: skip


def minor_decided(row: WorkerProfile) -> schemas.MinorDecided:
    return schemas.MinorDecided(worker_id=row.id, ready_until=row.minor_ready_until, version=row.version)


def skill_papers_read(found: SkillPapers) -> schemas.SkillProofRead:
    row = found.skill.row
    return schemas.SkillProofRead(
        skill_id=row.id, name=found.name, process_code=row.process_code, process_name=found.skill.process_name,
        level=row.level, file_id=found.file_id, version=row.version,
    )  # fmt: skip


def skill_decided(row: WorkerSkill) -> schemas.SkillDecided:
    return schemas.SkillDecided(
        skill_id=row.id, level=row.level, proof=row.proof, proof_label=row.proof.label, version=row.version
    )


def code_read(shown: ShownCode) -> lists.RosterCodeRead:
    return lists.RosterCodeRead(code=shown.code, next_at=shown.next_at, expires_at=shown.expires_at)


def membership_read(row: RosterMember, firm: Enterprise) -> lists.MembershipRead:
    return lists.MembershipRead(enterprise_id=firm.id, enterprise_name=firm.name, joined_at=row.created_at)


def member_read(found: Member) -> lists.RosterItem:
    return lists.RosterItem(
        person_id=found.row.person_id, name=found.name, favourite=found.row.favourite, active=found.active,
        skills=[skill_read(skill) for skill in found.skills], joined_at=found.row.created_at, version=found.row.version,
    )  # fmt: skip


def block_read(found: Blocked) -> lists.BlockRead:
    row = found.row
    return lists.BlockRead(
        id=row.id, person_id=row.person_id, name=found.name, reason=row.reason, blocked_at=row.created_at,
        flagged=row.flagged_days is not None, version=row.version,
    )  # fmt: skip


def flagged_read(found: Blocked) -> lists.FlaggedBlockRead:
    row = found.row
    return lists.FlaggedBlockRead(
        id=row.id, enterprise_id=row.enterprise_id, enterprise_name=found.enterprise_name, name=found.name,
        reason=row.reason, flagged_days=row.flagged_days or 0, blocked_at=row.created_at, lifted_at=row.lifted_at,
        version=row.version,
    )  # fmt: skip
