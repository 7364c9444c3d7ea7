"""What keeps a seeker and a vacancy apart whatever the score. The age law is gated by the caller, who knows the age."""

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np

from app.core.labels import Labelled
from app.matching.recommendation.cards import SeekerCard, VacancyCard
from app.matching.recommendation.columns import Bools, Coded, SeekerColumns, VacancyColumns

# Dates on postings are days of the town; China has kept one offset without summer time since 1991.
BEIJING = timezone(timedelta(hours=8))


class Gate(Labelled):
    NOT_VALID = "not_valid", "岗位未开放或已过有效期"
    HIDDEN = "hidden", "求职者对该企业隐藏"
    CERTIFICATE = "certificate", "缺少岗位必须的证书"
    NO_LIST = "no_list", "岗位要求求职者已排除的工作"


def today_of(now: datetime) -> int:
    """The town's day as an ordinal. `now` must carry its offset."""
    return now.astimezone(BEIJING).date().toordinal()


def gathered(
    left: Coded[Any], right: Coded[Any], compare: Callable[[Any, Any], Any], dtype: Any, key: Hashable = None
) -> Any:
    """`compare` for every pair of distinct values, spread over the rows of both (broadcast).

    `key` names the comparison: where the right side remembers (`Memo`), a row of it is computed once.
    """
    if right.memo is not None and len(left.values) == 1:
        one = left.values[0]
        return right.memo.row((key, one), lambda other: compare(one, other), right.values, dtype)[right.index]
    table = np.array([[compare(one, other) for other in right.values] for one in left.values], dtype=dtype)
    return table.reshape(len(left.values), len(right.values))[left.index, right.index]


def closing(seekers: SeekerColumns, vacancies: VacancyColumns, now: datetime) -> dict[Gate, Bools]:
    """Per gate: which pairs it closes."""
    instant = round(now.timestamp() * 1e6)
    invalid = (vacancies.valid_until < today_of(now)) | (vacancies.published > instant)
    return {
        Gate.NOT_VALID: np.asarray(invalid, dtype=np.bool_),
        Gate.HIDDEN: gathered(
            seekers.hidden_from,
            vacancies.enterprise,
            lambda hidden, enterprise: enterprise in hidden,
            np.bool_,
            "hidden",
        ),
        Gate.CERTIFICATE: gathered(
            seekers.certificates, vacancies.certificates, lambda held, required: not required <= held, np.bool_, "lacks"
        ),
        Gate.NO_LIST: np.asarray((seekers.no_bits & vacancies.feature_bits) != 0, dtype=np.bool_),
    }


def closed_by(seeker: SeekerCard, vacancy: VacancyCard, *, now: datetime) -> Gate | None:
    """The first gate that keeps the pair apart, None where it is open.

    For whom it may be said is the caller's matter: an enterprise never learns that somebody hides from it.
    """
    closed = closing(SeekerColumns.from_cards([seeker]), VacancyColumns.from_cards([vacancy]), now)
    return next((gate for gate, rows in closed.items() if rows.any()), None)
