"""Points over HTTP: what a person sees, the history, the trial balance; merging and export."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.core.zone import CHINA
from app.rules.identity.roles import Role, ScopeKind
from app.services.points import ledger
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support.funnel import later
from tests.support.jobs import counted

pytestmark = pytest.mark.anyio
END_2027, END_2028 = datetime(2028, 1, 1, tzinfo=CHINA), datetime(2029, 1, 1, tzinfo=CHINA)


async def credit(world: World, who: Someone, points: int, cause: str, expires_at: datetime = END_2027) -> None:
    async with world.runtime.db.unit_of_work() as session:
        assert await ledger.credit(
            session,
            UUID(who.id),
            points,
            cause=cause,
            told="志愿服务2小时",
            expires_at=expires_at,
            now=world.clock.now(),
        )


async def hold(world: World, who: Someone, points: int) -> UUID:
    async with world.runtime.db.unit_of_work() as session:
        return await ledger.hold(session, UUID(who.id), points, told="兑换：理发", now=world.clock.now())


async def entries(who: Someone, **query: Any) -> list[dict[str, Any]]:
    return list(ok(await who.get("/me/points/entries", **query))["items"])


async def test_nothing_yet(world: World) -> None:
    person = await world.person()
    assert ok(await person.get("/me/points")) == {"available": 0, "held": 0, "debt": 0, "expiring": []}
    assert await entries(person) == []


async def test_what_a_person_sees(world: World) -> None:
    person, other = await world.person(), await world.person()
    await credit(world, person, 10, "rule:1", END_2028)
    await credit(world, person, 5, "rule:2")
    held = await hold(world, person, 8)
    seen = ok(await person.get("/me/points"))
    # First expiring first: all five of 2027, three of 2028.
    assert (seen["available"], seen["held"], seen["debt"]) == (7, 8, 0)
    assert seen["expiring"] == [{"points": 7, "at": "2029-01-01T00:00:00+08:00"}]
    lines = await entries(person)
    assert [(line["seq"], line["kind"], line["points"], line["balance_after"]) for line in lines] == [
        (3, "hold", -8, 7), (2, "credit", 5, 15), (1, "credit", 10, 10),
    ]  # fmt: skip
    assert (lines[0]["kind_label"], lines[0]["told"]) == ("兑换冻结", "兑换：理发")
    assert await entries(other) == []
    async with world.runtime.db.unit_of_work() as session:
        assert await ledger.reverse(session, "rule:1", told="活动记录有误", now=world.clock.now())
    owed = ok(await person.get("/me/points"))
    assert (owed["available"], owed["held"], owed["debt"]) == (0, 8, 3)
    async with world.runtime.db.unit_of_work() as session:
        assert await ledger.release(session, held, told="取消兑换", now=world.clock.now()) == 8
    assert (ok(await person.get("/me/points"))["available"], (await entries(person))[0]["balance_after"]) == (5, 5)


async def test_the_history_in_pages_and_from_a_number_on(world: World) -> None:
    person = await world.person()
    for turn in range(5):
        await credit(world, person, turn + 1, f"rule:{turn}")
    page = ok(await person.get("/me/points/entries", limit=2))
    assert [line["seq"] for line in page["items"]] == [5, 4]
    page = ok(await person.get("/me/points/entries", limit=2, cursor=page["next_cursor"]))
    assert [line["seq"] for line in page["items"]] == [3, 2]
    page = ok(await person.get("/me/points/entries", limit=2, after_seq=1))
    assert [line["seq"] for line in page["items"]] == [2, 3]
    page = ok(await person.get("/me/points/entries", limit=2, after_seq=1, cursor=page["next_cursor"]))
    assert ([line["seq"] for line in page["items"]], page["next_cursor"]) == ([4, 5], None)
    refused(await person.get("/me/points/entries", after_seq=-1), 422, "invalid_fields")


async def test_a_long_history_costs_what_a_short_one_does(world: World) -> None:
    person = await world.person()

    async def statements() -> tuple[int, int]:
        with counted(world.runtime.db.reader) as seen:
            ok(await person.get("/me/points"))
            ok(await person.get("/me/points/entries"))
        with counted(world.runtime.db.writer) as spent:
            await hold(world, person, 1)
        return len(seen), len(spent)

    await credit(world, person, 10, "rule:first")
    # The accounts of the system are made by whoever posts to them first.
    await hold(world, person, 1)
    short = await statements()
    for turn in range(40):
        await credit(world, person, 1, f"rule:{turn}")
    assert await statements() == short


async def test_points_expire_with_their_day(world: World) -> None:
    person = await world.person()
    await credit(world, person, 10, "rule:1")
    last = timedelta(seconds=-0.1) + (END_2027 - world.clock.now())
    await later(world, last, person)
    assert (await sweep(world.runtime))["points_expired"] == 0
    assert ok(await person.get("/me/points"))["available"] == 10
    await later(world, timedelta(seconds=0.1), person)
    # Not counted any more, though the sweep has not been there yet; and nothing can be had for it.
    assert ok(await person.get("/me/points"))["available"] == 0
    assert (await sweep(world.runtime))["points_expired"] == 1
    assert (await sweep(world.runtime))["points_expired"] == 0
    (line, _) = await entries(person)
    assert (line["kind"], line["points"], line["balance_after"]) == ("expiry", -10, 0)


async def test_the_trial_balance_is_for_auditors_and_the_points_office(world: World) -> None:
    person = await world.person()
    await credit(world, person, 10, "rule:1")
    await hold(world, person, 4)
    office = await world.person()
    await world.appoint(office, Role.POINTS_OFFICER, ScopeKind.TOWN, None)
    found = ok(await office.get("/points/trial-balance"))
    balances = {row["kind"]: row["balance"] for row in found["accounts"]}
    assert (found["total"], found["liability"], found["as_of"]) == (0, 10, 2)
    assert balances == {
        "issuance": -10,
        "person": 6,
        "household": 0,
        "held": 4,
        "redeemed": 0,
        "expired": 0,
        "reversed": 0,
    }
    earlier = ok(await office.get("/points/trial-balance", as_of=1))
    assert (earlier["as_of"], earlier["liability"], earlier["total"]) == (1, 10, 0)
    refused(await person.get("/points/trial-balance"), 403, "forbidden")
