"""The facts of 零工配产 (`core.events.emit`); who reacts stands in `news.py`, registered by `services/reactions`."""

from datetime import date, datetime
from uuid import UUID

from app.core.events import Event
from app.rules.gigs.offers import AssignmentState
from app.rules.gigs.terms import Side


class OfferMade(Event):
    """A seat is held for somebody until they answer."""

    offer_id: UUID
    person_id: UUID
    shift_id: UUID


class PlanLacked(Event):
    """What a published plan of shifts could not fill for want of skill: process × level × week × time."""

    proposal_id: UUID
    process_code: str
    level: int
    halves: int
    shifts: int


class SeatFreed(Event):
    shift_id: UUID


class AssignmentBegun(Event):
    """Somebody has a seat; or, with `ask_to_confirm`, should say now that they will be there."""

    assignment_id: UUID
    shift_id: UUID
    person_id: UUID
    enterprise_id: UUID
    title: str
    standby: bool
    ask_to_confirm: bool = False


class AssignmentEnded(Event):
    """A seat was given up, called off, missed, stood by or worked to its end."""

    assignment_id: UUID
    shift_id: UUID
    person_id: UUID
    enterprise_id: UUID
    state: AssignmentState
    starts_at: datetime


class StandbyPromoted(Event):
    assignment_id: UUID
    shift_id: UUID
    person_id: UUID
    title: str
    starts_at: datetime


class ShiftShort(Event):
    """Seats are free and nobody is left to ask."""

    shift_id: UUID
    enterprise_id: UUID
    title: str
    starts_at: datetime
    heads_short: int


class UrgentWidened(Event):
    shift_id: UUID
    title: str
    enterprise_name: str
    starts_at: datetime
    ring: int
    people: tuple[UUID, ...]


class CompensationOwed(Event):
    """The firm called somebody off too late: what the accepted terms state is due."""

    assignment_id: UUID
    fen: int
    hours: int


class TimesheetOpened(Event):
    """Somebody's shift is over: the hours wait to be stated."""

    timesheet_id: UUID
    shift_id: UUID
    enterprise_id: UUID
    person_id: UUID
    # Of this shift: the firm is told once, not for each person.
    first: bool


class TimesheetStated(Event):
    """One side has stated its record; the other may agree, or differ."""

    timesheet_id: UUID
    shift_id: UUID
    enterprise_id: UUID
    person_id: UUID
    by: Side
    told: str
    answer_by: datetime


class TimesheetMoved(Event):
    """What became of a sheet: agreed, provisional, in difference, answered, reminded, taken to mediation."""

    timesheet_id: UUID
    shift_id: UUID
    enterprise_id: UUID
    person_id: UUID
    # Who is told; None: both.
    side: Side | None
    words: str


class AccidentReported(Event):
    accident_id: UUID
    shift_id: UUID
    enterprise_id: UUID
    person_id: UUID
    by: Side
    claim_due_on: date


class AccidentMoved(Event):
    accident_id: UUID
    shift_id: UUID
    enterprise_id: UUID
    person_id: UUID
    side: Side
    words: str


class TimesheetPayable(Event):
    """Time or pieces may be paid: both sides agree, one was silent, or this much of a difference is undisputed.

    Comes again for the same sheet when what counts has changed (`timesheet.final_minutes`, `final_pieces`).
    """

    timesheet_id: UUID
    assignment_id: UUID
    enterprise_id: UUID
    person_id: UUID
    provisional: bool


class SharingMoved(Event):
    """An agreement of 共享用工 took a step: for both firms and the people it names."""

    agreement_id: UUID
    lender_id: UUID
    borrower_id: UUID
    people: tuple[UUID, ...]
    title: str
    words: str


class PayMoved(Event):
    """What became of a settlement, in words for one side or (None) both."""

    settlement_id: UUID
    enterprise_id: UUID
    person_id: UUID
    side: Side | None
    overdue: bool
    title: str
    words: str


class FirmOverdue(Event):
    """A firm's wages are late: for its liaison cadres, counts and sums, no names."""

    enterprise_id: UUID
    enterprise_name: str
    settlements: int
    people: int
    fen: int
    days: int


class BlockMoved(Event):
    """A publishing block was proposed, told, decided, appealed or lifted: for the firm's people."""

    block_id: UUID
    enterprise_id: UUID
    title: str
    words: str


class WagesClaimed(Event):
    """Somebody objected to a time sheet or a settlement, or chose mediation: a block soon after is flagged."""

    enterprise_id: UUID
    person_id: UUID


class MediationChosen(Event):
    """A side took a difference to mediation: the referral holds the facts; `by`: the human at the screen."""

    referral_id: UUID
    by: UUID


class NoShowCounted(Event):
    no_show_id: UUID
    person_id: UUID
    points: int
    rule: str
    expires_on: date
    appeal_days: int


class NoShowDecided(Event):
    no_show_id: UUID
    person_id: UUID
    upheld: bool


class OrderReviewed(Event):
    """The gigs office has looked at an order that was held."""

    order_id: UUID
    person_id: UUID
    title: str
    published: bool
    note: str | None
