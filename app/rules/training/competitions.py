"""技能竞赛: registration, judges' scores, dropped extremes, ties, objections, results by category. Pure.

Scores are tenths of a point (0–1000 for 0–100), so that they add up exactly; means are kept in thousandths.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.errors import ConflictError, ForbiddenError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

HIGHEST_TENTHS = 1000
MILLI_OF_TENTH = 100
PERCENT = 100
# Without fewest so many judges, the extremes are the result.
DROP_FROM_JUDGES = 5


class CompetitionState(Labelled):
    ANNOUNCED = "announced", "已公告"
    REGISTERING = "registering", "报名中"
    ELIGIBILITY_CHECKED = "eligibility_checked", "资格已审"
    THEORY = "theory", "理论考试"
    PRACTICAL = "practical", "实操比赛"
    PROVISIONAL = "provisional", "成绩待公示"
    OBJECTIONS = "objections", "公示异议期"
    FINAL = "final", "成绩已定"
    AWARDED = "awarded", "已颁奖"
    CANCELLED = "cancelled", "已取消"


class EntryState(Labelled):
    REGISTERED = "registered", "已报名"
    ELIGIBLE = "eligible", "资格合格"
    INELIGIBLE = "ineligible", "资格不符"
    WITHDRAWN = "withdrawn", "已退出"


class ContestPart(Labelled):
    THEORY = "theory", "理论"
    PRACTICAL = "practical", "实操"


class TieRule(Labelled):
    PRACTICAL = "practical", "总分相同，实操分高的在前；再相同则并列"
    THEORY = "theory", "总分相同，理论分高的在前；再相同则并列"
    SHARED = "shared", "总分相同即并列"


class ContestObjectionState(Labelled):
    OPEN = "open", "待答复"
    UPHELD = "upheld", "成立"
    DISMISSED = "dismissed", "不成立"


S, N = CompetitionState, EntryState
COMPETITION_NEXT: dict[CompetitionState, frozenset[CompetitionState]] = {
    S.ANNOUNCED: frozenset({S.REGISTERING, S.CANCELLED}),
    S.REGISTERING: frozenset({S.ELIGIBILITY_CHECKED, S.CANCELLED}),
    S.ELIGIBILITY_CHECKED: frozenset({S.THEORY, S.CANCELLED}),
    S.THEORY: frozenset({S.PRACTICAL, S.CANCELLED}),
    S.PRACTICAL: frozenset({S.PROVISIONAL, S.CANCELLED}),
    S.PROVISIONAL: frozenset({S.OBJECTIONS}),
    # An objection that is upheld sends the scores back to the office.
    S.OBJECTIONS: frozenset({S.FINAL, S.PROVISIONAL}),
    S.FINAL: frozenset({S.AWARDED}),
    S.AWARDED: frozenset(),
    S.CANCELLED: frozenset(),
}
ENTRY_NEXT: dict[EntryState, frozenset[EntryState]] = {
    N.REGISTERED: frozenset({N.ELIGIBLE, N.INELIGIBLE, N.WITHDRAWN}),
    N.ELIGIBLE: frozenset({N.INELIGIBLE, N.WITHDRAWN}),
    N.INELIGIBLE: frozenset({N.ELIGIBLE}),
    N.WITHDRAWN: frozenset({N.REGISTERED}),
}
# What each part is scored in; corrections come while results are provisional.
SCORED_IN = {
    ContestPart.THEORY: frozenset({S.THEORY, S.PROVISIONAL}),
    ContestPart.PRACTICAL: frozenset({S.PRACTICAL, S.PROVISIONAL}),
}
WITH_RESULTS = frozenset({S.OBJECTIONS, S.FINAL, S.AWARDED})


@dataclass(frozen=True, slots=True)
class Weighing:
    """Per cent of the theory part; the rest is practical."""

    theory: int
    drop_extremes: bool
    tie: TieRule


@dataclass(frozen=True, slots=True)
class Result:
    """Thousandths of a point. `rank` within the category; equal ranks are shared and the next one is left out."""

    entry: str
    category: str
    theory: int
    practical: int
    total: int
    rank: int


def check_competition(current: CompetitionState, target: CompetitionState) -> None:
    if target not in COMPETITION_NEXT[current]:
        raise CompetitionStateError(current=current.label, target=target.label)


def check_entry(current: EntryState, target: EntryState) -> None:
    if target not in ENTRY_NEXT[current]:
        raise CompetitionEntryStateError(current=current.label, target=target.label)


def check_scoring(state: CompetitionState, part: ContestPart) -> None:
    if state not in SCORED_IN[part]:
        raise ScoringClosedError(state=state.label, part=part.label)


def mean_of(tenths: Sequence[int], *, drop_extremes: bool) -> int:
    """In thousandths of a point, rounded half up. From five judges on the highest and the lowest are left out."""
    kept = sorted(tenths)
    if drop_extremes and len(kept) >= DROP_FROM_JUDGES:
        kept = kept[1:-1]
    if not kept:
        return 0
    whole, count = sum(kept) * MILLI_OF_TENTH, len(kept)
    return (2 * whole + count) // (2 * count)


def total_of(theory: int, practical: int, weighing: Weighing) -> int:
    whole = theory * weighing.theory + practical * (PERCENT - weighing.theory)
    return (2 * whole + PERCENT) // (2 * PERCENT)


def ranked(scores: Mapping[str, tuple[str, Sequence[int], Sequence[int]]], weighing: Weighing) -> list[Result]:
    """`scores`: entry → category, tenths of the theory part, tenths of each judge. By category, then by rank."""
    sums = []
    for entry, (category, theory, practical) in scores.items():
        known = (mean_of(theory, drop_extremes=False), mean_of(practical, drop_extremes=weighing.drop_extremes))
        sums.append((category, entry, *known, total_of(*known, weighing)))
    found: list[Result] = []
    for category in sorted({one[0] for one in sums}):
        mine = sorted((one for one in sums if one[0] == category), key=lambda one: (_order(one, weighing), one[1]))
        rank = 0
        for place, one in enumerate(mine, 1):
            if place == 1 or _order(one, weighing) != _order(mine[place - 2], weighing):
                rank = place
            found.append(Result(one[1], category, one[2], one[3], one[4], rank))
    return found


def _order(one: tuple[str, str, int, int, int], weighing: Weighing) -> tuple[int, int]:
    _, _, theory, practical, total = one
    second = {TieRule.PRACTICAL: practical, TieRule.THEORY: theory, TieRule.SHARED: 0}[weighing.tie]
    return -total, -second


def check_objecting(state: CompetitionState, until: datetime | None, now: datetime) -> None:
    if state is not CompetitionState.OBJECTIONS or until is None or now >= until:
        raise ObjectionWindowError


def check_final(until: datetime | None, unanswered: int, now: datetime) -> None:
    if until is not None and now < until:
        raise WindowOpenError
    if unanswered:
        raise ObjectionsOpenError(count=unanswered)


def check_times(registering_until: datetime, theory_at: datetime, practical_at: datetime, now: datetime) -> None:
    if not now < registering_until <= theory_at <= practical_at <= now + timedelta(days=365):
        raise CompetitionTimesError


class CompetitionNotFoundError(NotFoundError):
    code = "competition_not_found"
    message = "没有找到这场竞赛"


class CompetitionStateError(ConflictError):
    code = "competition_state_wrong"
    message = "竞赛当前为“{current}”，不能变为“{target}”"


class CompetitionTimesError(UnprocessableError):
    code = "competition_times_wrong"
    message = "报名截止、理论考试、实操比赛应依次在今后一年以内"
    field = "registering_until"


class CompetitionEntryNotFoundError(NotFoundError):
    code = "competition_entry_not_found"
    message = "没有找到这份竞赛报名"


class CompetitionEntryStateError(ConflictError):
    code = "competition_entry_state_wrong"
    message = "竞赛报名当前为“{current}”，不能变为“{target}”"


class CompetitionFullError(ConflictError):
    code = "competition_full"
    message = "竞赛的{capacity}个名额已满"


class CompetitionClosedError(ConflictError):
    code = "competition_closed"
    message = "竞赛当前为“{state}”，或报名已经截止，不能报名或退出"


class CategoryError(UnprocessableError):
    code = "competition_category_wrong"
    message = "组别应为以下之一：{categories}"
    field = "category"


class EntriesUncheckedError(ConflictError):
    code = "entries_unchecked"
    message = "还有{count}人的资格没有审核"


class ScoringClosedError(ConflictError):
    code = "scoring_closed"
    message = "竞赛当前为“{state}”，不能登记{part}成绩"


class ScoreTenthsError(UnprocessableError):
    code = "score_tenths_wrong"
    message = "分数应在0到{most}之间，最多一位小数（按十分之一分填写）"
    field = "tenths"


class OwnEntryError(ForbiddenError):
    code = "own_entry"
    message = "参赛者不能当本场竞赛的裁判，也不能审核自己"


class ScoresMissingError(ConflictError):
    code = "competition_scores_missing"
    message = "还有{count}位选手缺少成绩（每位选手要有理论成绩和全部裁判的实操成绩）"


class PanelFullError(ConflictError):
    code = "panel_full"
    message = "{part}成绩已由{most}人打分，不能再增加裁判"


class ObjectionWindowError(ConflictError):
    code = "objection_window"
    message = "现在不在公示异议期内"


class WindowOpenError(ConflictError):
    code = "objection_window_open"
    message = "公示异议期还没有结束，期满后才能确定成绩"


class ObjectionsOpenError(ConflictError):
    code = "competition_objections_open"
    message = "还有{count}条异议没有答复"


class CompetitionObjectionNotFoundError(NotFoundError):
    code = "competition_objection_not_found"
    message = "没有找到这条异议"


class CompetitionObjectionAnsweredError(ConflictError):
    code = "competition_objection_answered"
    message = "这条异议已经答复"
