"""The facts of training that services tell one another; `life.py` and `news.py` say who reacts."""

from datetime import date, datetime
from uuid import UUID

from app.core.events import Event
from app.rules.jobs.terms import SkillLevel
from app.rules.training.certificates import CertificateState
from app.rules.training.competitions import CompetitionState, EntryState
from app.rules.training.courses import CourseBrand
from app.rules.training.declarations import DeclarationState
from app.rules.training.demands import DemandState, ShortageKind
from app.rules.training.enrolments import EnrolmentState


class DemandMoved(Event):
    demand_id: UUID
    person_id: UUID
    what: str
    state: DemandState
    class_id: UUID | None = None
    until: datetime | None = None


class DemandUnmatched(Event):
    """Asked in free words: somebody has to say which course that is."""

    demand_id: UUID
    heads: int


class DemandMatched(Event):
    demand_id: UUID
    by: UUID | None


class PoolGrew(Event):
    """Enough for a class."""

    pool_id: UUID
    title: str
    heads: int
    minimum: int


class PoolSettled(Event):
    pool_id: UUID
    by: UUID


class ShortageProposed(Event):
    shortage_id: UUID
    told: str


class ShortageDecided(Event):
    shortage_id: UUID
    kind: ShortageKind
    key: str
    taken: bool
    by: UUID


class SeatMoved(Event):
    """Where somebody stands with a class. `by_themselves`: they know already."""

    enrolment_id: UUID
    class_id: UUID
    person_id: UUID
    title: str
    state: EnrolmentState
    until: datetime | None = None
    by_themselves: bool = False


class ApprovalWanted(Event):
    class_id: UUID
    title: str


class ApprovalsDone(Event):
    class_id: UUID
    by: UUID | None


class ClassCancelled(Event):
    class_id: UUID
    title: str
    reason: str
    people: tuple[UUID, ...]


class SessionMoved(Event):
    class_id: UUID
    title: str
    starts_at: datetime
    venue: str
    people: tuple[UUID, ...]


class ClassPassed(Event):
    """Once for each enrolment, when the class is completed."""

    enrolment_id: UUID
    person_id: UUID
    title: str
    brand: CourseBrand
    on_day: date
    by: UUID


class CertificateMoved(Event):
    certificate_id: UUID
    enrolment_id: UUID
    person_id: UUID
    title: str
    state: CertificateState
    by: UUID


class SkillProven(Event):
    """A certificate that holds, of somebody who wants it in their profiles. `cause` names the pass for ever."""

    cause: str
    person_id: UUID
    title: str
    word: str | None
    occupation_code: str | None
    level: SkillLevel | None
    process_code: str | None
    gig_level: int | None


class SkillUnproven(Event):
    cause: str
    person_id: UUID


class PassRevoked(Event):
    """What the pass earned goes back."""

    cause: str
    person_id: UUID
    by: UUID


class DeclarationMoved(Event):
    declaration_id: UUID
    person_id: UUID
    target: str
    state: DeclarationState
    by: UUID | None = None


class CompetitionMoved(Event):
    competition_id: UUID
    title: str
    state: CompetitionState
    people: tuple[UUID, ...]


class ContestantMoved(Event):
    competition_id: UUID
    person_id: UUID
    title: str
    state: EntryState


class CompetitionObjected(Event):
    competition_id: UUID
    objection_id: UUID
    title: str
    due_at: datetime | None


class CompetitionAnswered(Event):
    competition_id: UUID
    objection_id: UUID
    person_id: UUID
    title: str
    upheld: bool
    by: UUID
