"""From a seeker's row to the plain card that the matching engine reads. Sex, ethnicity, origin, age are not on it."""

from typing import Any
from uuid import UUID

from app.core.crypto import Crypto
from app.matching.recommendation import LEVELS, ProvenSkill, SeekerCard
from app.rules.jobs.pay import compute_wish_hourly_fen
from app.rules.jobs.terms import PayCycle, ShiftPattern, SkillLevel, WorkFeature
from app.services.jobs.seekers import open_home
from app.services.jobs.vacancy_cards import members


def seeker_card(crypto: Crypto, row: Any) -> SeekerCard:
    home = open_home(crypto, row)
    wish = None
    if row.wish_pay_unit is not None and row.wish_pay_fen is not None:
        wish = compute_wish_hourly_fen(row.wish_pay_unit, row.wish_pay_fen)
    proven = tuple(_proven(one) for one in row.proven or [])
    levels = [level for level in (row.level, *(one.level for one in proven)) if level is not None]
    return SeekerCard(
        id=row.person_id, wanted=tuple(row.wanted), experience=dict(row.experience_years),
        machines=frozenset(row.machines), level=max(levels, key=LEVELS.index, default=None), proven=proven,
        certificates=frozenset(row.certificates) | {one.word for one in proven if one.word is not None},
        wish_hourly_fen=wish, shift_patterns=members(ShiftPattern, row.shift_patterns),
        free_until_minute=row.free_until_minute, earliest_start=row.earliest_start,
        commute_limit_m=row.commute_limit_m, vehicle=row.vehicle, wants_meals=row.wants_meals,
        wants_lodging=row.wants_lodging, no_list=members(WorkFeature, row.no_list),
        hidden_from=frozenset(map(UUID, row.hidden_from)), home_lat=home[0] if home else None,
        home_lon=home[1] if home else None, pay_cycles=members(PayCycle, row.pay_cycles),
    )  # fmt: skip


def _proven(one: dict[str, str | None]) -> ProvenSkill:
    level = one["level"]
    return ProvenSkill(
        title=one["title"] or "", word=one["word"], occupation_code=one["occupation_code"],
        level=None if level is None else SkillLevel.of(level),
    )  # fmt: skip
