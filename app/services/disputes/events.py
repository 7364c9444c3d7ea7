"""The facts of mediation that services tell one another; `life.py` and `news.py` say who reacts. No words of anybody's."""

from datetime import datetime
from uuid import UUID

from app.core.events import Event
from app.rules.disputes.cases import CaseState
from app.rules.disputes.clocks import ClockKind
from app.rules.disputes.log import CaseLevel


class CaseMoved(Event):
    """A step of the case: for its parties and its manager."""

    case_id: UUID
    number: str
    state: CaseState


class CaseWaits(Event):
    """Nobody manages it: for the desk. `due_at`: until when the first answer is due."""

    case_id: UUID
    number: str
    due_at: datetime | None


class CaseTaken(Event):
    case_id: UUID
    by: UUID


class PartyAsked(Event):
    """These people are asked for a word: a consent, a seat, an extension, a signature, the minutes."""

    case_id: UUID
    number: str
    people: tuple[UUID, ...]
    what: str


class SeatOffered(Event):
    case_id: UUID
    seat_id: UUID
    person_id: UUID
    until: datetime | None = None


class DeadlineTold(Event):
    """Due soon, overdue, or handed up the ladder."""

    case_id: UUID
    number: str
    clock: ClockKind
    due_at: datetime
    step: int
    people: tuple[UUID, ...]
    level: CaseLevel | None = None


class ResolutionMade(Event):
    """A resolution of the joint conference, which is a task."""

    resolution_id: UUID
    words: str
    due_at: datetime
