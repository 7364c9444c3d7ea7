"""All clocks of a case, computed from its log of events: what runs, since when, until when, by which rule. Pure.

Every number is a dated row (`dispute_policies.csv`) that says its article, whether it counts calendar or working days,
whether a rest day at the end moves it, and whether our suspension stops it: house clocks only, the law's run on. The day
of the event does not count, the last day ends at 24:00 (民法典 第二百零一至二百零三条).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol
from uuid import UUID

from app.core.errors import ConflictError, UnprocessableError
from app.core.labels import Labelled
from app.rules.common.workdays import WorkCalendar
from app.rules.disputes.cases import CaseKind, is_labour
from app.rules.disputes.log import CaseEventKind


class ClockKind(Labelled):
    FIRST_ANSWER = "first_answer", "首次答复"
    ACCEPTANCE = "acceptance", "决定是否受理"
    CONSENT_ANSWER = "consent_answer", "征求各方意见"
    MEDIATOR_CHOICE = "mediator_choice", "选定调解员"
    MEDIATION = "mediation", "调解期限"
    ARBITRATION_OPENS = "arbitration_opens", "劳动争议调解15日"
    ARBITRATION_LIMIT = "arbitration_limit", "仲裁时效"
    CIVIL_LIMIT = "civil_limit", "诉讼时效"
    ESCALATION_ANSWER = "escalation_answer", "提级后的答复"
    CONFIRMATION = "confirmation", "申请司法确认"
    PERFORMANCE = "performance", "协议履行"
    FOLLOW_UP = "follow_up", "回访"


class ClockUnit(Labelled):
    DAY = "day", "日"
    WORKDAY = "workday", "个工作日"
    YEAR = "year", "年"
    COUNT = "count", "人"


class ClockState(Labelled):
    RUNNING = "running", "进行中"
    MET = "met", "已办"
    STOPPED = "stopped", "中止，暂停计算"
    UNLIMITED = "unlimited", "现在不受限制"
    UNKNOWN = "unknown", "缺少起算日期"
    VOID = "void", "不再适用"


E, K = CaseEventKind, ClockKind
ANSWERED = frozenset({E.TAKEN, E.SCREENED, E.MERGED, E.ADVISED_OUT, E.ACCEPTED, E.ENDED})
DECIDED = frozenset({E.ACCEPTED, E.ADVISED_OUT, E.MERGED, E.ENDED})
# The end of what is mediated about, with or without success.
FINISHED = frozenset({E.AGREED, E.ENDED, E.REFUSED, E.ADVISED_OUT, E.MERGED})
LAST = frozenset({E.ADVISED_OUT, E.REFUSED, E.ENDED, E.PERFORMED})
# The law's clocks, which no suspension of ours stops and which no event of ours meets late.
LIMITS = frozenset({K.ARBITRATION_OPENS, K.ARBITRATION_LIMIT, K.CIVIL_LIMIT})


class PolicyLike(Protocol):
    key: str
    value: int
    unit: ClockUnit
    rolls_over: bool
    stops: bool
    law: str
    article: str
    effective_from: date
    effective_to: date | None


@dataclass(frozen=True, slots=True)
class CasePolicy:
    """A number in force on a day, with what it counts and where it is written."""

    key: str
    value: int
    unit: ClockUnit
    rolls_over: bool
    stops: bool
    law: str
    article: str

    def told(self) -> str:
        """“15日（《劳动争议调解仲裁法》第十四条）”."""
        return f"{self.value}{self.unit.label}（{self.law}{self.article}）"


@dataclass(frozen=True, slots=True)
class Logged:
    """An event with its Chinese day; `data` holds codes and numbers only."""

    kind: CaseEventKind
    on: date
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Promise:
    """A term of the agreement in effect."""

    term_id: UUID
    due_on: date
    done_on: date | None


@dataclass(frozen=True, slots=True)
class CaseTimes:
    """What the clocks need beside the log. `employed`: the job went on when this was last said; None: not said."""

    kind: CaseKind
    known_on: date | None = None
    employed: bool | None = None
    employment_ended_on: date | None = None
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True, slots=True)
class Clock:
    kind: ClockKind
    state: ClockState
    starts_on: date | None
    due_on: date | None
    told: str
    policy: CasePolicy | None = None
    provisional: bool = False
    subject_id: UUID | None = None
    met_on: date | None = None


def policies_of(rows: Iterable[PolicyLike], day: date) -> dict[str, CasePolicy]:
    """The rows in force on a day; of two, the younger."""
    found: dict[str, tuple[date, CasePolicy]] = {}
    for row in rows:
        if row.effective_from > day or (row.effective_to is not None and day > row.effective_to):
            continue
        if row.key not in found or found[row.key][0] < row.effective_from:
            policy = CasePolicy(row.key, row.value, row.unit, row.rolls_over, row.stops, row.law, row.article)
            found[row.key] = (row.effective_from, policy)
    return {key: policy for key, (_, policy) in found.items()}


def pauses_of(log: Sequence[Logged]) -> list[tuple[date, date | None]]:
    """Suspensions as (day it began, day it ended or None); the days after the first to the last do not count."""
    pauses: list[tuple[date, date | None]] = []
    for event in log:
        is_open = bool(pauses) and pauses[-1][1] is None
        if event.kind is E.SUSPENDED and not is_open:
            pauses.append((event.on, None))
        elif event.kind in {E.MEDIATING, E.ENDED} and is_open:
            pauses[-1] = (pauses[-1][0], event.on)
    return pauses


def due_day(
    start: date, policy: CasePolicy, calendar: WorkCalendar, pauses: Sequence[tuple[date, date | None]] = (), *,
    more: int = 0,
) -> date | None:  # fmt: skip
    """The last day of a span that began on `start`; None while a suspension that stops it goes on.

    `more`: days that all parties added. Working days skip 调休 as published.
    """
    stopped = pauses if policy.stops else ()
    if policy.unit is ClockUnit.YEAR:
        due = _years_on(start, policy.value)
    else:
        left, due = policy.value + more, start
        while left > 0:
            due += timedelta(days=1)
            pause = next((one for one in stopped if one[0] < due and (one[1] is None or due <= one[1])), None)
            if pause is not None:
                if pause[1] is None:
                    return None
                due = pause[1]
                continue
            left -= policy.unit is ClockUnit.DAY or calendar.is_workday(due)
    return calendar.next_workday(due) if policy.rolls_over else due


def limit_start(begun: date, log: Sequence[Logged], policy: CasePolicy, calendar: WorkCalendar) -> date:
    """The day from which a limitation runs now: each interruption within it starts it anew; a late one does nothing.

    An application for mediation is itself a claim on the other side (劳动人事争议仲裁办案规则 第二十七条).
    """
    start = begun
    for on in sorted(day for event in log if (day := _interrupting(event)) is not None):
        last = due_day(start, policy, calendar)
        if last is not None and start < on <= last:
            start = on
    return start


def compute(
    log: Sequence[Logged], times: CaseTimes, policies: Mapping[str, CasePolicy], calendar: WorkCalendar
) -> list[Clock]:
    """Every clock that this case has or has had, in the order of `ClockKind`."""
    return _Face(log, times, policies, calendar).clocks()


class _Face:
    """One reading of one log."""

    def __init__(
        self, log: Sequence[Logged], times: CaseTimes, policies: Mapping[str, CasePolicy], calendar: WorkCalendar
    ) -> None:
        self.log, self.times, self.policies, self.calendar = list(log), times, policies, calendar
        self.pauses = pauses_of(self.log)

    def clocks(self) -> list[Clock]:
        found = [
            self.span(K.FIRST_ANSWER, "first_answer", E.SUBMITTED, ANSWERED),
            self.span(K.ACCEPTANCE, "acceptance", E.SUBMITTED, DECIDED),
            self.span(K.CONSENT_ANSWER, "consent_answer", E.CONSENT_ASKED, {E.CONSENTED, E.REFUSED, E.ENDED}),
            self.span(
                K.MEDIATOR_CHOICE, "mediator_choice", E.MEDIATOR_PROPOSED,
                {E.MEDIATING, E.OBJECTED, E.REFUSED, E.ENDED}, latest=True,
            ),
            self.mediation(),
            *self.limits(),
            self.span(K.ESCALATION_ANSWER, "escalation_answer", E.ESCALATED, {E.MEDIATING, E.ENDED}, latest=True),
            self.confirmation(),
            *self.performance(),
            self.span(K.FOLLOW_UP, "follow_up", LAST, {E.FOLLOWED_UP, E.CLOSED}),
        ]  # fmt: skip
        return [clock for clock in found if clock is not None]

    def span(
        self, kind: ClockKind, key: str, begins: CaseEventKind | frozenset[CaseEventKind],
        ends: Iterable[CaseEventKind], *, latest: bool = False, more: int = 0,
    ) -> Clock | None:  # fmt: skip
        """From an event to whichever of others follows it."""
        starting = begins if isinstance(begins, frozenset) else {begins}
        at = [place for place, event in enumerate(self.log) if event.kind in starting]
        if not at:
            return None
        place = at[-1] if latest else at[0]
        start, policy = self.log[place].on, self.policies[key]
        after, wanted = self.log[place + 1 :], set(ends)
        met = next((event.on for event in after if event.kind in wanted), None)
        due = due_day(start, policy, self.calendar, self.pauses, more=more)
        state = ClockState.STOPPED if due is None else ClockState.RUNNING
        added = f"，各方同意延长{more}{policy.unit.label}" if more else ""
        told = f"自{_day(start)}起{policy.told()}{added}"
        return Clock(
            kind, ClockState.MET if met is not None else state, start, due, told, policy,
            self.provisional(start, due, policy), met_on=met,
        )  # fmt: skip

    def mediation(self) -> Clock | None:
        """Labour: from the receipt of the application; else from acceptance. Extended only by all."""
        more = sum(int(event.data["days"]) for event in self.log if event.kind is E.EXTENDED)
        labour = is_labour(self.times.kind)
        key, begins = ("mediation_labour", E.SUBMITTED) if labour else ("mediation_people", E.ACCEPTED)
        return self.span(K.MEDIATION, key, begins, FINISHED, more=more)

    def limits(self) -> list[Clock | None]:
        """The law's: they run whatever we do, and show the days that are left for the other ways."""
        labour = is_labour(self.times.kind) or self.times.kind is CaseKind.PLATFORM_WORK
        found: list[Clock | None] = []
        if labour:
            found += [
                self.span(K.ARBITRATION_OPENS, "arbitration_opens", E.SUBMITTED, {E.EFFECTIVE}),
                self.arbitration(),
            ]
        if not is_labour(self.times.kind):
            found.append(self.limit(K.CIVIL_LIMIT, "civil_limit", self.times.known_on))
        return found

    def arbitration(self) -> Clock:
        """劳动争议调解仲裁法 第二十七条; its fourth paragraph: wages are not limited while the job lasts."""
        policy, times = self.policies["arbitration_limit"], self.times
        ended = times.employment_ended_on
        if times.kind is CaseKind.WAGES and times.employed and ended is None:
            told = (
                "劳动关系存续期间追索劳动报酬不受一年限制；终止后一年内提出（《劳动争议调解仲裁法》第二十七条第四款）"
            )
            return Clock(K.ARBITRATION_LIMIT, ClockState.UNLIMITED, None, None, told, policy)
        begun = ended if times.kind is CaseKind.WAGES and ended is not None else times.known_on
        return self.limit(K.ARBITRATION_LIMIT, "arbitration_limit", begun)

    def limit(self, kind: ClockKind, key: str, begun: date | None) -> Clock:
        policy = self.policies[key]
        if begun is None:
            told = f"{policy.told()}，自知道或应当知道权利被侵害之日起；日期还没有填写"
            return Clock(kind, ClockState.UNKNOWN, None, None, told, policy)
        start = limit_start(begun, self.log, policy, self.calendar)
        due = due_day(start, policy, self.calendar)
        told = f"自{_day(start)}起{policy.told()}"
        if start != begun:
            told = f"原自{_day(begun)}起，因中断自{_day(start)}起重新计算{policy.told()}"
        met = next((event.on for event in self.log if event.kind is E.EFFECTIVE), None)
        state = ClockState.RUNNING if met is None else ClockState.MET
        return Clock(kind, state, start, due, told, policy, self.provisional(start, due, policy), met_on=met)

    def confirmation(self) -> Clock | None:
        """Only for an agreement that can be confirmed (人民调解法 第三十三条)."""
        if not any(event.kind is E.EFFECTIVE and event.data.get("window") for event in self.log):
            return None
        return self.span(K.CONFIRMATION, "confirmation", E.EFFECTIVE, {E.CONFIRMATION_APPLIED})

    def performance(self) -> list[Clock]:
        """The dates that the parties gave themselves: no rest day moves them."""
        effective = next((event.on for event in self.log if event.kind is E.EFFECTIVE), None)
        if effective is None:
            return []
        return [
            Clock(
                K.PERFORMANCE, ClockState.RUNNING if one.done_on is None else ClockState.MET, effective, one.due_on,
                f"协议约定{_day(one.due_on)}前履行", subject_id=one.term_id, met_on=one.done_on,
            )
            for one in self.times.promises
        ]  # fmt: skip

    def provisional(self, start: date, due: date | None, policy: CasePolicy) -> bool:
        """The holidays of a year that counts are not published yet."""
        if due is None:
            return False
        if policy.unit is ClockUnit.WORKDAY:
            return self.calendar.is_provisional(start, due)
        return policy.rolls_over and self.calendar.is_provisional(due, due)


def remind_day(due: date, workdays: int, calendar: WorkCalendar) -> date:
    """So many working days before the last day."""
    day = due
    while workdays > 0:
        day -= timedelta(days=1)
        workdays -= calendar.is_workday(day)
    return day


def check_extension(days: int, most: int) -> None:
    if days > most:
        raise ExtensionTooLongError(most=most)


def _interrupting(event: Logged) -> date | None:
    if event.kind is E.INTERRUPTED:
        return date.fromisoformat(str(event.data["on"]))
    return event.on if event.kind is E.SUBMITTED else None


def _years_on(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes the last of the month (民法典 第二百零二条)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


class ExtensionTooLongError(UnprocessableError):
    code = "extension_too_long"
    message = "一次最多延长{most}日"
    field = "days"


class ExtensionOpenError(ConflictError):
    code = "extension_open"
    message = "已有一次延期在征求意见"


class NoExtensionError(ConflictError):
    code = "extension_none"
    message = "现在没有需要表示意见的延期"


class InterruptionDateError(UnprocessableError):
    code = "interruption_date_wrong"
    message = "中断日期不能晚于今天"
    field = "on"
