"""What is known of a seeker, and which one next answer would help most: the same parts and weights as the score."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from app.matching.recommendation.cards import OccupationTree, SeekerCard
from app.matching.recommendation.columns import Bools, SeekerColumns, VacancyColumns
from app.matching.recommendation.gates import closing
from app.matching.recommendation.parts import SCORED, WEIGHTS, PartKey, compute_values


@dataclass(frozen=True, slots=True)
class Question:
    """`fields` of the registration form that answer it."""

    fields: tuple[str, ...]
    text: str
    known: Callable[[SeekerCard], bool]


QUESTIONS: Mapping[PartKey, Question] = {
    PartKey.PAY: Question(
        ("wish_pay_unit", "wish_pay_fen"), "您希望的工资是多少？可以按月或按小时说", lambda card: bool(card.wish_hourly_fen)
    ),
    PartKey.OCCUPATION: Question(("wanted",), "您想做什么工种？最多选三个", lambda card: bool(card.wanted)),
    PartKey.COMMUTE: Question(
        ("home",), "您住在哪里？只用来算路程，需要您单独同意", lambda card: card.home_lat is not None
    ),
    PartKey.HOURS: Question(
        ("shift_patterns", "free_until_minute"), "您能上什么班？白班、夜班还是都可以",
        lambda card: bool(card.shift_patterns) or card.free_until_minute is not None,
    ),
    PartKey.BOARD: Question(
        ("wants_meals", "wants_lodging"), "您要不要包吃、包住？",
        lambda card: card.wants_meals is not None or card.wants_lodging is not None,
    ),
    PartKey.PAY_CYCLE: Question(("pay_cycles",), "您希望多久发一次工资？", lambda card: bool(card.pay_cycles)),
    PartKey.EXPERIENCE: Question(
        ("experience_years",), "您做过哪些工种，各做了几年？没做过可以填 0 年", lambda card: bool(card.experience)
    ),
    PartKey.MACHINES: Question(("machines",), "您会用哪些机器？", lambda card: bool(card.machines)),
    PartKey.START: Question(("earliest_start",), "您最早哪天能到岗？", lambda card: card.earliest_start is not None),
    PartKey.LEVEL: Question(("level",), "您有技能等级吗？没有可以选学徒工", lambda card: card.level is not None),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownPart:
    """`weight`: the part's share of a whole score, both sides alike; all of them sum to 1."""

    key: PartKey
    weight: float
    known: bool


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """`helps` of the `considered` open vacancies cannot be weighed in this part while it is not answered."""

    key: PartKey
    question: Question
    helps: int
    considered: int


@dataclass(frozen=True, slots=True)
class Completeness:
    """`percent` 0–100: the weights of what is known."""

    percent: int
    parts: tuple[KnownPart, ...]
    next_question: NextQuestion | None


def assess(seeker: SeekerCard, vacancies: VacancyColumns, tree: OccupationTree, *, now: datetime) -> Completeness:
    """The unknown part with the largest weight over the open vacancies; without any that it helps, the largest weight."""
    parts = tuple(
        KnownPart(key, weight / len(WEIGHTS), QUESTIONS[key].known(seeker))
        for weights in WEIGHTS.values()
        for key, weight in weights.items()
    )
    percent = int(round(100 * sum(part.weight for part in parts if part.known), 6) + 0.5)
    open_questions = [part for part in parts if not part.known]
    if not open_questions:
        return Completeness(percent, parts, None)
    helped, considered = _helped(seeker, vacancies, tree, now)
    # Ties go to the larger weight, then to the order of the parts.
    best = max(open_questions, key=lambda part: (part.weight * helped[part.key], part.weight))
    question = NextQuestion(best.key, QUESTIONS[best.key], helped[best.key], considered)
    return Completeness(percent, parts, question)


def _helped(
    seeker: SeekerCard, vacancies: VacancyColumns, tree: OccupationTree, now: datetime
) -> tuple[dict[PartKey, int], int]:
    """Per part: at how many vacancies it is unknown for want of the seeker's answer, not of the posting's."""
    if not vacancies.cards:
        return dict.fromkeys(SCORED, 0), 0
    seekers = SeekerColumns.from_cards([seeker])
    opened: Bools = np.ones(len(vacancies.cards), dtype=np.bool_)
    for shut in closing(seekers, vacancies, now).values():
        opened &= ~shut
    values = compute_values(seekers, vacancies, tree, now).values
    told = _told(vacancies)
    counts = {key: int(np.count_nonzero(np.isnan(values[key]) & opened & told.get(key, np.True_))) for key in SCORED}
    return counts, int(np.count_nonzero(opened))


def _told(vacancies: VacancyColumns) -> dict[PartKey, Bools]:
    """Where the posting says what the part compares with; parts that are not named here need nothing of it."""
    shift = np.array([value is not None for value in vacancies.shift.values], dtype=np.bool_)[vacancies.shift.index]
    return {
        PartKey.PAY: ~np.isnan(vacancies.hourly),
        PartKey.COMMUTE: ~np.isnan(vacancies.lat) & ~np.isnan(vacancies.lon),
        PartKey.HOURS: shift | ~np.isnan(vacancies.work_end),
        PartKey.PAY_CYCLE: ~np.isnan(vacancies.cycle),
    }
