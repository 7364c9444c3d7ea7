"""From rows to a problem of the allocation: a fixed number of statements, however many people and shifts there are."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.crypto import crypto_of
from app.core.parts import in_parts
from app.matching import allocation
from app.matching.allocation import Anchor, DoneShift, Problem, Window
from app.models.gigs import Assignment, Offer, PlanPin, Shift, ShiftOrder, WorkerBlock, WorkerProfile, WorkerSkill
from app.rules.geo import to_grid
from app.rules.gigs.allocation import PinKind
from app.rules.gigs.availability import Period, free_between, midnight
from app.rules.gigs.hours import SPEED, Stretch, is_retired, week_of
from app.rules.gigs.labour import Limits
from app.rules.gigs.offers import HOLDING, OfferSource, OfferState
from app.rules.gigs.orders import ShiftState
from app.rules.gigs.terms import FillMode, SeatKind
from app.services.gigs import availability, homes, law, shared_people
from app.services.gigs.availability import Times
from app.services.gigs.law import Standing

# Fairness looks at four weeks: those before the horizon that make it up to them.
FAIR_DAYS = 28
URGENT_PRIORITY = 5
# People asked about in one statement: PostgreSQL takes 32,767 parameters.
AT_ONCE = 10_000
NIGHT_FROM, NIGHT_TO = timedelta(hours=22), timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Horizon:
    """`[starts_at, ends_at)`, whole Chinese days apart from what of today is over."""

    starts_at: datetime
    ends_at: datetime

    @property
    def first(self) -> date:
        return china_date(self.starts_at)

    @property
    def days(self) -> int:
        return (china_date(self.ends_at - timedelta(microseconds=1)) - self.first).days + 1

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows say of the people, by person."""

    skills: dict[UUID, dict[str, int]]
    times: dict[UUID, Times]
    standings: dict[UUID, Standing]
    blocks: dict[UUID, frozenset[str]]
    past: dict[UUID, int]
    done: dict[UUID, list[Stretch]]
    groups: dict[UUID, str]


async def build(
    session: AsyncSession, enterprise_id: UUID | None, horizon: Horizon, *, now: datetime, also: Collection[UUID] = ()
) -> Problem:
    """Open shifts that the firm (None: any firm) wants allotted, and everybody who may be asked.

    Accepted seats, and offers that somebody else than a plan has made, stand as pins; offers of an earlier plan without an
    answer may change, which the plan avoids. `also`: people who are asked about whether or not they could do anything.
    """
    rows = await _shifts(session, enterprise_id, horizon, now)
    limits = await law.limits_on(session, horizon.first)
    ids = [shift.id for shift, _ in rows]
    held = await _held(session, ids)
    offers = await _offers(session, ids)
    pins = await _pins(session, ids)
    standing = {(str(row.person_id), str(row.shift_id)) for row in held}
    standing |= {(str(row.person_id), str(row.shift_id)) for row in offers if row.source is not OfferSource.PLAN}
    by_kind: dict[PinKind, set[tuple[str, str]]] = defaultdict(set)
    for pin in pins:
        by_kind[pin.kind].add((str(pin.person_id), str(pin.shift_id)))
    must = (
        {row.person_id for row in held}
        | {row.person_id for row in offers}
        | {row.person_id for row in pins}
        | set(also)
    )
    shared = await shared_people.people_of(
        session, {order.sharing_id for _, order in rows if order.sharing_id is not None}
    )
    people = await _people(session, {order.process_code for _, order in rows}, must)
    known = await _known(session, people, horizon, set(ids), shared)
    return Problem(
        workers=tuple(
            worker for row in people if (worker := _worker(session, row, known, horizon, limits)) is not None
        ),
        shifts=tuple(_shift(shift, order, limits) for shift, order in rows),
        limits=_limits(limits),
        pins=frozenset(standing | by_kind[PinKind.PIN]),
        bans=frozenset(by_kind[PinKind.BAN]),
        offers=frozenset((str(row.person_id), str(row.shift_id)) for row in offers if row.source is OfferSource.PLAN),
        horizon_days=horizon.days,
        names={process_of(order): order.process_name for _, order in rows},
    )


async def _shifts(
    session: AsyncSession, enterprise_id: UUID | None, horizon: Horizon, now: datetime
) -> Sequence[tuple[Shift, ShiftOrder]]:
    statement = (
        select(Shift, ShiftOrder)
        .join(ShiftOrder, col(ShiftOrder.id) == col(Shift.order_id))
        .where(
            Shift.state == ShiftState.OPEN, ShiftOrder.fill_mode == FillMode.ALLOCATE,
            col(Shift.starts_at) >= max(horizon.starts_at, now), col(Shift.starts_at) < horizon.ends_at,
        )
        .order_by(col(Shift.id))
    )  # fmt: skip
    if enterprise_id is not None:
        statement = statement.where(Shift.enterprise_id == enterprise_id)
    return (await session.exec(statement)).all()


async def _held(session: AsyncSession, shift_ids: Collection[UUID]) -> Sequence[Assignment]:
    rows = await session.exec(
        select(Assignment).where(
            col(Assignment.shift_id).in_(shift_ids), col(Assignment.state).in_(HOLDING),
            Assignment.seat == SeatKind.REGULAR,
        )
    )  # fmt: skip
    return rows.all()


async def _offers(session: AsyncSession, shift_ids: Collection[UUID]) -> Sequence[Offer]:
    rows = await session.exec(
        select(Offer).where(
            col(Offer.shift_id).in_(shift_ids), Offer.state == OfferState.OFFERED, Offer.seat == SeatKind.REGULAR
        )
    )
    return rows.all()


async def _pins(session: AsyncSession, shift_ids: Collection[UUID]) -> Sequence[PlanPin]:
    return (await session.exec(select(PlanPin).where(col(PlanPin.shift_id).in_(shift_ids)))).all()


async def _people(session: AsyncSession, processes: Collection[str], must: Collection[UUID]) -> Sequence[WorkerProfile]:
    """Who is active and knows one of the processes; and whoever stands in the plan already."""
    able = select(col(WorkerSkill.person_id)).where(col(WorkerSkill.process_code).in_(processes))
    found = await session.exec(
        select(WorkerProfile).where(col(WorkerProfile.active), col(WorkerProfile.person_id).in_(able))
    )
    people = {row.person_id: row for row in found}
    for part in in_parts(sorted(set(must) - set(people)), AT_ONCE):
        others = await session.exec(select(WorkerProfile).where(col(WorkerProfile.person_id).in_(part)))
        people |= {row.person_id: row for row in others}
    return [people[person_id] for person_id in sorted(people)]


async def _known(
    session: AsyncSession,
    people: Sequence[WorkerProfile],
    horizon: Horizon,
    shift_ids: Collection[UUID],
    shared: Collection[tuple[UUID, UUID]],
) -> Known:
    """A fixed number of statements for each so many people: a statement takes only so many parameters."""
    found = Known(skills={}, times={}, standings={}, blocks={}, past={}, done={}, groups=_groups(people))
    for part in in_parts(people, AT_ONCE):
        one = await _known_of(session, part, horizon, shift_ids, shared)
        for name in ("skills", "times", "standings", "blocks", "past", "done"):
            getattr(found, name).update(getattr(one, name))
    return found


async def _known_of(
    session: AsyncSession,
    people: Sequence[WorkerProfile],
    horizon: Horizon,
    shift_ids: Collection[UUID],
    shared: Collection[tuple[UUID, UUID]],
) -> Known:
    ids = [row.person_id for row in people]
    skills: dict[UUID, dict[str, int]] = defaultdict(dict)
    for skill in await session.exec(select(WorkerSkill).where(col(WorkerSkill.person_id).in_(ids))):
        skills[skill.person_id][skill.process_code] = skill.level
    for agreement, person_id in shared:
        for code, level in list(skills.get(person_id, {}).items()):
            skills[person_id][f"{code}#{agreement}"] = level
    blocks: dict[UUID, set[str]] = {row.person_id: {*row.blocks, *row.hidden_from} for row in people}
    refused = await session.exec(
        select(WorkerBlock).where(col(WorkerBlock.person_id).in_(ids), col(WorkerBlock.lifted_at).is_(None))
    )
    for block in refused:
        blocks[block.person_id].add(str(block.enterprise_id))
    # The law looks at whole weeks and months around; fairness at four weeks.
    earliest = min(week_of(horizon.first.replace(day=1)), horizon.first - timedelta(days=FAIR_DAYS))
    month_end = (horizon.last.replace(day=28) + timedelta(days=4)).replace(day=1)
    work = await law.work_of(session, ids, earliest, week_of(month_end) + timedelta(days=6), without_shifts=shift_ids)
    since = horizon.first - timedelta(days=FAIR_DAYS - horizon.days)
    return Known(
        skills=skills,
        times=await availability.times_of(session, crypto_of(session), ids, since=horizon.first - timedelta(days=1)),
        standings=await law.standings_of(session, ids),
        blocks={person_id: frozenset(firms) for person_id, firms in blocks.items()},
        past={
            person_id: sum(one.work_minutes for one in rows if since <= one.day < horizon.first)
            for person_id, rows in work.items()
        },
        done=work,
        groups={},
    )


def _groups(people: Sequence[WorkerProfile]) -> dict[UUID, str]:
    """People who name the same word go together; a word that one person alone names binds nobody."""
    named = {row.person_id: row.companions[0] for row in people if row.companions}
    times = Counter(named.values())
    order = {word: f"g{number}" for number, word in enumerate(sorted(word for word, n in times.items() if n > 1))}
    return {person_id: order[word] for person_id, word in named.items() if word in order}


def _worker(
    session: AsyncSession, row: WorkerProfile, known: Known, horizon: Horizon, limits: Limits
) -> allocation.Worker | None:
    """None for somebody whose birthday is not known: the law cannot be asked."""
    standing = known.standings.get(row.person_id)
    if standing is None or standing.worker.born is None:
        return None
    born, times = standing.worker.born, known.times[row.person_id]
    free = free_between(times.windows, times.days, horizon.first, horizon.last + timedelta(days=1))
    if row.night_ok is False:
        free = [part for period in free for part in _by_day(period)]
    ready = standing.worker.minor_ready_until
    past_days = FAIR_DAYS - horizon.days
    retired = limits.retired_no_overtime and is_retired(standing.worker, horizon.first, limits)
    return allocation.Worker(
        key=str(row.person_id),
        skills=dict(known.skills.get(row.person_id, {})),
        free=tuple(Window(_minute(start), _minute(end)) for start, end in free) if row.active else (),
        anchors=_anchors(times, horizon),
        home=homes.home_of(crypto_of(session), row),
        speed_m_per_min=float(SPEED[row.vehicle]),
        reach_m=row.reach_m,
        least_fen_per_hour=row.least_hour_fen,
        wanted_minutes=row.wanted_minutes_week,
        past_minutes=known.past.get(row.person_id, 0),
        wanted_past_minutes=row.wanted_minutes_week * past_days // 7,
        birthday_16=_minute(midnight(_birthday(born, limits.minimum_age))),
        birthday_18=_minute(midnight(_birthday(born, limits.adult_age))),
        retired_from=0 if retired else None,
        minor_ready=ready is not None and ready >= horizon.last + timedelta(days=1),
        overtime_consent=row.overtime_consent,
        favourites=frozenset(row.favourites),
        blocks=known.blocks[row.person_id],
        done=tuple(
            DoneShift(str(one.enterprise_id), _minute(one.starts_at), _minute(one.ends_at), one.work_minutes)
            for one in known.done.get(row.person_id, ())
        ),
        group=known.groups.get(row.person_id),
    )


def _shift(shift: Shift, order: ShiftOrder, limits: Limits) -> allocation.Shift:
    place = None if order.east_m is None or order.north_m is None else (float(order.east_m), float(order.north_m))
    return allocation.Shift(
        key=str(shift.id),
        enterprise=str(shift.enterprise_id),
        process=process_of(order),
        level=order.level,
        start=_minute(shift.starts_at),
        end=_minute(shift.ends_at),
        work_minutes=shift.work_minutes,
        place=place,
        heads=shift.seats,
        half=shift.half,
        priority=URGENT_PRIORITY if shift.urgent_ring else order.priority,
        fen_per_hour=order.effective_hour_fen,
        hazards=frozenset(order.hazards),
        night=shift.night and limits.minor_night,
        leaders_per=order.leaders_per,
        leader_level=order.leader_level or order.level,
        closed_to_minors=order.minimum_age >= limits.adult_age,
    )


def process_of(order: ShiftOrder) -> str:
    """Shifts of lent people are a process of their own, which only those of the agreement know."""
    return order.process_code if order.sharing_id is None else f"{order.process_code}#{order.sharing_id}"


def _limits(limits: Limits) -> allocation.Limits:
    return allocation.Limits(
        day_minutes=limits.day_minutes,
        week_minutes=limits.week_minutes,
        overtime_day=limits.overtime_day,
        overtime_month=limits.overtime_month,
        rest_between=limits.rest_between,
        week_rest_days=limits.week_rest_days,
        retired_overtime=not limits.retired_no_overtime,
        minor_hazards=limits.minor_hazards,
    )


def _anchors(times: Times, horizon: Horizon) -> tuple[Anchor, ...]:
    """Each week's “at this place by this minute”, on the days of the horizon."""
    found = []
    for number in range(horizon.days + 1):
        day = horizon.first + timedelta(days=number)
        for spot in times.anchors:
            if spot.weekday == day.weekday():
                east, north = to_grid(spot.latitude, spot.longitude)
                found.append(Anchor(float(east), float(north), _minute(midnight(day)) + spot.minute))
    return tuple(found)


def _by_day(period: Period) -> list[Period]:
    """What of it lies between 06:00 and 22:00, for somebody who does not work at night."""
    start, end = period
    day, found = start.astimezone(CHINA).date(), []
    while midnight(day) < end:
        part = max(start, midnight(day) + NIGHT_TO), min(end, midnight(day) + NIGHT_FROM)
        if part[0] < part[1]:
            found.append(part)
        day += timedelta(days=1)
    return found


def _birthday(born: date, years: int) -> date:
    """The day on which somebody is so many years old; 29 February counts as 1 March, as the law counts."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60
