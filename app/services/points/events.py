"""The facts of points that services tell one another (`core.events.emit`); see `life.py` and `news.py` for who reacts."""

from datetime import date, datetime
from uuid import UUID

from app.core.events import Event
from app.rules.points.claims import ClaimState
from app.rules.points.earning import AwardState
from app.rules.points.rewards import RedemptionState


class VolunteerHours(Event):
    """Hours of one volunteer. `cause` names this confirmation for ever."""

    cause: str
    person_id: UUID
    minutes: int


class HoursConfirmed(Event):
    activity_id: UUID
    title: str
    on_day: date
    grid_id: UUID | None
    confirmed_by: UUID
    hours: tuple[VolunteerHours, ...]


class HoursVoided(Event):
    activity_id: UUID
    title: str
    cause: str
    person_id: UUID
    voided_by: UUID


class ActivityCancelled(Event):
    activity_id: UUID
    title: str
    reason: str
    people: tuple[UUID, ...]


class PointsAwarded(Event):
    """Points came in, or wait for the budget, or the cap left none."""

    person_id: UUID
    told: str
    points: int
    state: AwardState


class PointsTakenBack(Event):
    person_id: UUID
    told: str
    points: int


class PointsClaimDecided(Event):
    claim_id: UUID
    person_id: UUID
    rule: str
    state: ClaimState


class RedemptionMoved(Event):
    redemption_id: UUID
    person_id: UUID
    title: str
    site: str
    until: datetime
    state: RedemptionState
    # What came back to the person, where it ended without being handed over.
    returned: int


class StockLow(Event):
    reward_id: UUID
    site_id: UUID
    title: str
    site: str
    free: int


class ObjectionAnswered(Event):
    objection_id: UUID
    person_id: UUID
    upheld: bool
