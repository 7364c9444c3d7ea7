"""Search: orders, what is compared in numbers alike on both databases, saved searches. Pure."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from math import isqrt

from app.core.errors import ConflictError, NotFoundError
from app.core.labels import Labelled
from app.rules.jobs.terms import Benefit


class VacancySort(Labelled):
    NEWEST = "newest", "最新发布"
    NEAREST = "nearest", "离得最近"
    PAY = "pay", "折合时薪最高"


# Stored with every vacancy: a bit keeps its meaning for ever, a new benefit takes the next one.
BENEFIT_BITS: dict[Benefit, int] = {
    Benefit.MEALS: 1, Benefit.LODGING: 2, Benefit.MEAL_ALLOWANCE: 4, Benefit.LODGING_ALLOWANCE: 8,
    Benefit.SOCIAL_INSURANCE: 16, Benefit.HOUSING_FUND: 32, Benefit.SHUTTLE: 64, Benefit.PAID_LEAVE: 128,
}  # fmt: skip
SAVED_VACANCIES_AT_MOST = 200
SAVED_SEARCHES_AT_MOST = 10
# The day's news comes when people are up, China Standard Time.
TOLD_FROM = time(8)
# A posting's instant is taken before its transaction commits: what is younger may still be on its way.
SETTLED = timedelta(minutes=5)


def compute_benefit_bits(benefits: Iterable[Benefit]) -> int:
    """A set of benefits as one integer, so that "all of these" is one comparison on both databases."""
    bits = 0
    for benefit in benefits:
        bits |= BENEFIT_BITS[benefit]
    return bits


def compute_distance_m(squared: int) -> int:
    """Whole metres, half up, of a squared distance in whole metres: integers only, so no two machines disagree."""
    return (isqrt(4 * squared) + 1) // 2


def is_telling_time(at: datetime) -> bool:
    """`at` in China Standard Time."""
    return at.time() >= TOLD_FROM


class SavedVacancyNotFoundError(NotFoundError):
    code = "saved_vacancy_not_found"
    message = "您没有收藏这个岗位"


class SavedVacanciesFullError(ConflictError):
    code = "saved_vacancies_full"
    message = "最多收藏 {limit} 个岗位，请先删去一些"


class SavedSearchNotFoundError(NotFoundError):
    code = "saved_search_not_found"
    message = "没有找到这个保存的搜索"


class SavedSearchesFullError(ConflictError):
    code = "saved_searches_full"
    message = "最多保存 {limit} 个搜索，请先删去一个"


class SavedSearchNameTakenError(ConflictError):
    code = "saved_search_name_taken"
    message = "您已有名为“{name}”的搜索，请换一个名称"
    field = "name"
