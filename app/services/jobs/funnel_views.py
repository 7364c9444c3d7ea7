"""From rows to answers: invitations, interviews, frozen postings, applications in full."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.models.jobs import ApplicationStep, Invitation, KeptCheck, VacancyVersion
from app.rules.jobs.interviews import INTERVIEW_NEXT, RUNNING, InterviewState
from app.rules.jobs.invitations import INVITATION_NEXT, InvitationState, state_at
from app.rules.jobs.vacancies import VacancyState
from app.schemas.base import Action
from app.schemas.jobs.applications import StepRead
from app.schemas.jobs.interviews import InterviewRead, SlotRead
from app.schemas.jobs.invitations import InvitationRead, MyInvitation, SuggestedSeeker
from app.schemas.jobs.kept import ApplicationDetail, CandidateDetail, KeptRead, VacancyVersionRead
from app.schemas.jobs.vacancies import PayRead, PlaceRead
from app.services.jobs import details
from app.services.jobs.interviews import Meeting, span_of
from app.services.jobs.invitations import Received
from app.services.jobs.suggestions import Suggested
from app.services.jobs.views import application_read, candidate_read, list_item, parts_for_firm

FIRM_MOVES = {
    "reschedule": InterviewState.PROPOSED,
    "cancel": InterviewState.CANCELLED,
    "result": InterviewState.PASSED,
}
SEEKER_MOVES = {"confirm": InterviewState.CONFIRMED, "ask-other": InterviewState.OTHER_ASKED}
# What a version frozen by an earlier release does not have.
LATER_COLUMNS: dict[str, Any] = {"using_firm": None, "enterprise_label": ""}


def suggested_read(found: Suggested) -> SuggestedSeeker:
    item = found.item
    return SuggestedSeeker(
        seeker_ref=found.ref, score=item.score, confidence=item.confidence, parts=parts_for_firm(item),
        reasons=list(item.reasons), gaps=list(item.gaps),
    )  # fmt: skip


def invitation_read(row: Invitation, now: datetime) -> InvitationRead:
    state = state_at(row.state, row.expires_at, now)
    return InvitationRead(
        id=row.id, version=row.version, vacancy_id=row.vacancy_id, state=state, state_label=state.label,
        created_at=row.created_at, expires_at=row.expires_at, answered_at=row.answered_at, reason=row.reason,
        application_id=row.application_id, actions=[_invitation_action("withdraw", state, InvitationState.WITHDRAWN)],
    )  # fmt: skip


def my_invitation(found: Received, now: datetime) -> MyInvitation:
    row, item = found.invitation, found.item
    state = state_at(row.state, row.expires_at, now)
    accept = _invitation_action("accept", state, InvitationState.ACCEPTED)
    if accept.allowed and found.vacancy.state is not VacancyState.PUBLISHED:
        accept = Action(action="accept", allowed=False, reason=f"岗位{found.vacancy.state.label}，不再接受应聘")
    return MyInvitation(
        id=row.id, version=row.version, vacancy=list_item(found.vacancy),
        vacancy_content_version=row.vacancy_content_version, state=state, state_label=state.label,
        created_at=row.created_at, expires_at=row.expires_at, reason=row.reason, application_id=row.application_id,
        score=item.score if item else None, reasons=list(item.reasons) if item else [],
        gaps=list(item.gaps) if item else [],
        actions=[accept, _invitation_action("decline", state, InvitationState.DECLINED)],
    )  # fmt: skip


def _invitation_action(name: str, state: InvitationState, target: InvitationState) -> Action:
    allowed = target in INVITATION_NEXT[state]
    reason = None if allowed else f"邀请当前为“{state.label}”，不能变为“{target.label}”"
    return Action(action=name, allowed=allowed, reason=reason)


def interview_read(meeting: Meeting, *, for_firm: bool) -> InterviewRead:
    row = meeting.interview
    return InterviewRead(
        id=row.id, version=row.version, application_id=row.application_id, vacancy_id=meeting.vacancy.id,
        vacancy_title=meeting.vacancy.title, enterprise_name=meeting.vacancy.enterprise_name, state=row.state,
        state_label=row.state.label, round=row.round,
        slots=[
            SlotRead.model_validate(slot | {"number": number, "starts_at": span_of(slot).starts_at})
            for number, slot in enumerate(row.slots)
        ],
        chosen=row.chosen, starts_at=row.starts_at, ends_at=row.ends_at, asked=meeting.asked,
        created_at=row.created_at,
        actions=[
            _interview_action(name, row.state, target)
            for name, target in (FIRM_MOVES if for_firm else SEEKER_MOVES).items()
        ],
    )  # fmt: skip


def _interview_action(name: str, state: InterviewState, target: InterviewState) -> Action:
    allowed = state in RUNNING if name == "reschedule" else target in INTERVIEW_NEXT[state]
    reason = None if allowed else f"面试当前为“{state.label}”，不能变为“{target.label}”"
    return Action(action=name, allowed=allowed, reason=reason)


def version_read(row: VacancyVersion) -> VacancyVersionRead:
    content = LATER_COLUMNS | row.content
    pay = PayRead(
        unit=content["pay_unit"], min_fen=content["pay_min_fen"], max_fen=content["pay_max_fen"],
        piece_rate_fen=content["piece_rate_fen"], piece_per_quantity=content["piece_per_quantity"],
        piece_hourly_output=content["piece_hourly_output"], cycle=content["pay_cycle"],
    )  # fmt: skip
    place = PlaceRead(
        address=content["place_address"], latitude=content["latitude"], longitude=content["longitude"],
        coord_type=content["coord_type"],
    )  # fmt: skip
    return VacancyVersionRead.model_validate(
        content
        | {"vacancy_id": row.vacancy_id, "number": row.number, "frozen_at": row.created_at, "pay": pay, "place": place}
    )


def application_detail(found: details.TrackedDetail) -> ApplicationDetail:
    values = dict(application_read(found.tracked))
    return ApplicationDetail(**values, seen=_seen(found.seen), kept=_kept(found.kept))


def candidate_detail(found: details.CandidateDetail) -> CandidateDetail:
    values = dict(candidate_read(found.candidate))
    return CandidateDetail(**values, steps=_steps(found.steps), seen=_seen(found.seen), kept=_kept(found.kept))


def _seen(row: VacancyVersion | None) -> VacancyVersionRead | None:
    return None if row is None else version_read(row)


def _kept(rows: Sequence[KeptCheck]) -> list[KeptRead]:
    return [KeptRead.model_validate(row) for row in rows]


def _steps(rows: Sequence[ApplicationStep]) -> list[StepRead]:
    return [StepRead(state=row.state, state_label=row.state.label, at=row.created_at) for row in rows]
