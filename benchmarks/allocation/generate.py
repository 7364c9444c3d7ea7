"""A seeded town for the allocation: garment trades, factories in clusters, week and day patterns, odd cases in small shares.

The region grows with the number of people, so a shift has about as many people within reach in a large one as in a small one.
"""

import random
from dataclasses import dataclass
from itertools import pairwise

from app.matching.allocation.problem import Anchor, DoneShift, Limits, Place, Problem, Shift, Window, Worker

DAY = 1440
MONDAY = 20_619 * DAY - 480
"""Local midnight of Monday, 2026-06-15."""
PROCESSES = {
    "flat": ("平车", 30), "lock": ("锁边", 16), "cut": ("裁剪", 8), "iron": ("整烫", 9), "check": ("质检", 9),
    "pack": ("包装", 14), "carry": ("搬运", 8), "button": ("钉扣", 6),
}  # fmt: skip
NAMES = {key: name for key, (name, _) in PROCESSES.items()}
WEIGHTS = [weight for _, weight in PROCESSES.values()]
PATTERNS = (
    # start and end of the local day, work, weight, half, night
    (480, 1020, 480, 46, False, False),
    (450, 990, 480, 12, False, False),
    (480, 720, 240, 10, True, False),
    (810, 1050, 240, 10, True, False),
    (1080, 1320, 240, 8, False, False),
    (1200, 1740, 480, 8, False, True),
    (480, 1140, 600, 6, False, False),
)
SIDE = 9000.0
"""Metres of the side of the region of 3,000 people."""


@dataclass(frozen=True, slots=True)
class Size:
    workers: int
    shifts: int
    days: int = 7
    pins: float = 0.02
    offers: float = 0.04


def generate(size: Size, seed: int) -> Problem:
    dice = random.Random(seed)
    side = SIDE * (size.workers / 3000) ** 0.5
    firms = max(4, size.shifts // 14)
    places = [(dice.uniform(0, side), dice.uniform(0, side)) for _ in range(firms)]
    trades = [dice.choices(list(PROCESSES), WEIGHTS, k=2) for _ in range(firms)]
    shifts = tuple(_shift(dice, at, size, places, trades) for at in range(size.shifts))
    workers = [_worker(dice, at, size, side, firms) for at in range(size.workers)]
    workers = _groups(dice, workers)
    pairs = _likely(dice, workers, shifts, int(size.shifts * 3 * (size.pins + size.offers)))
    cut = int(len(pairs) * size.pins / max(1e-9, size.pins + size.offers))
    return Problem(
        workers=tuple(workers),
        shifts=shifts,
        limits=Limits(),
        pins=frozenset(pairs[:cut]),
        offers=frozenset(pairs[cut:]),
        bans=frozenset(
            (f"w{dice.randrange(size.workers):05}", f"s{dice.randrange(size.shifts):05}")
            for _ in range(size.shifts // 10)
        ),
        horizon_days=size.days,
        names=NAMES,
    )


def _shift(dice: random.Random, at: int, size: Size, places: list[Place], trades: list[list[str]]) -> Shift:
    firm = dice.randrange(len(places))
    process = dice.choice(trades[firm])
    start, end, work, _, half, night = dice.choices(PATTERNS, [row[3] for row in PATTERNS])[0]
    midnight = MONDAY + dice.randrange(size.days) * DAY
    people = dice.choices((2, 3, 4, 5, 6, 8, 12, 20), (14, 16, 18, 16, 12, 10, 8, 6))[0]
    led = people >= 5 and dice.random() < 0.5
    return Shift(
        key=f"s{at:05}",
        enterprise=f"e{firm:04}",
        process=process,
        level=dice.choices((1, 2, 3, 4), (40, 32, 20, 8))[0],
        start=midnight + start,
        end=midnight + end,
        work_minutes=work,
        place=places[firm],
        heads=people if half else 2 * people,
        half=half,
        priority=dice.choices((1, 2, 5), (70, 22, 8))[0],
        fen_per_hour=dice.randrange(1900, 3200, 50) + (400 if night else 0),
        hazards=frozenset({"dust"} if process == "cut" and dice.random() < 0.3 else ()),
        night=night,
        leaders_per=8 if led else None,
        leader_level=4 if led else 0,
        closed_to_minors=dice.random() < 0.1,
    )


def _worker(dice: random.Random, at: int, size: Size, side: float, firms: int) -> Worker:
    known = dict.fromkeys(dice.choices(list(PROCESSES), WEIGHTS, k=dice.choices((1, 2, 3), (55, 32, 13))[0]))
    young, old = dice.random() < 0.02, dice.random() < 0.06
    days = sorted(
        dice.sample(range(size.days), k=min(size.days, dice.choices(range(8), (6, 10, 16, 20, 18, 14, 10, 6))[0]))
    )
    wanted = max(240, len(days) * dice.choice((240, 360, 480)))
    home = (dice.uniform(0, side), dice.uniform(0, side))
    past = dice.randrange(0, 3 * wanted + 1, 60)
    return Worker(
        key=f"w{at:05}",
        skills={name: dice.choices((1, 2, 3, 4, 5), (16, 26, 30, 20, 8))[0] for name in known},
        free=tuple(_window(dice, day) for day in days),
        anchors=(Anchor(*home, MONDAY + days[0] * DAY + 990),) if days and dice.random() < 0.08 else (),
        home=None if dice.random() < 0.03 else home,
        speed_m_per_min=dice.choice((80.0, 200.0, 300.0)),
        reach_m=None if dice.random() < 0.05 else dice.choice((1500, 2500, 4000, 6000)),
        least_fen_per_hour=None if dice.random() < 0.3 else dice.randrange(1800, 2700, 100),
        wanted_minutes=wanted if dice.random() < 0.97 else 0,
        past_minutes=past,
        wanted_past_minutes=3 * wanted,
        birthday_16=MONDAY + dice.randrange(-600, 3) * DAY if young else 0,
        birthday_18=MONDAY + dice.randrange(3, 700) * DAY if young else 0,
        retired_from=MONDAY - dice.randrange(1, 900) * DAY if old else None,
        minor_ready=young and dice.random() < 0.6,
        overtime_consent=not young and dice.random() < 0.4,
        favourites=frozenset(f"e{dice.randrange(firms):04}" for _ in range(dice.choice((0, 0, 1, 2)))),
        blocks=frozenset(f"e{dice.randrange(firms):04}" for _ in range(dice.choice((0, 0, 0, 0, 1)))),
        done=_done(dice, firms) if dice.random() < 0.15 else (),
    )


def _window(dice: random.Random, day: int) -> Window:
    start, end = dice.choices(
        ((420, 1170), (420, 1380), (470, 740), (780, 1080), (1050, 1380), (1140, 1800), (0, 1440)),
        (40, 14, 10, 10, 8, 8, 10),
    )[0]
    return Window(MONDAY + day * DAY + start, MONDAY + day * DAY + end)


def _done(dice: random.Random, firms: int) -> tuple[DoneShift, ...]:
    """Of the two weeks before, and now and then of the Sunday night before Monday."""
    days = sorted(dice.sample(range(-14, 0), k=dice.randrange(1, 9)))
    firm = f"e{dice.randrange(firms):04}"
    return tuple(DoneShift(firm, MONDAY + day * DAY + 480, MONDAY + day * DAY + 1140, 600) for day in days)


def _groups(dice: random.Random, workers: list[Worker]) -> list[Worker]:
    """About one in forty goes with a neighbour of the list who has the same skills and hours."""
    from dataclasses import replace

    result = list(workers)
    for at, (one, other) in enumerate(pairwise(workers)):
        if dice.random() < 0.0125 and result[at].group is None:
            name = f"g{at:05}"
            result[at] = replace(one, group=name)
            result[at + 1] = replace(
                other, group=name, skills=one.skills, free=one.free, home=one.home, reach_m=one.reach_m
            )
    return result


def _likely(
    dice: random.Random, workers: list[Worker], shifts: tuple[Shift, ...], wanted: int
) -> list[tuple[str, str]]:
    """Pairs that could be, at most one for a worker; found by trying."""
    by_process: dict[str, list[Worker]] = {}
    for worker in workers:
        for name in worker.skills:
            by_process.setdefault(name, []).append(worker)
    found: dict[str, str] = {}
    for _ in range(wanted * 60):
        if len(found) >= wanted:
            break
        shift = dice.choice(shifts)
        worker = dice.choice(by_process.get(shift.process, workers))
        fits = any(window.start <= shift.start and shift.end <= window.end for window in worker.free)
        near = (
            worker.home
            and shift.place
            and abs(worker.home[0] - shift.place[0]) + abs(worker.home[1] - shift.place[1]) < 1500
        )
        fresh = worker.group is None and worker.key not in found and worker.birthday_18 == 0 and not worker.done
        if fits and near and fresh and worker.skills.get(shift.process, 0) >= shift.level:
            found[worker.key] = shift.key
    return sorted(found.items())
