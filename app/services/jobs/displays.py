"""What an answer shows of a vacancy, made once for each of its versions and kept by the process while it is asked for."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlmodel import col

from app.core.clock import CHINA
from app.matching.recommendation import VacancyCard
from app.models.jobs import Vacancy
from app.services.jobs.vacancy_cards import vacancy_card

# The vacancies that most people are shown; some 3 KB each.
KEPT_AT_MOST = 5_000
# Beside the columns of the card.
DISPLAY_COLUMNS: tuple[Any, ...] = (
    col(Vacancy.title), col(Vacancy.enterprise_name), col(Vacancy.enterprise_label), col(Vacancy.using_firm),
    col(Vacancy.occupation_name), col(Vacancy.hired_count), col(Vacancy.place_address), col(Vacancy.feed_seq),
    col(Vacancy.state), col(Vacancy.area_id), col(Vacancy.hourly_fen),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Displayed:
    """`json`: the item as in the public list."""

    id: UUID
    feed_seq: int | None
    card: VacancyCard
    json: bytes


class Displays:
    """The least asked for go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, Displayed] = OrderedDict()

    def get(self, vacancy_id: UUID, feed_seq: int | None) -> Displayed | None:
        """Only what is still current: every change that shows has a new number (`feed`)."""
        found = self._kept.get(vacancy_id)
        if found is None or found.feed_seq != feed_seq:
            return None
        self._kept.move_to_end(vacancy_id)
        return found

    def put(self, display: Displayed) -> None:
        self._kept[display.id] = display
        while len(self._kept) > KEPT_AT_MOST:
            self._kept.popitem(last=False)


def displayed(row: Any) -> Displayed:
    return Displayed(row.id, row.feed_seq, vacancy_card(row), to_json(_item(row)))


def _item(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id), "title": row.title, "enterprise_id": str(row.enterprise_id),
        "enterprise_name": row.enterprise_name, "enterprise_label": row.enterprise_label,
        "using_firm": row.using_firm, "occupation_code": row.occupation_code, "occupation_name": row.occupation_name,
        "pay_unit": row.pay_unit.value, "pay_min_fen": row.pay_min_fen, "pay_max_fen": row.pay_max_fen,
        "piece_rate_fen": row.piece_rate_fen, "piece_per_quantity": row.piece_per_quantity,
        "pay_cycle": row.pay_cycle.value, "shift_pattern": row.shift_pattern.value,
        "hourly_fen": row.hourly_fen or None, "area_id": None if row.area_id is None else str(row.area_id),
        "distance_m": None, "open_seats": row.headcount - row.hired_count, "place_address": row.place_address, "benefits": row.benefits,
        "valid_until": row.valid_until.isoformat(),
        "published_at": (row.published_at or row.created_at).astimezone(CHINA).isoformat(timespec="seconds"),
    }  # fmt: skip
