"""Tables of 零工配产: workers, orders and shifts, runs, offers, time sheets, settlements, standing."""

from app.models.gigs.allocation import AllocationRun, PlanPin, PlanUnfilled, TrainingProposal
from app.models.gigs.offers import Assignment, Offer, WaitingEntry
from app.models.gigs.orders import OrderTemplate, OrderVersion, Shift, ShiftOrder
from app.models.gigs.profiles import (
    Anchor,
    DayException,
    LabourLimitRow,
    RosterMember,
    WageClaim,
    WeeklyWindow,
    WorkerBlock,
    WorkerProfile,
    WorkerSkill,
)
from app.models.gigs.settlements import MediationReferral, PublishingBlock, Settlement, SettlementLine
from app.models.gigs.standing import NoShow, Rating, SharedWorker, SharingAgreement
from app.models.gigs.timesheets import AccidentReport, SiteMark, Timesheet, TimesheetDifference, TimesheetImport

__all__ = [
    "AccidentReport",
    "AllocationRun",
    "Anchor",
    "Assignment",
    "DayException",
    "LabourLimitRow",
    "MediationReferral",
    "NoShow",
    "Offer",
    "OrderTemplate",
    "OrderVersion",
    "PlanPin",
    "PlanUnfilled",
    "PublishingBlock",
    "Rating",
    "RosterMember",
    "Settlement",
    "SettlementLine",
    "SharedWorker",
    "SharingAgreement",
    "Shift",
    "ShiftOrder",
    "SiteMark",
    "Timesheet",
    "TimesheetDifference",
    "TimesheetImport",
    "TrainingProposal",
    "WageClaim",
    "WaitingEntry",
    "WeeklyWindow",
    "WorkerBlock",
    "WorkerProfile",
    "WorkerSkill",
]
