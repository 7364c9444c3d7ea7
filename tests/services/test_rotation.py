"""A new key for every sealed value while the town goes on working, and the old key out of use afterwards."""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.core.clock import FixedClock
from app.core.crypto import Crypto
from app.core.ids import new_id
from app.core.settings import KeyRing, Settings
from app.core.tables import IdempotencyRecord
from app.models.identity import Person
from app.services.identity import rotation
from app.services.identity.rotation import BATCH, sealed_columns
from app.services.runtime import Runtime, open_runtime
from tests.factories.world import Someone, World, ok
from tests.support.api import another_instance, seen_by
from tests.support.command import sanqu, sanqu_process
from tests.support.jobs import Hiring, key
from tests.support.privacy import BORN, full_person, opened

OLD = "f1:" + base64.b64encode(b"o" * 32).decode()
NEW = "f2:" + base64.b64encode(b"n" * 32).decode()
PERSON: Any = Person.__table__  # type: ignore[attr-defined]
RECORD: Any = IdempotencyRecord.__table__  # type: ignore[attr-defined]
WRITERS = 3


async def sealed_with(runtime: Runtime) -> Counter[tuple[int, str]]:
    """(suite, key) → how many values, as their own first bytes say."""
    found: Counter[tuple[int, str]] = Counter()
    async with runtime.db.connection() as connection:
        for sealed in sealed_columns():
            values = await connection.execute(select(sealed.column).where(sealed.column.is_not(None)))
            found.update((value[0], value[2 : 2 + value[1]].decode()) for value in values.scalars())
    return found


class Load:
    """People who write and read at once, each their own; what an answer promised must be there at the end."""

    def __init__(self, world: World, quiet: Someone, application: dict[str, Any], application_key: str) -> None:
        self.world, self.quiet, self.promised = world, quiet, dict[str, str]()
        self._application, self._key = application, application_key
        self._stop, self._tasks = asyncio.Event(), list[asyncio.Task[int]]()

    async def __aenter__(self) -> Self:
        self._people = [await self.world.person() for _ in range(WRITERS)]
        loops: list[Callable[[], Any]] = [lambda each=each: self._write(each) for each in self._people]  # type: ignore[misc]
        self._tasks = [asyncio.create_task(loop()) for loop in (*loops, self._read)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        self.rounds = await asyncio.gather(*self._tasks)

    async def kept(self, world: World) -> bool:
        """At any instance: every promise."""
        seen = {each.id: ok(await seen_by(world, each).get("/me"))["person"]["name"] for each in self._people}
        return seen == self.promised

    async def _write(self, person: Someone) -> int:
        """Names over and over, and now and then somebody new: a login writes a sealed token or reads it."""
        rounds, version = 0, 1
        while not self._stop.is_set():
            name = "林" + chr(0x4E00 + rounds % 5000)
            form = {"name": name, "birth_date": BORN, "expected_version": version}
            version = ok(await person.put("/me/profile", form))["version"]
            self.promised[person.id] = name
            assert ok(await person.get("/me"))["person"]["name"] == name
            rounds += 1
            if rounds % 10 == 0:
                await self.world.person()
        return rounds

    async def _read(self) -> int:
        """Values that nobody changes but the rotation; the stored answer among them."""
        rounds = 0
        while not self._stop.is_set():
            await unchanged(self.quiet, self._application, self._key)
            rounds += 1
        return rounds


async def unchanged(quiet: Someone, application: dict[str, Any], application_key: str) -> None:
    person = ok(await quiet.get("/me"))["person"]
    assert (person["name"], person["phone_masked"], person["birth_date"]) == ("林小梅", "138****0007", BORN)
    assert person["id_number_masked"] == "999***********0028"
    assert ok(await quiet.get("/me/seeker-profile"))["home_known"] is True
    form = {"vacancy_id": application["vacancy_id"], "release_contact": True}
    again = await quiet.post("/applications", form, key=application_key)
    assert (again.headers.get("Idempotent-Replayed"), again.json()) == ("true", application)


async def test_a_rotation_under_load_then_without_the_old_key_then_with_the_other_suite(
    world: World, hiring: Hiring, settings: Settings, clock: FixedClock
) -> None:
    quiet, application_key = await full_person(world), key()
    vacancy = await hiring.post()
    form = {"vacancy_id": vacancy["id"], "release_contact": True}
    application = ok(await quiet.post("/applications", form, key=application_key))
    assert set(await sealed_with(world.runtime)) == {(1, "f1")}
    async with Load(world, quiet, application, application_key) as load:
        code, said = await sanqu_process(settings, "rotate-key")
        assert (code, "完成" in said) == (0, True), said
    assert min(load.rounds) >= 3, "no load"
    assert set(await sealed_with(world.runtime)) == {(1, "f2")}
    assert await load.kept(world)
    assert await sanqu(settings, "rotate-key", "--drop-old") == (0, "已去掉旧密钥：f1\n")
    keys = json.loads((settings.data_dir / "keys.json").read_text())["field_keys"]
    assert list(KeyRing(keys).keys) == ["f2"]
    # Those that run, and one that starts now and has never seen the old key.
    await unchanged(quiet, application, application_key)
    async with another_instance(world, fresh(settings), clock) as started:
        assert list(started.runtime.settings.field_ring.keys) == ["f2"]
        await unchanged(seen_by(started, quiet), application, application_key)
        assert await load.kept(started)
        values = await everything(started)
    assert {"林小梅", "13850000007", BORN} <= {value for column in values.values() for value in column}
    await the_other_suite(world, load, settings, clock, values)
    await unchanged(quiet, application, application_key)


async def everything(world: World) -> dict[str, list[str]]:
    """Every sealed value, opened."""
    return {column: sorted(values) for column, values in (await opened(world)).items()}


async def the_other_suite(
    world: World, load: Load, settings: Settings, clock: FixedClock, values: dict[str, list[str]]
) -> None:
    code, said = await sanqu(settings, "rotate-key", field_suite="sm4")
    assert (code, "完成" in said) == (0, True), said
    assert set(await sealed_with(world.runtime)) == {(2, "f3")}
    # A command that has not heard of the suite would call everything old: it refuses, and loses no key.
    code, said = await sanqu(settings, "rotate-key", "--drop-old")
    assert (code, said) == (1, f"还有 {sum(map(len, values.values()))} 条内容在旧密钥下，请先运行 sanqu rotate-key\n")
    assert await sanqu(settings, "rotate-key", "--drop-old", field_suite="sm4") == (0, "已去掉旧密钥：f2\n")
    async with another_instance(world, fresh(settings, field_suite="sm4"), clock) as started:
        assert await everything(started) == values
        newcomer = await started.person()
        form = {"name": "陈阿海", "birth_date": BORN, "expected_version": 1}
        ok(await newcomer.put("/me/profile", form))
        assert ok(await seen_by(world, newcomer).get("/me"))["person"]["name"] == "陈阿海"
        assert await load.kept(started)
    assert set(await sealed_with(world.runtime)) == {(2, "f3")}


def fresh(settings: Settings, **changes: Any) -> Settings:
    """As a process reads them that starts now."""
    given = settings.model_dump(include={"database_url", "data_dir", "wechat_api_base", "log_level"})
    return Settings(**given, **changes)


@pytest.fixture
def both_keys(empty_database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=empty_database_url, data_dir=tmp_path, log_level="CRITICAL", field_keys=f"{NEW},{OLD}",
        lock_wait_seconds=0.2,
    )  # fmt: skip


@pytest.fixture
async def runtime(both_keys: Settings, clock: FixedClock) -> AsyncIterator[Runtime]:
    async with open_runtime(both_keys, clock) as opened:
        yield opened


def under(ring: str, settings: Settings) -> Crypto:
    return Crypto(KeyRing(ring), settings.index_secret)


async def people_of_old(runtime: Runtime, count: int) -> list[UUID]:
    """People whose names were sealed with the old key."""
    crypto, now = under(OLD, runtime.settings), runtime.clock.now()
    people = [Person(created_at=now, updated_at=now) for _ in range(count)]
    for number, person in enumerate(people):
        person.name_sealed = crypto.seal("person", "name", person.id, f"林{number}")
    async with runtime.db.unit_of_work() as session:
        session.add_all(people)
    return [person.id for person in people]


def answers_of_old(runtime: Runtime, count: int) -> list[IdempotencyRecord]:
    """Stored answers, whose key has three columns; each says its number."""
    crypto, caller = under(OLD, runtime.settings), str(new_id())
    return [
        IdempotencyRecord(
            caller=caller, operation="apply", key=f"key-{number:08}", fingerprint="", status=200,
            response=crypto.seal("idempotency_record", "response", f"{caller}/apply/key-{number:08}", str(number)),
            created_at=runtime.clock.now(),
        )
        for number in range(count)
    ]  # fmt: skip


async def names(runtime: Runtime, crypto: Crypto, people: list[UUID]) -> list[str]:
    async with runtime.db.connection() as connection:
        found = await connection.execute(select(PERSON.c.id, PERSON.c.name_sealed))
        sealed = {row.id: row.name_sealed for row in found}
    return [crypto.open_text("person", "name", person, sealed[person]) for person in people]


async def test_more_than_a_batch_with_values_among_them_that_no_key_opens(
    runtime: Runtime, both_keys: Settings
) -> None:
    """Single keys and composite ones. What does not open is left as it is and told, and holds nothing up."""
    people = await people_of_old(runtime, 2 * BATCH + 30)
    lost = under(OLD.replace("f1", "f0"), both_keys).seal("person", "name", people[0], "陈")
    broken = {people[0]: lost, people[BATCH]: b"\x01\x02f1", people[-1]: b"x"}
    async with runtime.db.unit_of_work() as session:
        connection = await session.connection()
        for person, value in broken.items():
            await connection.execute(update(PERSON).where(PERSON.c.id == person).values(name_sealed=value))
        session.add_all(answers_of_old(runtime, BATCH + 10))
    assert await rotation.outdated_count(runtime) == len(people) + BATCH + 10
    environment = {"field_keys": f"{NEW},{OLD}"}
    for resealed in (len(people) - 3, 0):
        code, said = await sanqu(both_keys, "rotate-key", **environment)
        assert code == 0
        assert f"person.name_sealed：{resealed} 条\n" in said
        assert "person.name_sealed：3 条任何密钥都打不开，保持原样\n" in said
    assert await sealed_with_new(runtime) == len(people) - 3 + BATCH + 10
    intact = [person for person in people if person not in broken]
    expected = [f"林{number}" for number, person in enumerate(people) if person not in broken]
    assert await names(runtime, under(NEW, both_keys), intact) == expected
    async with runtime.db.connection() as connection:
        for person, value in broken.items():
            left = select(PERSON.c.name_sealed).where(PERSON.c.id == person)
            assert (await connection.execute(left)).scalar_one() == value
        for row in await connection.execute(select(RECORD)):
            row_id = f"{row.caller}/{row.operation}/{row.key}"
            stored = under(NEW, both_keys).open_text("idempotency_record", "response", row_id, row.response)
            assert stored == str(int(row.key.removeprefix("key-")))
    assert await rotation.outdated_count(runtime) == 3


async def sealed_with_new(runtime: Runtime) -> int:
    mark = runtime.crypto.mark("f2")
    async with runtime.db.connection() as connection:
        values = [
            value
            for sealed in sealed_columns()
            for value in (await connection.execute(select(sealed.column))).scalars()
            if value is not None
        ]
    return sum(value.startswith(mark) for value in values)


async def test_whoever_holds_a_row_is_waited_for_and_their_word_stands(
    runtime: Runtime, both_keys: Settings, clock: FixedClock
) -> None:
    people = await people_of_old(runtime, 3)
    async with open_runtime(both_keys, clock) as town:
        async with town.db.unit_of_work() as session:
            said_now = town.crypto.seal("person", "name", people[1], "陈阿海")
            connection = await session.connection()
            await connection.execute(update(PERSON).where(PERSON.c.id == people[1]).values(name_sealed=said_now))
            rotating = asyncio.create_task(rotation.reseal_all(runtime))
            # Several times as long as a lock is waited for.
            done, _ = await asyncio.wait({rotating}, timeout=5 * both_keys.lock_wait_seconds)
            assert not done
        rotated = await rotating
    assert (rotated.resealed, rotated.broken) == ({"person.name_sealed": 2}, {})
    assert await names(runtime, under(NEW, both_keys), people) == ["林0", "陈阿海", "林2"]
    assert await rotation.outdated_count(runtime) == 0


async def test_keys_from_the_environment_are_dropped_there(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite+aiosqlite:///{tmp_path / 'none.sqlite3'}")
    before = (tmp_path / "keys.json").read_text()
    code, said = await sanqu(settings, "rotate-key", "--drop-old", field_keys=f"{NEW},{OLD}")
    assert code == 2
    assert "密钥来自环境变量" in said
    assert (tmp_path / "keys.json").read_text() == before


async def test_the_old_key_stays_while_anything_needs_it(runtime: Runtime, both_keys: Settings) -> None:
    """Keys in a file this time; the value was sealed before the new one came."""
    await people_of_old(runtime, 1)
    keys = both_keys.data_dir / "keys.json"
    kept = json.loads(keys.read_text()) | {"field_keys": f"{NEW},{OLD}"}
    keys.write_text(json.dumps(kept))
    refusal = (1, "还有 1 条内容在旧密钥下，请先运行 sanqu rotate-key\n")
    assert await sanqu(both_keys, "rotate-key", "--drop-old") == refusal
    assert json.loads(keys.read_text()) == kept
