"""From rows to answers: vacancies, seekers, applications, with what the caller may do now."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Row

from app.core.clock import CHINA
from app.matching.recommendation import Completeness, RankedItem
from app.matching.recommendation.questions import NextQuestion as Question
from app.models.jobs import Application, SeekerProfile, Vacancy
from app.rules.identity.masks import mask_name
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs.applications import FIRM_STEPS, ApplicationState, OfferNotOpenError, Side, check_offer, check_step
from app.rules.jobs.applications import ApplicationStateError as StepRefused
from app.rules.jobs.invitations import FINDABLE_TEXTS, FINDABLE_VERSION
from app.rules.jobs.posting import Finding
from app.rules.jobs.search import compute_distance_m
from app.rules.jobs.vacancies import NEXT as VACANCY_NEXT
from app.rules.jobs.vacancies import VacancyState
from app.schemas.base import Action
from app.schemas.jobs.applications import ApplicationRead, CandidateRead, Contact, StepRead
from app.schemas.jobs.seekers import Completeness as CompletenessRead
from app.schemas.jobs.seekers import NextQuestion, ProfilePart, ScorePart, SeekerRead
from app.schemas.jobs.vacancies import (
    FindingRead,
    LintRead,
    PayRead,
    PlaceRead,
    VacancyListItem,
    VacancyRead,
    VacancySaved,
)
from app.services.jobs.applications import Candidate, Tracked
from app.services.jobs.posting import form_path
from app.services.jobs.search import LIST_NAMES, ListPage, id_text
from app.services.jobs.vacancies import Saved

OWN_MOVES = {"pause": VacancyState.PAUSED, "resume": VacancyState.PUBLISHED, "withdraw": VacancyState.WITHDRAWN}


def vacancy_actions(row: Vacancy, actor: Actor | None) -> list[Action]:
    if actor is None:
        return [Action(action="apply", allowed=False, reason="请先登录")]
    if actor.town_wide(Permission.VACANCY_REVIEW):
        held = row.state is VacancyState.IN_REVIEW
        reason = None if held else f"岗位当前为“{row.state.label}”，无需复核"
        return [Action(action=name, allowed=held, reason=reason) for name in ("approve", "return")]
    if row.enterprise_id in actor.enterprises(Permission.VACANCY_WRITE):
        return [_own_action(name, target, row) for name, target in OWN_MOVES.items()]
    is_open = row.state is VacancyState.PUBLISHED
    return [Action(action="apply", allowed=is_open, reason=None if is_open else f"岗位{row.state.label}，不再接受应聘")]


def _own_action(name: str, target: VacancyState, row: Vacancy) -> Action:
    allowed = target in VACANCY_NEXT[row.state] and (name != "resume" or row.state is VacancyState.PAUSED)
    return Action(
        action=name,
        allowed=allowed,
        reason=None if allowed else f"岗位当前为“{row.state.label}”，不能变为“{target.label}”",
    )


def vacancy_read(row: Vacancy, actor: Actor | None) -> VacancyRead:
    own = actor is not None and (
        row.enterprise_id in actor.enterprises(Permission.VACANCY_WRITE) or actor.town_wide(Permission.VACANCY_REVIEW)
    )
    values = row.model_dump(exclude={"posted_by", "latitude", "longitude", "coord_type"})
    return VacancyRead.model_validate(
        values
        | {
            "state_label": row.state.label,
            "open_seats": row.headcount - row.hired_count,
            "hourly_fen": row.hourly_fen or None,
            # Words between the office and the firm are not the public's business.
            "review_note": row.review_note if own else None,
            "firm_staff_count": row.firm_staff_count if own else None,
            "post_staff_count": row.post_staff_count if own else None,
            "post_pay_fen": row.post_pay_fen if own else None,
            "pay": PayRead(
                unit=row.pay_unit, min_fen=row.pay_min_fen, max_fen=row.pay_max_fen,
                piece_rate_fen=row.piece_rate_fen, piece_per_quantity=row.piece_per_quantity,
                piece_hourly_output=row.piece_hourly_output, cycle=row.pay_cycle,
            ),
            "place": PlaceRead(
                address=row.place_address, latitude=row.latitude, longitude=row.longitude, coord_type=row.coord_type
            ),
            "actions": vacancy_actions(row, actor),
        }
    )  # fmt: skip


def list_item(row: Row[Any] | Vacancy) -> VacancyListItem:
    made = {"open_seats": row.headcount - row.hired_count, "hourly_fen": row.hourly_fen or None, "distance_m": None}
    values = {name: getattr(row, name) for name in VacancyListItem.model_fields.keys() - made}
    return VacancyListItem.model_validate(values | made)


def finding_read(finding: Finding) -> FindingRead:
    return FindingRead(
        rule_id=finding.rule_id, severity=finding.severity, field=form_path(finding.field), start=finding.start,
        end=finding.end, quote=finding.quote, message=finding.message, law=finding.law, mend=finding.mend,
        other_vacancy_id=None if finding.other_id is None else UUID(finding.other_id),
    )  # fmt: skip


def seeker_read(row: SeekerProfile, known: Completeness) -> SeekerRead:
    values = row.model_dump(exclude={"home_sealed", "findable_text"})
    return SeekerRead.model_validate(
        values
        | {
            "proven": row.proven or [], "home_known": row.home_sealed is not None,
            "findable_text": FINDABLE_TEXTS[FINDABLE_VERSION], "findable_text_version": FINDABLE_VERSION,
            "completeness": CompletenessRead(
                percent=known.percent,
                parts=[
                    ProfilePart(key=part.key, label=part.key.label, weight=round(part.weight, 3), known=part.known)
                    for part in known.parts
                ],
            ),
            "next_question": _question(known.next_question),
        }
    )  # fmt: skip


def _question(found: Question | None) -> NextQuestion | None:
    if found is None:
        return None
    why = f"还不知道您的“{found.key.label}”"
    if found.helps:
        why += f"：现有{found.considered}个招聘中的岗位，回答后有{found.helps}个能比得更准"
    return NextQuestion(
        key=found.key, fields=list(found.question.fields), question=found.question.text, why=why, helps=found.helps
    )


def score_parts(item: RankedItem | None) -> list[ScorePart]:
    return [] if item is None else [ScorePart.model_validate(part) for part in item.parts]


def parts_for_firm(item: RankedItem | None) -> list[ScorePart]:
    """One decimal is enough to read; the unrounded value of the commute would give the home away bit by bit."""
    return [
        part.model_copy(update={"value": None if part.value is None else round(part.value, 1)})
        for part in score_parts(item)
    ]


def application_read(tracked: Tracked) -> ApplicationRead:
    row = tracked.application
    return ApplicationRead(
        id=row.id, version=row.version, vacancy_id=row.vacancy_id, vacancy_title=tracked.vacancy.title,
        enterprise_name=tracked.vacancy.enterprise_name, vacancy_content_version=row.vacancy_content_version,
        source=row.source, fair_id=row.fair_id, state=row.state, state_label=row.state.label, reason=row.reason,
        offer_accepted_at=row.offer_accepted_at, decline_reason=row.decline_reason, created_at=row.created_at,
        steps=[StepRead(state=s.state, state_label=s.state.label, at=s.created_at) for s in tracked.steps],
        actions=[
            _step_action("withdraw", row.state, ApplicationState.WITHDRAWN, Side.SEEKER),
            *_offer_actions(row),
        ],
    )  # fmt: skip


def _offer_actions(row: Application) -> list[Action]:
    try:
        check_offer(row.state)
    except OfferNotOpenError as exc:
        return [Action(action=name, allowed=False, reason=exc.text) for name in ("accept_offer", "decline_offer")]
    accepted = row.offer_accepted_at is not None
    return [
        Action(action="accept_offer", allowed=not accepted, reason="您已接受" if accepted else None),
        Action(action="decline_offer", allowed=True, reason=None),
    ]


def candidate_read(candidate: Candidate) -> CandidateRead:
    row, item, facts = candidate.application, candidate.item, candidate.contact
    contact = None
    if facts is not None and facts.name is not None and facts.phone is not None:
        # A name that a second person has not yet looked at is shown masked.
        contact = Contact(name=mask_name(facts.name) if facts.name_held else facts.name, phone=facts.phone)
    return CandidateRead(
        id=row.id, version=row.version, vacancy_id=row.vacancy_id, vacancy_content_version=row.vacancy_content_version,
        source=row.source, fair_id=row.fair_id, state=row.state, state_label=row.state.label,
        offer_accepted_at=row.offer_accepted_at, decline_reason=row.decline_reason, created_at=row.created_at, contact=contact, score=item.score if item else None,
        confidence=item.confidence if item else None, parts=parts_for_firm(item),
        reasons=list(item.reasons) if item else [], gaps=list(item.gaps) if item else [],
        actions=[
            _step_action(target.value, row.state, target, Side.FIRM) for target in ApplicationState if target in FIRM_STEPS
        ],
    )  # fmt: skip


def _step_action(name: str, current: ApplicationState, target: ApplicationState, side: Side) -> Action:
    try:
        check_step(current, target, side)
    except StepRefused as exc:
        return Action(action=name, allowed=False, reason=exc.text)
    return Action(action=name, allowed=True, reason=None)


def list_page(page: ListPage) -> bytes:
    """The public list straight from rows to JSON: the answers' shape is checked by tests, not on every request."""
    items = [_plain_item(row) for row in page.rows]
    return to_json({"items": items, "next_cursor": page.next_cursor, "total": page.total})


def _plain_item(row: Row[Any]) -> dict[str, Any]:
    """Texts, numbers and lists only: `to_json` is five times slower where it has to look for a type."""
    # Not strict: from a point there is one column more.
    values = dict(zip(LIST_NAMES, row, strict=False))
    values["id"] = id_text(values["id"])
    values["enterprise_id"] = id_text(values["enterprise_id"])
    values["open_seats"] = values.pop("headcount") - values.pop("hired_count")
    values["hourly_fen"] = values["hourly_fen"] or None
    values["area_id"] = None if values["area_id"] is None else id_text(values["area_id"])
    squared = row.squared if len(row) > len(LIST_NAMES) else None
    values["distance_m"] = None if squared is None else compute_distance_m(squared)
    values["benefits"] = _benefits(values["benefits"])
    values["valid_until"] = values["valid_until"].isoformat()
    values["published_at"] = values["published_at"].astimezone(CHINA).isoformat(timespec="seconds")
    return values


# Few combinations fill all postings. The lists are shared: only for writing out.
@lru_cache(maxsize=1024)
def _benefits(text: str) -> list[str]:
    found: list[str] = json.loads(text)
    return found


def lint_read(findings: Sequence[Finding]) -> LintRead:
    return LintRead(
        findings=[finding_read(finding) for finding in findings],
        would_publish=all(finding.severity != "block" for finding in findings),
    )


def saved_read(saved: Saved, actor: Actor) -> VacancySaved:
    return VacancySaved(
        vacancy=vacancy_read(saved.vacancy, actor), findings=[finding_read(finding) for finding in saved.findings]
    )
