"""Rows of 文明积分 for the matrix of permissions: activities, claims, rewards, write-offs, redemptions at a counter."""

from datetime import timedelta
from uuid import UUID

from app.core.clock import china_date
from app.core.ids import new_id
from app.models.points import (
    Activity,
    PointsAccount,
    PointsClaim,
    PointsHold,
    PointsRule,
    Redemption,
    Reward,
    RewardStock,
    StockChange,
)
from app.rules.identity.roles import Role
from app.rules.points.earning import FactKind, RuleState
from app.rules.points.ledger import AccountKind
from app.rules.points.rewards import RedemptionState, RewardKind, StockChangeKind, StockChangeState
from app.services.points.redemptions import CODE_PURPOSE
from tests.factories.world import Someone
from tests.support.cast import OTHER, Cast, Rows, rows

CODE = "CASTC0DE42"


async def activities(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role

    async def make(grid: str) -> str:
        soon = cast.world.clock.now() + timedelta(days=2)
        return await cast.add(
            Activity, title="河岸清洁", starts_at=soon, ends_at=soon + timedelta(hours=2), place="测试路1号",
            grid_id=UUID(grid), organised_by=UUID(cast.stranger.id),
        )  # fmt: skip

    own, far = [
        await cast.once(("activity", grid), lambda grid=grid: make(grid)) for grid in (cast.grid, cast.far_grid)
    ]
    return rows("activity_id", own, own, far)


async def claims(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Of oneself, and of others."""
    del role

    async def make(person: Someone) -> str:
        claim_id = new_id()
        return await cast.add(
            PointsClaim, id=claim_id, person_id=UUID(person.id), submitted_by=UUID(person.id), rule_id=await _rule(cast),
            on_day=china_date(cast.world.clock.now()),
            words_sealed=cast.world.crypto.seal("points_claim", "words", claim_id, "测试"),
        )  # fmt: skip

    own, other = [
        await cast.once(("points claim", one.id), lambda one=one: make(one)) for one in (someone, cast.stranger)
    ]
    return rows("claim_id", own, other, other)


async def rewards(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role
    made = str(await _reward(cast))
    return rows("reward_id", made, made, made)


async def write_offs(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Asked for by oneself, and by others."""
    del role
    reward_id = await _reward(cast)

    async def make(person: Someone) -> str:
        return await cast.add(
            StockChange, reward_id=reward_id, site_id=UUID(cast.site), kind=StockChangeKind.WRITE_OFF, quantity=1,
            state=StockChangeState.REQUESTED, reason="测试", requested_by=UUID(person.id),
        )  # fmt: skip

    own, other = [await cast.once(("write-off", one.id), lambda one=one: make(one)) for one in (someone, cast.stranger)]
    return rows("change_id", own, other, other)


async def sites(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role
    return rows("site_id", cast.site, cast.site, cast.far_site)


async def code(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Of a stranger's redemption."""
    del someone, role
    await cast.once("redemption", lambda: _redemption(cast))
    return {OTHER: {"code": CODE}}


async def _rule(cast: Cast) -> UUID:
    values = {
        "code": "cast_rule", "text": "测试", "fact": FactKind.CLAIM, "points": 5, "confirmed_by": "测试", "source": "测试",
        "state": RuleState.PROPOSED,
    }  # fmt: skip
    return UUID(await cast.once("points rule", lambda: cast.add(PointsRule, **values)))


async def _reward(cast: Cast) -> UUID:
    values = {"title": "理发", "kind": RewardKind.SERVICE, "points": 5}
    return UUID(await cast.once("reward", lambda: cast.add(Reward, **values)))


async def _redemption(cast: Cast) -> str:
    person = UUID(cast.stranger.id)
    reward_id, site_id = await _reward(cast), UUID(cast.site)
    account = await cast.add(PointsAccount, kind=AccountKind.PERSON, person_id=person)
    hold = await cast.add(PointsHold, account_id=UUID(account), points=5)
    async with cast.world.runtime.db.unit_of_work() as session:
        session.add(RewardStock(reward_id=reward_id, site_id=site_id, received=1, held=1))
    return await cast.add(
        Redemption, person_id=person, requested_by=person, reward_id=reward_id, site_id=site_id, hold_id=UUID(hold), title="理发", points=5,
        state=RedemptionState.READY, until=cast.world.clock.now() + timedelta(days=1),
        code_hash=cast.world.crypto.keyed_hash(CODE_PURPOSE, CODE),
    )  # fmt: skip
