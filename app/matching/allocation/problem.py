"""What goes into the allocation and what comes out: plain values only, no tables, no clock.

Units: instants are whole minutes since 1970-01-01 00:00 UTC, lengths are minutes, places are metres on a plane, pay is fen
an hour, seats are counted in half seats (two make one head). `export.py` says for every rule what exactly it counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Pair = tuple[str, str]
"""(key of the worker, key of the shift)."""
Place = tuple[float, float]
FIVE = 5
"""Objectives, the first counting most: shortfall, idle, unfairness, cost, changes."""
Five = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` up to `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """The person must be at this place at the minute `at`."""

    x: float
    y: float
    at: int


@dataclass(frozen=True, slots=True)
class DoneShift:
    """Worked, or accepted outside of this horizon: counted for the law, never moved."""

    enterprise: str
    start: int
    end: int
    work_minutes: int


@dataclass(frozen=True, slots=True)
class Worker:
    key: str
    skills: Mapping[str, int]
    """Process → level. A process that is not here is not known."""
    free: tuple[Window, ...] = ()
    """When the person can be at work. Empty: unknown, never allotted."""
    anchors: tuple[Anchor, ...] = ()
    home: Place | None = None
    speed_m_per_min: float = 250.0
    reach_m: int | None = None
    """Farthest commute in a straight line from home; None: any."""
    least_fen_per_hour: int | None = None
    wanted_minutes: int = 0
    """Wanted in a week."""
    past_minutes: int = 0
    """Worked in the part of the four weeks before this horizon."""
    wanted_past_minutes: int = 0
    """Wanted in that same part."""
    birthday_16: int = 0
    birthday_18: int = 0
    retired_from: int | None = None
    minor_ready: bool = False
    """Registered and examined (未成年工登记和健康检查)."""
    overtime_consent: bool = False
    favourites: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()
    """Enterprises blocked from either side, or hidden from."""
    done: tuple[DoneShift, ...] = ()
    group: str | None = None
    """People who go together: all of them on a shift, or none."""


@dataclass(frozen=True, slots=True)
class Shift:
    key: str
    enterprise: str
    process: str
    level: int
    start: int
    end: int
    work_minutes: int
    """Without the breaks."""
    place: Place | None = None
    heads: int = 2
    """Half seats: two for a full head."""
    half: bool = False
    """Each person fills a half seat instead of two."""
    priority: int = 1
    """Weight of a missing half seat, at least 1; urgent ones have more."""
    fen_per_hour: int = 0
    hazards: frozenset[str] = frozenset()
    night: bool = False
    leaders_per: int | None = None
    """One person of `leader_level` in the process for each so many people; None: no leader needed."""
    leader_level: int = 0
    closed_to_minors: bool = False

    @property
    def unit(self) -> int:
        """Half seats that a person fills."""
        return 1 if self.half else 2

    @property
    def seats(self) -> int:
        """People that fit in."""
        return self.heads // self.unit


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows of law and house as they hold for the horizon; None: the row is off."""

    day_minutes: int | None = 480
    week_minutes: int | None = 2400
    overtime_day: int | None = 180
    overtime_month: int | None = 2160
    rest_between: int | None = 660
    week_rest_days: int | None = 1
    retired_overtime: bool = False
    minor_hazards: frozenset[str] | None = None
    """Hazards closed to minors; None: every hazard is."""
    utc_offset: int = 480
    """Minutes that local days are ahead of UTC: days, Monday-based weeks and months begin at local midnight."""


@dataclass(frozen=True, slots=True)
class Problem:
    workers: tuple[Worker, ...]
    shifts: tuple[Shift, ...]
    limits: Limits = field(default_factory=Limits)
    pins: frozenset[Pair] = frozenset()
    """Accepted or pinned: stand in every plan, even where they break a rule (told as conflicts)."""
    bans: frozenset[Pair] = frozenset()
    offers: frozenset[Pair] = frozenset()
    """Offers of the last plan without an answer."""
    horizon_days: int | None = None
    """Days that wanted hours are counted for; None: from the first to the last local day on which a shift starts."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Process → what people call it, for the sentences."""


class Status(StrEnum):
    RUNNING = "running"
    OPTIMAL = "optimal"
    TIME_LIMIT = "time_limit"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a pair cannot be, in the order in which it is asked; the rest say what the plan did."""

    SKILL = "skill"
    LEVEL = "level"
    AVAILABILITY = "availability"
    AGE = "age"
    MINOR = "minor"
    BLOCK = "block"
    REACH = "reach"
    PAY = "pay"
    ANCHOR = "anchor"
    REST = "rest"
    HOURS = "hours"
    BAN = "ban"
    GROUP = "group"
    NO_LEADER = "no_leader"
    TAKEN = "taken"
    """For a seat: everyone fit is busy elsewhere or at a limit. For a worker: the seats went to others."""
    UNKNOWN_AVAILABILITY = "unknown_availability"
    NO_SHIFTS = "no_shifts"
    ODD_HALF = "odd_half"
    """Half a seat is left of a shift that takes whole ones only."""


class Rule(StrEnum):
    """What a pinned pair may break."""

    UNKNOWN = "unknown"
    BAN = "ban"
    SKILL = "skill"
    LEVEL = "level"
    AVAILABILITY = "availability"
    AGE = "age"
    MINOR = "minor"
    BLOCK = "block"
    REACH = "reach"
    PAY = "pay"
    ANCHOR = "anchor"
    REST = "rest"
    OVERLAP = "overlap"
    HOURS = "hours"
    REST_DAY = "rest_day"
    SEATS = "seats"
    LEADER = "leader"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Unfilled:
    """`seats` missing half seats of a shift. `passed`: how many workers were left after each question."""

    shift: str
    seats: int
    code: Reason
    passed: Mapping[str, int]
    text: str


@dataclass(frozen=True, slots=True)
class Unallotted:
    """A willing worker with nothing. `passed`: how many shifts were left after each question."""

    worker: str
    code: Reason
    passed: Mapping[str, int]
    text: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A rule that the pins break among themselves. Without a worker: of the shift as a whole."""

    worker: str | None
    shift: str | None
    rule: Rule
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    assignments: tuple[Pair, ...]
    """Sorted."""
    objectives: Five
    bounds: Five
    """No plan that is as good in all earlier objectives has less than this."""
    gaps: tuple[float, ...]
    """First: the share that is missing of the most that can be filled. Others: (value − bound) ÷ value."""
    total: int
    """What `objectives[0]` would be if nothing were filled."""
    status: Status
    stage: str
    unfilled: tuple[Unfilled, ...] = ()
    unallotted: tuple[Unallotted, ...] = ()
    leaders: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Shift → the people who lead it."""
    conflicts: tuple[Conflict, ...] = ()

    @property
    def share(self) -> float:
        """Filled weight as a share of the most that the bound allows."""
        most = self.total - self.bounds[0]
        return (self.total - self.objectives[0]) / most if most else 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    stage: str
    seconds: float
    objectives: Five
    bounds: Five
