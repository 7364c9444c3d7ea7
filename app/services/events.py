"""The facts that services tell one another (`core.events.emit`); who reacts stands in `reactions.py`."""

from datetime import date
from uuid import UUID

from app.core.events import Event
from app.rules.common.reports import ReportSubject
from app.rules.identity.apps import WechatApp
from app.rules.identity.consents import ConsentPurpose
from app.rules.identity.privacy import HeldData
from app.rules.jobs.applications import ApplicationState, RejectReason


class EnterpriseClaimReviewed(Event):
    claim_id: UUID
    person_id: UUID
    enterprise_name: str
    approved: bool
    reason: str | None


class VacancyReviewed(Event):
    vacancy_id: UUID
    person_id: UUID
    title: str
    published: bool
    note: str | None


class ApplicationReceived(Event):
    application_id: UUID
    vacancy_id: UUID
    enterprise_id: UUID
    title: str


class ApplicationMoved(Event):
    """A step that the firm took; the seeker sees every one."""

    application_id: UUID
    person_id: UUID
    title: str
    enterprise_name: str
    state: ApplicationState
    reason: RejectReason | None


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


class EnterpriseRestored(Event):
    enterprise_id: UUID
    enterprise_name: str


class PapersExpiring(Event):
    enterprise_id: UUID
    enterprise_name: str
    paper: str
    valid_to: date
