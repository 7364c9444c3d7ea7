"""What time does by itself: postings end with their last Chinese day, spent technical rows go."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import func, select

from app.core.clock import china_date
from app.core.tables import IdempotencyRecord, OutboxMessage, OutboxState
from app.models.identity import LoginCode
from app.models.jobs import Vacancy
from app.rules.jobs.vacancies import VacancyState
from app.services.jobs import vacancies as service
from app.tasks.sweeps import sweep
from tests.factories.world import World, ok, refused
from tests.support.jobs import Hiring, count, key, set_columns


def next_midnight(world: World) -> datetime:
    """The next midnight in China."""
    day = china_date(world.clock.now()) + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)


async def test_a_posting_ends_with_its_last_chinese_day(world: World, hiring: Hiring) -> None:
    today = china_date(world.clock.now())
    last_day = await hiring.post(valid_until=str(today))
    paused = await hiring.post(valid_until=str(today))
    ok(await hiring.recruiter.post(f"/vacancies/{paused['id']}/pause", {"expected_version": paused["version"]}))
    draft = ok(await hiring.recruiter.post("/vacancies", await hiring.form(valid_until=str(today), submit=False)))[
        "vacancy"
    ]
    longer = await hiring.post(valid_until=str(today + timedelta(days=1)))
    world.clock.advance(next_midnight(world) - timedelta(seconds=1) - world.clock.now())
    assert (await sweep(world.runtime))["vacancies_expired"] == 0
    assert ok(await world.anonymous.get(f"/vacancies/{last_day['id']}"))["state"] == "published"
    world.clock.advance(timedelta(seconds=1))
    # Closed to the public by the date itself, whenever the sweep comes.
    refused(await world.anonymous.get(f"/vacancies/{last_day['id']}"), 404, "vacancy_not_found")
    assert (await sweep(world.runtime))["vacancies_expired"] == 2
    assert (await sweep(world.runtime))["vacancies_expired"] == 0
    async with world.runtime.db.reading() as session:
        rows = {str(row.id): row for row in await session.exec(select(Vacancy))}
    states = {
        name: rows[v["id"]].state
        for name, v in (("last", last_day), ("paused", paused), ("draft", draft), ("longer", longer))
    }
    assert states == {
        "last": VacancyState.EXPIRED, "paused": VacancyState.EXPIRED, "draft": VacancyState.DRAFT,
        "longer": VacancyState.PUBLISHED,
    }  # fmt: skip
    assert rows[last_day["id"]].closed_at == world.clock.now()
    assert rows[longer["id"]].closed_at is None
    assert [item["id"] for item in ok(await world.anonymous.get("/vacancies", q="平车"))["items"]] == [longer["id"]]


async def test_many_expire_batch_by_batch_and_two_sweepers_share_them(world: World, hiring: Hiring) -> None:
    batch = service.SWEEP_BATCH
    template = await hiring.post()
    async with world.runtime.db.unit_of_work() as session:
        row = (await session.exec(select(Vacancy).where(Vacancy.id == UUID(template["id"])))).one()
        values = row.model_dump(exclude={"id"})
        session.add_all([Vacancy(**values) for _ in range(batch + 20)])
    world.clock.advance(timedelta(days=31))
    results = await asyncio.gather(sweep(world.runtime), sweep(world.runtime))
    # Each row changed by one of the two: its version says so.
    assert sum(result["vacancies_expired"] for result in results) == batch + 21
    assert await count(world, Vacancy, Vacancy.state == VacancyState.EXPIRED) == batch + 21
    async with world.runtime.db.reading() as session:
        versions = (await session.exec(select(func.max(Vacancy.version), func.min(Vacancy.version)))).one()
    assert versions[0] == versions[1]


async def test_answers_of_keyed_calls_are_kept_two_days(world: World, hiring: Hiring) -> None:
    vacancy, seeker, once = await hiring.post(), await world.seeker(), key()
    form = {"vacancy_id": vacancy["id"], "release_contact": True}
    first = await seeker.post("/applications", form, key=once)
    ok(first)
    world.clock.advance(timedelta(days=2))
    assert (await sweep(world.runtime))["idempotency_purged"] == 0
    seeker = await world.person(seeker.name)
    assert (await seeker.post("/applications", form, key=once)).content == first.content
    world.clock.advance(timedelta(seconds=1))
    assert (await sweep(world.runtime))["idempotency_purged"] == 1
    assert await count(world, IdempotencyRecord) == 0
    # Later the business rule speaks: still no second application.
    refused(await seeker.post("/applications", form, key=once), 409, "already_applied")


async def test_spent_login_codes_and_delivered_messages_go(world: World, hiring: Hiring) -> None:
    await world.apply(await world.seeker(), (await hiring.post())["id"])
    async with world.runtime.db.reading() as session:
        rows = (await session.exec(select(OutboxMessage))).all()
    finished, waiting = rows[0], rows[1]
    await set_columns(world, OutboxMessage, finished.id, state=OutboxState.DONE, finished_at=world.clock.now())
    assert await count(world, LoginCode) > 0
    world.clock.advance(timedelta(days=1))
    assert (await sweep(world.runtime))["login_codes_purged"] == 0
    world.clock.advance(timedelta(seconds=1))
    codes = await count(world, LoginCode)
    assert (await sweep(world.runtime))["login_codes_purged"] == codes
    world.clock.advance(timedelta(days=29))
    assert (await sweep(world.runtime))["outbox_purged"] == 1
    assert await count(world, OutboxMessage, OutboxMessage.id == finished.id) == 0
    # What still waits is never thrown away.
    assert await count(world, OutboxMessage, OutboxMessage.id == waiting.id) == 1
