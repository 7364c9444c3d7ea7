"""The plain values of the posting rules: the dated rows, the draft that is checked, the finding that comes out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from app.rules.jobs.terms import Engagement, PayCycle, PayUnit, ShiftPattern

Severity = Literal["block", "warn"]
TermKind = Literal["phrase", "regex"]
# Every word that the public reads, whatever its field is meant for.
TEXT_FIELDS = (
    "title", "duties", "requirements", "benefits_note", "contact_note",
    "place_address", "required_machines", "required_certificates", "repost_source", "order_class",
)  # fmt: skip


def in_force(effective_from: date, effective_to: date | None, today: date) -> bool:
    """Both ends count: `effective_to` is the last day of the row, None while no end is known."""
    return effective_from <= today and (effective_to is None or today <= effective_to)


@dataclass(frozen=True, slots=True)
class PostingRule:
    """One rule with its law. `severity` is checked on construction, so a text from a table may be handed in."""

    rule_id: str
    severity: str
    title: str
    law: str
    article: str
    mend: str
    effective_from: date
    effective_to: date | None
    source: str

    def __post_init__(self) -> None:
        if self.severity not in get_args(Severity):
            raise ValueError(f"规则 {self.rule_id} 的 severity 只能是 block 或 warn：{self.severity}")


@dataclass(frozen=True, slots=True)
class PostingTerm:
    """A word that breaks a rule.

    `pattern` and `unless` are searched in the plain reading of a text (`text.py`): no blanks, simplified, lower case,
    half width, `，` for whatever ends a clause, `、` between listed things. `unless` holds look-alike contexts as regular expressions
    separated by `|`; a hit that lies inside one does not count. `<否>` stands for a negation with its verbs (不收, 无需缴纳),
    `<数>` for a number in digits or characters, `<费>` for the fees in use, `<族>` for a people, `<厂>` for who employs,
    `<地>` for a place; `<拒>`, `<优>`, `<女>`, `<婚>`, … and `<外>` in `unless`, the lawful uses of the rule: `families.py`.
    """

    rule_id: str
    pattern: str
    kind: str
    unless: str
    effective_from: date
    effective_to: date | None

    def __post_init__(self) -> None:
        if self.kind not in get_args(TermKind):
            raise ValueError(f"词条 {self.pattern} 的 kind 只能是 phrase 或 regex：{self.kind}")


@dataclass(frozen=True, slots=True)
class MinimumWage:
    """A local minimum wage. `monthly_fen` for full time, `hourly_fen` for 非全日制, None where it was not seen.

    Without `verified_by` nobody has compared the row with the order: falling below it warns and does not block.
    """

    division: str
    monthly_fen: int
    hourly_fen: int | None
    effective_from: date
    effective_to: date | None
    source: str
    verified_by: str | None


@dataclass(frozen=True, slots=True)
class InternLimit:
    """A limit for students at work: percent, years or days, as `limit_id` says."""

    limit_id: str
    value: int
    law: str
    article: str
    effective_from: date
    effective_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class PostingDraft:
    """A posting as far as it is written: texts may be "", values None. Money in fen, times in minutes, days a month."""

    title: str
    duties: str
    requirements: str
    benefits_note: str
    contact_note: str
    engagement: Engagement | None
    occupation_code: str | None
    headcount: int | None
    pay_unit: PayUnit | None
    pay_min_fen: int | None
    pay_max_fen: int | None
    piece_rate_fen: int | None
    piece_per_quantity: int | None
    piece_hourly_output: int | None
    minutes_per_day: int | None
    days_per_month: int | None
    pay_cycle: PayCycle | None
    place_address: str
    valid_until: date | None
    enterprise_approved: bool
    enterprise_kind: str
    minimum_age: int | None
    features: Collection[str]
    # Whom the people will work for, where the poster is an agency.
    using_firm: str = ""
    # One entry a line.
    required_machines: str = ""
    required_certificates: str = ""
    # Where it was first published, of a repost.
    repost_source: str = ""
    # For students at work: 订单班, and what the firm states for the limits.
    shift_pattern: ShiftPattern | None = None
    order_class: str = ""
    firm_staff_count: int | None = None
    post_staff_count: int | None = None
    # Pay of the firm's own staff in the same post, in the unit of the posting's pay.
    post_pay_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `[start, end)` are characters of the field as it was typed; 0, 0 and "" for a value."""

    rule_id: str
    severity: Severity
    field: str
    start: int
    end: int
    quote: str
    message: str
    law: str
    mend: str
    # Of a duplicate: the posting that says nearly the same.
    other_id: str | None = None
