"""Rewards and redemptions against a plain Python model: random histories of two people, a clerk, two officers.

Shelves, purses, debt after a reversal, lots that expire while they are held, write-offs by two persons, the clerk's undo, 代领.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, rule
from sqlmodel import select

from app.core.ids import new_id
from app.core.zone import CHINA
from app.models.identity import Consent, Person
from app.models.points import PointsSite, Reward, RewardStock
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.identity.roles import Actor, Grant, Role, ScopeKind
from app.rules.points.rewards import PickedUpBy, RewardKind, RewardState, StockChangeKind
from app.schemas.points.rewards import RedeemForm, StockForm
from app.services import reactions
from app.services.points import counter, households, ledger, own, redemptions, rewards
from app.services.points.redemptions import Opened
from tests.support.points_model import Machine, Plain, run_histories

BEGIN = datetime(2026, 11, 1, 0, 0, tzinfo=CHINA)
DAY = timedelta(days=1)
# Two people, and the purse of their household.
PURSE = 2
PRICE, LIMIT, HOLD_DAYS = 20, 4, 5


@dataclass
class Shelf:
    free: int = 0
    held: int = 0
    fulfilled: int = 0
    written_off: int = 0
    received: int = 0


@dataclass
class Taken:
    """A redemption of the model: whose, from which purse and lots, and how it stands."""

    who: int
    purse: int
    parts: list[tuple[datetime, int]]
    until: datetime
    opened: Opened
    helper: bool
    state: str = "ready"
    done_at: datetime | None = None


@dataclass
class WriteOff:
    by: int
    quantity: int
    state: str = "requested"
    version: int = 1


class Programme(Machine):
    """`runtime` and `loop` are set by the test."""

    causes = Bundle("causes")
    taken = Bundle("taken")
    write_offs = Bundle("write_offs")

    @initialize()
    def begin(self) -> None:
        self.now = BEGIN
        self.plain = [Plain(), Plain(), Plain()]
        self.shelf = Shelf()
        self.made: dict[UUID, Taken] = {}
        self.asked: dict[UUID, WriteOff] = {}
        self.credited: dict[str, tuple[int, int, datetime]] = {}
        self.reversed: set[str] = set()
        ids = [new_id() for _ in range(5)]
        self.reward, self.site = new_id(), new_id()
        clerk = (Grant(Role.POINTS_CLERK, ScopeKind.SITE, self.site),)
        officer = (Grant(Role.POINTS_OFFICER, ScopeKind.TOWN),)
        self.people = [actor(ids[0]), actor(ids[1])]
        self.clerk, self.officers = actor(ids[2], clerk), [actor(ids[3], officer), actor(ids[4], officer)]

        async def make(session: Any) -> None:
            session.add_all([Person(id=one, created_at=BEGIN, updated_at=BEGIN) for one in ids])
            await session.flush()
            session.add_all([agreed(one) for one in ids[:2]])
            session.add(
                PointsSite(
                    id=self.site, created_at=BEGIN, updated_at=BEGIN, name=str(self.site), address="x", hours="x"
                )
            )
            session.add(
                Reward(
                    id=self.reward, created_at=BEGIN, updated_at=BEGIN, title="理发", kind=RewardKind.SERVICE, points=PRICE,
                    per_person=LIMIT, hold_days=HOLD_DAYS, state=RewardState.OFFERED, low_stock=1,
                )
            )  # fmt: skip
            await session.flush()
            session.add(RewardStock(reward_id=self.reward, site_id=self.site))
            home = await households.found(session, self.people[0], "林家", now=BEGIN)
            self.home = home.row.id
            code, _ = await households.issue_code(session, self.people[0], now=BEGIN)
            await households.join(session, self.people[1], code, now=BEGIN)

        self.act(make)

    def fresh(self, purse: int) -> int:
        return sum(left for end, left in self.plain[purse].lots.items() if end > self.now)

    @rule(target=causes, who=st.integers(0, 1), points=st.integers(1, 60), days=st.sampled_from([3, 40, 400]))
    def credit(self, who: int, points: int, days: int) -> str:
        cause, end = f"rule:{new_id()}", (self.now + days * DAY).replace(hour=0, minute=0)
        assert self.act(
            lambda s: ledger.credit(
                s, self.people[who].person_id, points, cause=cause, told="服务", expires_at=end, now=self.now
            )
        )
        self.plain[who].gain(end, points)
        self.credited[cause] = (who, points, end)
        return cause

    @rule(cause=causes)
    def reverse(self, cause: str) -> None:
        done = self.act(lambda s: ledger.reverse(s, cause, told="撤销", now=self.now))
        assert done == (cause not in self.reversed)
        if done:
            who, points, end = self.credited[cause]
            self.plain[who].expire(self.now)
            self.plain[who].lose(points, end)
            self.reversed.add(cause)

    @rule(who=st.integers(0, 1), points=st.integers(1, 30))
    def pool(self, who: int, points: int) -> None:
        _, refused = self.tried(lambda s: households.give(s, self.people[who], points, now=self.now))
        assert refused == (None if self.fresh(who) >= points else "points_not_enough")
        if refused is None:
            self.plain[who].expire(self.now)
            for end, some in self.plain[who].lose(points, None):
                self.plain[PURSE].gain(end, some)

    @rule(quantity=st.integers(1, 3))
    def receive(self, quantity: int) -> None:
        form = StockForm(site_id=self.site, kind=StockChangeKind.RECEIPT, quantity=quantity, reason="捐赠")
        self.act(lambda s: rewards.change_stock(s, self.officers[0], self.reward, form, now=self.now))
        self.shelf.free += quantity
        self.shelf.received += quantity

    @rule(target=write_offs, by=st.integers(0, 1), quantity=st.integers(1, 2))
    def ask_to_write_off(self, by: int, quantity: int) -> UUID:
        form = StockForm(site_id=self.site, kind=StockChangeKind.WRITE_OFF, quantity=quantity, reason="破损")
        made = self.act(lambda s: rewards.change_stock(s, self.officers[by], self.reward, form, now=self.now))
        self.asked[made.row.id] = WriteOff(by, quantity)
        row_id: UUID = made.row.id
        return row_id

    @rule(change=write_offs, by=st.integers(0, 1), approve=st.booleans())
    def decide_write_off(self, change: UUID, by: int, *, approve: bool) -> None:
        asked = self.asked[change]
        _, refused = self.tried(
            lambda s: rewards.decide_write_off(
                s, self.officers[by], change, approve=approve, expected_version=asked.version, now=self.now
            )
        )
        if by == asked.by:
            assert refused == "self_review"
        elif asked.state != "requested":
            assert refused == "stock_change_state_wrong"
        elif approve and self.shelf.free < asked.quantity:
            assert refused == "reward_stock_short"
        else:
            assert refused is None
            asked.state, asked.version = "over", 2
            if approve:
                self.shelf.free -= asked.quantity
                self.shelf.written_off += asked.quantity

    @rule(target=taken, who=st.integers(0, 1), household=st.booleans(), helper=st.booleans())
    def redeem(self, who: int, *, household: bool, helper: bool) -> UUID | None:
        purse = PURSE if household else who
        form = RedeemForm(
            reward_id=self.reward, site_id=self.site, from_household=household, helper="陈小芳" if helper else None
        )
        made, refused = self.tried(lambda s: redemptions.redeem(s, self.people[who], form, now=self.now))
        had = sum(one.who == who and one.state in {"ready", "fulfilled"} for one in self.made.values())
        if self.shelf.free < 1:
            assert refused == "reward_sold_out"
        elif had >= LIMIT:
            assert refused == "reward_limit_reached"
        elif self.fresh(purse) < PRICE:
            assert refused == "points_not_enough"
        else:
            assert refused is None
            self.plain[purse].expire(self.now)
            parts = self.plain[purse].lose(PRICE, None)
            until = (self.now + (HOLD_DAYS + 1) * DAY).replace(hour=0, minute=0)
            self.made[made.row.id] = Taken(who, purse, parts, until, made, helper)
            self.shelf.free -= 1
            self.shelf.held += 1
            row_id: UUID = made.row.id
            return row_id
        return None

    @rule(made=taken, helper=st.booleans())
    def fulfil(self, made: UUID | None, *, helper: bool) -> None:
        if made is None:
            return
        one, by = self.made[made], PickedUpBy.HELPER if helper else PickedUpBy.SELF
        code = one.opened.code
        assert code is not None
        _, refused = self.tried(lambda s: counter.fulfil(s, self.clerk, code, picked_up_by=by, now=self.now))
        if one.state != "ready":
            assert refused == "redemption_state_wrong"
        elif self.now >= one.until:
            assert refused == "redemption_lapsed"
        elif helper and not one.helper:
            assert refused == "redemption_helper_missing"
        else:
            assert refused is None
            one.state, one.done_at = "fulfilled", self.now
            self.shelf.held -= 1
            self.shelf.fulfilled += 1

    @rule(made=taken)
    def undo(self, made: UUID | None) -> None:
        if made is None:
            return
        one = self.made[made]
        refused = self.step(
            made, lambda s, version: counter.undo(s, self.clerk, made, expected_version=version, now=self.now)
        )
        if one.state != "fulfilled":
            assert refused == "redemption_state_wrong"
        elif one.done_at is not None and self.now > one.done_at + timedelta(minutes=10):
            assert refused == "redemption_undo_late"
        else:
            assert refused is None
            one.state = "ready"
            self.shelf.held += 1
            self.shelf.fulfilled -= 1

    @rule(made=taken)
    def cancel(self, made: UUID | None) -> None:
        if made is None:
            return
        who = self.people[self.made[made].who]
        refused = self.step(
            made, lambda s, version: redemptions.cancel(s, who, made, expected_version=version, now=self.now)
        )
        self.ended(made, refused, fault=False)

    @rule(made=taken)
    def reject(self, made: UUID | None) -> None:
        if made is None:
            return
        refused = self.step(
            made,
            lambda s, version: counter.reject(
                s, self.clerk, made, reason="破损", expected_version=version, now=self.now
            ),
        )
        self.ended(made, refused, fault=True)

    @rule()
    def sweep(self) -> None:
        lapsed = 0
        while self.act(lambda s: redemptions.lapse_due(s, now=self.now)):
            lapsed += 1
        due = [row_id for row_id, one in self.made.items() if one.state == "ready" and one.until <= self.now]
        assert lapsed == len(due)
        for row_id in due:
            self.ended(row_id, None, fault=False)
        self.act(lambda s: ledger.expire_due(s, now=self.now))
        for plain in self.plain:
            plain.expire(self.now)

    @rule(minutes=st.sampled_from([5, 60 * 24, 60 * 24 * 4]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def step(self, made: UUID, work: Callable[[Any, int], Awaitable[Any]]) -> str | None:
        """With the version that the row has now."""

        async def run(session: Any) -> Any:
            statement = select(redemptions.Redemption.version).where(redemptions.Redemption.id == made)
            version = (await session.exec(statement)).one()
            return await work(session, version)

        return self.tried(run)[1]

    def ended(self, made: UUID, refused: str | None, *, fault: bool) -> None:
        """Points to their lots, the piece to its shelf, once."""
        one = self.made[made]
        if one.state != "ready":
            assert refused == "redemption_state_wrong"
            return
        assert refused is None
        one.state = "over"
        self.shelf.held -= 1
        self.shelf.free += 1
        plain = self.plain[one.purse]
        for end, points in one.parts:
            if end > self.now:
                plain.lots[end] = plain.lots.get(end, 0) + points
            elif fault:
                lives = (self.now + 31 * DAY).replace(hour=0, minute=0)
                plain.lots[lives] = plain.lots.get(lives, 0) + points
        plain.settle()

    @invariant()
    def adds_up(self) -> None:
        if not hasattr(self, "home"):
            return
        seen = self.loop.run(self.seen())
        for purse, mine in enumerate(seen):
            aside = sum(PRICE for one in self.made.values() if one.purse == purse and one.state == "ready")
            assert (mine.available, mine.held, mine.debt) == (self.fresh(purse), aside, self.plain[purse].debt), purse
        stock = self.act(lambda s: s.get(RewardStock, (self.reward, self.site)))
        assert {name: getattr(stock, name) for name in vars(self.shelf)} == vars(self.shelf)

    async def seen(self) -> list[own.Points]:
        async with self.runtime.db.reading() as session:
            people = [await own.points_of(session, one.person_id, now=self.now) for one in self.people]
            return [*people, await own.points_of_household(session, self.home, now=self.now)]


def actor(person_id: UUID, grants: tuple[Grant, ...] = ()) -> Actor:
    return Actor(person_id=person_id, session_id=new_id(), app=ClientApp.LINGGONG, grants=grants)


def agreed(person_id: UUID) -> Consent:
    purpose = ConsentPurpose.SERVICE
    return Consent(
        created_at=BEGIN,
        person_id=person_id,
        purpose=purpose,
        policy_version=POLICY_VERSIONS[purpose],
        app=ClientApp.LINGGONG,
    )


def test_random_histories_are_those_of_a_plain_model(database: str, tmp_path: Path) -> None:
    reactions.register()
    run_histories(Programme, database, tmp_path, steps=40)
