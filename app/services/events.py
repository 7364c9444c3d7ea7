"""The facts that services tell one another (`core.events.emit`); who reacts stands in `reactions.py`."""

from datetime import date, datetime
from uuid import UUID

from app.core.events import Event
from app.rules.common.reports import ReportSubject
from app.rules.identity.apps import WechatApp
from app.rules.identity.consents import ConsentPurpose
from app.rules.identity.privacy import HeldData
from app.rules.jobs.applications import ApplicationSource, ApplicationState, RejectReason
from app.rules.jobs.fairs import BoothState
from app.rules.jobs.interviews import InterviewState
from app.rules.jobs.invitations import DeclineReason, InvitationState


class EnterpriseClaimReviewed(Event):
    claim_id: UUID
    person_id: UUID
    enterprise_name: str
    approved: bool
    reason: str | None
    # 认领 or 登记: both are an officer's word on who may act for the firm.
    what: str = "认领"


class VacancyReviewed(Event):
    vacancy_id: UUID
    person_id: UUID
    title: str
    published: bool
    note: str | None


class VacancyTakenDown(Event):
    """Off the lists by the office; `evidence` in words meant for the firm, None where a report's answer says it."""

    vacancy_id: UUID
    enterprise_id: UUID
    title: str
    basis: str
    evidence: str | None
    appeal_until: datetime


class TakedownAnswered(Event):
    vacancy_id: UUID
    enterprise_id: UUID
    title: str
    overturned: bool
    vacancy_state: str
    taken_by: UUID


class VacancyImportEnded(Event):
    import_id: UUID
    person_id: UUID
    summary: str


class ApplicationReceived(Event):
    application_id: UUID
    vacancy_id: UUID
    enterprise_id: UUID
    title: str
    source: ApplicationSource = ApplicationSource.SELF


class ApplicationMoved(Event):
    """A step that the firm took; the seeker sees every one."""

    application_id: UUID
    person_id: UUID
    title: str
    enterprise_name: str
    state: ApplicationState
    reason: RejectReason | None


class ApplicationSettled(Event):
    """Rejected, withdrawn or hired: nothing that was being arranged for it goes on."""

    application_id: UUID
    state: ApplicationState


class ApplicationsUntouched(Event):
    """So many applications at one vacancy have waited a week; `people`: those whose offer stands open."""

    vacancy_id: UUID
    enterprise_id: UUID
    title: str
    enterprise_name: str
    waiting: int
    offered: int
    people: tuple[UUID, ...]


class SeekerInvited(Event):
    """`because`: the engine's reasons, as the person reads them."""

    invitation_id: UUID
    person_id: UUID
    title: str
    enterprise_name: str
    because: tuple[str, ...]


class InvitationAnswered(Event):
    """Declined by the person, taken back by the firm, or lapsed; an accepted one is an application."""

    invitation_id: UUID
    person_id: UUID
    vacancy_id: UUID
    enterprise_id: UUID
    title: str
    enterprise_name: str
    state: InvitationState
    reason: DeclineReason | None


class OfferAnswered(Event):
    """By the person, to the firm; `reason` may be given with a refusal."""

    application_id: UUID
    vacancy_id: UUID
    enterprise_id: UUID
    title: str
    accepted: bool
    reason: DeclineReason | None


class InterviewChanged(Event):
    """`by_firm` None: time did it. `when`: the slots or the agreed time, in words."""

    interview_id: UUID
    application_id: UUID
    person_id: UUID
    vacancy_id: UUID
    enterprise_id: UUID
    title: str
    enterprise_name: str
    state: InterviewState
    when: str
    by_firm: bool | None


class InterviewComing(Event):
    interview_id: UUID
    person_id: UUID
    enterprise_id: UUID
    title: str
    enterprise_name: str
    when: str
    place: str


class KeptAsked(Event):
    """30 or 90 days after the hire: `ask_firm` False where the firm has said so itself."""

    application_id: UUID
    person_id: UUID
    vacancy_id: UUID
    enterprise_id: UUID
    title: str
    enterprise_name: str
    days: int
    ask_firm: bool


class LiaisonDigest(Event):
    """What the firms of one liaison cadre have left waiting: counts, no names of people."""

    cadre_id: UUID
    firms: tuple[tuple[str, int], ...]


class VacancyFilled(Event):
    """The headcount is reached; `waiting` are the people whose applications were still running."""

    vacancy_id: UUID
    title: str
    enterprise_name: str
    headcount: int
    waiting: tuple[UUID, ...]


class SavedSearchesMatched(Event):
    """A person's saved searches with new postings: `(name, how many)`."""

    person_id: UUID
    news: tuple[tuple[str, int], ...]


class ContentReviewed(Event):
    """A second person has looked at what was held."""

    subject_kind: str
    subject_id: UUID
    author_id: UUID
    approved: bool
    note: str | None


class ReportUpheld(Event):
    """What was reported is as reported, and the office wants it gone."""

    report_id: UUID
    subject_kind: ReportSubject
    subject_id: UUID
    decided_by: UUID
    reply: str


class WechatDataRevoked(Event):
    """The person took back in WeChat what it had lent us: it is erased."""

    person_id: UUID
    held: HeldData


class WechatAccountCancelled(Event):
    person_id: UUID
    app: WechatApp


class ConsentGiven(Event):
    person_id: UUID
    purpose: ConsentPurpose


class ProfileMade(Event):
    """Somebody has registered as a seeker or as a gig worker just now."""

    person_id: UUID


class ConsentWithdrawn(Event):
    person_id: UUID
    purpose: ConsentPurpose


class PersonMerged(Event):
    """Everything of `source` belongs to `target` from now on."""

    source_id: UUID
    target_id: UUID


class AccountDeleted(Event):
    """`kept`: what the law keeps has been copied and sealed; the rest goes."""

    person_id: UUID


class EnterpriseVerified(Event):
    enterprise_id: UUID
    label: str


class EnterpriseSuspended(Event):
    enterprise_id: UUID
    enterprise_name: str
    basis: str


class FairCancelled(Event):
    """Called off after it was announced; `firms` had a booth or had asked for one."""

    fair_id: UUID
    title: str
    reason: str
    firms: tuple[UUID, ...]


class FairBoothMoved(Event):
    """The office invited, confirmed, declined; or the firm fell out with its suspension."""

    fair_id: UUID
    fair_title: str
    enterprise_id: UUID
    state: BoothState
    number: str | None
    reason: str | None


class EnterpriseRestored(Event):
    enterprise_id: UUID
    enterprise_name: str


class PapersExpiring(Event):
    enterprise_id: UUID
    enterprise_name: str
    paper: str
    valid_to: date


class PermitEnded(Event):
    """The last day of an agency's permit is over; so many postings of it were paused."""

    enterprise_id: UUID
    enterprise_name: str
    postings: int


class SurveyOpened(Event):
    """A wave begins; `members` are who goes through the grids."""

    wave_id: UUID
    name: str
    closes_on: date
    members: tuple[UUID, ...]


class WorkerBlocked(Event):
    """A firm does not want this person any more: open offers between them are taken back."""

    enterprise_id: UUID
    person_id: UUID


class SettlementClaimed(Event):
    """The person has asked this firm for wages that are overdue or short."""

    enterprise_id: UUID
    person_id: UUID
