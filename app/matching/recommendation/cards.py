"""What the engine knows of a seeker and of a vacancy. None, an empty set or an empty mapping means: not known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from app.rules.jobs.terms import Benefit, PayCycle, PayUnit, ShiftPattern, SkillLevel, Vehicle, WorkFeature


@dataclass(frozen=True, slots=True)
class ProvenSkill:
    """A pass of the town's training that holds: the course, the certificate's word, the trade and level it stands for."""

    title: str
    word: str | None = None
    occupation_code: str | None = None
    level: SkillLevel | None = None


@dataclass(frozen=True, slots=True)
class SeekerCard:
    """Money in fen, distances in metres, times in minutes of the day, coordinates in GCJ-02 degrees."""

    id: UUID
    wanted: tuple[str, ...] = ()
    experience: Mapping[str, float] = field(default_factory=dict)
    """Occupation code → years."""
    machines: frozenset[str] = frozenset()
    level: SkillLevel | None = None
    certificates: frozenset[str] = frozenset()
    proven: tuple[ProvenSkill, ...] = ()
    """What the town's training has certified; its words are among `certificates`."""
    wish_hourly_fen: int | None = None
    """The wish as pay of an hour (`rules.jobs.pay.compute_hourly_fen`)."""
    shift_patterns: frozenset[ShiftPattern] = frozenset()
    free_until_minute: int | None = None
    earliest_start: date | None = None
    commute_limit_m: int | None = None
    vehicle: Vehicle | None = None
    wants_meals: bool | None = None
    wants_lodging: bool | None = None
    no_list: frozenset[WorkFeature] = frozenset()
    hidden_from: frozenset[UUID] = frozenset()
    home_lat: float | None = None
    home_lon: float | None = None
    pay_cycles: frozenset[PayCycle] = frozenset()


@dataclass(frozen=True, slots=True)
class VacancyCard:
    """Units as on the seeker's card. `required_*` None or empty: nothing is required."""

    id: UUID
    enterprise_id: UUID
    occupation_code: str
    published_at: datetime
    valid_until: date
    headcount: int = 1
    hourly_fen: int | None = None
    """Effective pay of an hour (`rules.jobs.pay.compute_hourly_fen`)."""
    pay_unit: PayUnit | None = None
    minutes_per_day: int | None = None
    shift_pattern: ShiftPattern | None = None
    work_start_minute: int | None = None
    work_end_minute: int | None = None
    lat: float | None = None
    lon: float | None = None
    benefits: frozenset[Benefit] = frozenset()
    features: frozenset[WorkFeature] = frozenset()
    pay_cycle: PayCycle | None = None
    required_years: float | None = None
    required_machines: frozenset[str] = frozenset()
    required_level: SkillLevel | None = None
    required_certificates: frozenset[str] = frozenset()
    start_date: date | None = None

    @property
    def shift(self) -> ShiftPattern | None:
        """The pattern that counts: day work that also asks for nights is two shifts by another name."""
        by_day = self.shift_pattern in {None, ShiftPattern.DAY, ShiftPattern.FLEXIBLE}
        return ShiftPattern.ROTATING if by_day and WorkFeature.NIGHT_WORK in self.features else self.shift_pattern

    @property
    def demands(self) -> frozenset[WorkFeature]:
        """The features, with the night work that a night or rotating shift brings whether it is ticked or not."""
        nights = self.shift in {ShiftPattern.NIGHT, ShiftPattern.ROTATING}
        return self.features | {WorkFeature.NIGHT_WORK} if nights else self.features

    @property
    def end_minute(self) -> int | None:
        """End of work counted from the midnight before its start: beyond 1,440 where it ends the next day."""
        if self.work_end_minute is None:
            return None
        over_midnight = self.work_start_minute is not None and self.work_end_minute <= self.work_start_minute
        return self.work_end_minute + 24 * 60 * over_midnight


# How near two occupations are by the depth of their common branch: 大类, 中类, 小类 (职业分类大典 2022), our finer codes.
BRANCH_CLOSENESS = (0.0, 0.1, 0.4, 0.7)
# The vacancy names the 小类 that holds the wanted finer code: most likely the same work, said less exactly.
COARSER_CLOSENESS = 0.85
SAME_SMALL_CLASS = 0.7


class OccupationTree:
    """Occupation codes with their ancestors and Chinese names."""

    def __init__(self, parents: Mapping[str, str | None], names: Mapping[str, str]) -> None:
        self._names = dict(names)
        self._paths = {code: self._walk(code, parents) for code in parents}
        self._near: dict[tuple[str, str], float | None] = {}

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, str, str | None]]) -> "OccupationTree":
        """Rows of `(code, name, parent code or None)`, in any order."""
        known = list(rows)
        return cls({code: parent or None for code, _, parent in known}, {code: name for code, name, _ in known})

    @staticmethod
    def _walk(code: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
        path = [code]
        # A circle in the data ends the walk instead of the process.
        while (parent := parents.get(path[-1])) and parent not in path:
            path.append(parent)
        return tuple(reversed(path))

    def path(self, code: str) -> tuple[str, ...]:
        """From the root to the code itself; a code that the tree does not know stands alone."""
        return self._paths.get(code, (code,))

    def name(self, code: str) -> str:
        return self._names.get(code, "该工种")

    def common(self, one: str, other: str) -> str | None:
        """The deepest code that both belong to."""
        shared = None
        for left, right in zip(self.path(one), self.path(other), strict=False):
            if left != right:
                break
            shared = left
        return shared

    def closeness(self, held: str, target: str) -> float | None:
        """1 for the same code or one inside the held branch, falling with the common branch; None where unknown."""
        pair = (held, target)
        if pair not in self._near:
            self._near[pair] = self._closeness(held, target)
        return self._near[pair]

    def _closeness(self, held: str, target: str) -> float | None:
        if held in self.path(target):
            return 1.0
        if held not in self._paths or target not in self._paths:
            return None
        shared = self.common(held, target)
        depth = len(self.path(shared)) if shared is not None else 0
        near = BRANCH_CLOSENESS[min(depth, len(BRANCH_CLOSENESS) - 1)]
        coarser = shared == target and depth >= len(BRANCH_CLOSENESS) - 1
        return COARSER_CLOSENESS if coarser else near

    def same_trade(self, held: str, target: str) -> bool:
        """The same 小类, or nearer."""
        near = self.closeness(held, target)
        return near is not None and near >= SAME_SMALL_CLASS

    def nearest(self, wanted: Iterable[str], target: str) -> tuple[str, float] | None:
        """The wanted code that is nearest to `target`, and how near; the first of equals."""
        best: tuple[str, float] | None = None
        for code in wanted:
            near = self.closeness(code, target)
            if near is not None and (best is None or near > best[1]):
                best = (code, near)
        return best

    def best_experience(self, experience: Mapping[str, float], target: str) -> "Experience | None":
        """The experience that counts most for `target`: years × closeness. None where nothing is known."""
        found = [
            Experience(code, years, near)
            for code, years in sorted(experience.items())
            if (near := self.closeness(code, target)) is not None
        ]
        return max(found, key=lambda item: (item.counted, item.closeness), default=None)


@dataclass(frozen=True, slots=True)
class Experience:
    code: str
    years: float
    closeness: float

    @property
    def counted(self) -> float:
        """Years that count for the vacancy."""
        return self.years * self.closeness
