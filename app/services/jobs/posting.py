"""Checking a posting: the rule book over the form, and WeChat's content check over its words."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.core.errors import FieldIssue
from app.models.jobs import Vacancy
from app.rules.identity.roles import Actor
from app.rules.jobs.posting import Finding, PostingDraft, RuleBook, check_posting
from app.rules.jobs.posting.rows import TEXT_FIELDS
from app.rules.jobs.vacancies import PostingRefusedError
from app.schemas.jobs.vacancies import Pay, VacancyContent, VacancyLint
from app.services.common.content import SCENE_FORUM, ContentVerdict, check_texts
from app.services.runtime import Runtime

# The rule book speaks in flat names; the form nests pay and place.
PATHS = {
    "pay_unit": "pay.unit", "pay_min_fen": "pay.min_fen", "pay_max_fen": "pay.max_fen",
    "piece_rate_fen": "pay.piece_rate_fen", "piece_per_quantity": "pay.piece_per_quantity",
    "piece_hourly_output": "pay.piece_hourly_output", "pay_cycle": "pay.cycle", "place_address": "place.address",
    "enterprise_approved": "enterprise_id", "enterprise_kind": "enterprise_id",
}  # fmt: skip


def form_path(field: str) -> str:
    return PATHS.get(field, field)


def draft_of(form: VacancyContent | VacancyLint, *, approved: bool, kind: str) -> PostingDraft:
    pay: Pay | None = form.pay
    return PostingDraft(
        title=form.title, duties=form.duties, requirements=form.requirements,
        benefits_note=form.benefits_note, contact_note=form.contact_note,
        engagement=form.engagement, occupation_code=form.occupation_code, headcount=form.headcount,
        pay_unit=pay.unit if pay else None,
        pay_min_fen=pay.min_fen if pay else None, pay_max_fen=pay.max_fen if pay else None,
        piece_rate_fen=pay.piece_rate_fen if pay else None,
        piece_per_quantity=pay.piece_per_quantity if pay else None,
        piece_hourly_output=pay.piece_hourly_output if pay else None,
        minutes_per_day=form.minutes_per_day, days_per_month=form.days_per_month,
        pay_cycle=pay.cycle if pay else None, place_address=form.place.address if form.place else "",
        valid_until=form.valid_until, enterprise_approved=approved, enterprise_kind=kind,
        using_firm=form.using_firm or "", minimum_age=form.minimum_age, features=frozenset(form.features),
        required_machines="\n".join(form.required_machines),
        required_certificates="\n".join(form.required_certificates),
        repost_source=form.repost_source or "",
        shift_pattern=form.shift_pattern, order_class=form.order_class or "",
        firm_staff_count=form.firm_staff_count, post_staff_count=form.post_staff_count, post_pay_fen=form.post_pay_fen,
    )  # fmt: skip


def draft_of_row(row: Vacancy, *, approved: bool, kind: str) -> PostingDraft:
    """A stored posting as the rules read it."""
    names = (
        "title", "duties", "requirements", "benefits_note", "contact_note", "engagement", "occupation_code",
        "headcount", "pay_unit", "pay_min_fen", "pay_max_fen", "piece_rate_fen", "piece_per_quantity",
        "piece_hourly_output", "minutes_per_day", "days_per_month", "pay_cycle", "place_address", "valid_until",
        "minimum_age", "shift_pattern", "firm_staff_count", "post_staff_count", "post_pay_fen",
    )  # fmt: skip
    return PostingDraft(
        **{name: getattr(row, name) for name in names}, enterprise_approved=approved, enterprise_kind=kind,
        using_firm=row.using_firm or "", features=frozenset(row.features), order_class=row.order_class or "",
        required_machines="\n".join(row.required_machines), required_certificates="\n".join(row.required_certificates),
        repost_source=row.repost_source or "",
    )  # fmt: skip


def columns_of(form: VacancyContent) -> dict[str, Any]:
    """The form as columns of the table."""
    values = form.model_dump(exclude={"pay", "place", "submit", "enterprise_id", "expected_version"})
    pay, place = form.pay, form.place
    return values | {
        "pay_unit": pay.unit, "pay_min_fen": pay.min_fen, "pay_max_fen": pay.max_fen,
        "piece_rate_fen": pay.piece_rate_fen, "piece_per_quantity": pay.piece_per_quantity,
        "piece_hourly_output": pay.piece_hourly_output, "pay_cycle": pay.cycle, "place_address": place.address,
        "latitude": place.latitude, "longitude": place.longitude, "coord_type": place.coord_type,
    }  # fmt: skip


def check_form(
    form: VacancyContent | VacancyLint, book: RuleBook, *, approved: bool, kind: str, today: date
) -> list[Finding]:
    return check_posting(draft_of(form, approved=approved, kind=kind), book, today=today)


def refuse_blocked(findings: Sequence[Finding]) -> None:
    """422 with every finding, the warnings too, so that one round of mending is enough."""
    blocks = [finding for finding in findings if finding.severity == "block"]
    if not blocks:
        return
    raise PostingRefusedError(
        blocks=len(blocks),
        fields=[
            FieldIssue(
                path=form_path(finding.field), message=finding.message, rule_id=finding.rule_id,
                severity=finding.severity, start=finding.start, end=finding.end, quote=finding.quote,
                law=finding.law, mend=finding.mend, other_vacancy_id=finding.other_id,
            )
            for finding in findings
        ],
    )  # fmt: skip


async def check_content(runtime: Runtime, actor: Actor, form: VacancyContent) -> ContentVerdict:
    """MsgSecCheck over every word that the public will read: never published unchecked."""
    return await check_texts(runtime, actor, _public_texts(form), scene=SCENE_FORUM, title=form.title)


def _public_texts(form: VacancyContent) -> dict[str, str]:
    """Every word that the public will read, by its path in the form: an address or a machine is typed freely too."""
    draft = draft_of(form, approved=True, kind="")
    texts = {name: getattr(draft, name) for name in TEXT_FIELDS}
    return {form_path(name): text for name, text in texts.items() if text}
