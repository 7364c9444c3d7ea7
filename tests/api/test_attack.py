"""Attacks that once succeeded, and races that once had two winners."""

import asyncio
import base64
import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from app.core import outbox
from app.core.clock import FixedClock
from app.core.crypto import Crypto
from app.core.db import lock
from app.core.ids import new_id
from app.core.settings import KeyRing, Settings
from app.core.tables import IdempotencyRecord, OutboxMessage, OutboxState
from app.models.common import Notice
from app.models.identity import Person
from app.models.jobs import Application, Vacancy
from app.models.organisation import Enterprise
from app.rules.common.notices import NoticeKind
from app.rules.identity.apps import WechatApp
from app.rules.identity.roles import Actor, Grant, LastAdminError, Role, ScopeKind
from app.rules.jobs.vacancies import VacancyNotFoundError
from app.rules.organisation import EnterpriseNotFoundError, EnterpriseState
from app.services.identity import staff
from app.services.identity.app_tokens import DatabaseTokenStore
from app.services.runtime import Runtime
from app.tasks import delivery
from tests.factories.world import V1, World, ok, refused
from tests.support.api import column
from tests.support.jobs import CONTENT_CHECK, Hiring, count, counted, key, set_columns

pytestmark = pytest.mark.anyio
HELD = "平车缝制服装配件 SBX_REVIEW"


async def test_an_office_for_a_part_of_the_town_reviews_nothing(world: World, hiring: Hiring) -> None:
    held = await hiring.post(duties=HELD)
    area = ok(await world.api.get(f"{V1}/areas"))[0]["id"]
    person = await world.person()
    await world.appoint(person, Role.JOBS_OFFICER, ScopeKind.AREA, area)
    form = {"note": "核对无误", "expected_version": held["version"]}
    for verb in ("approve", "return"):
        refused(await person.post(f"/vacancies/{held['id']}/{verb}", form), 404, "vacancy_not_found")
    # Its holder may recruit, too, and then sees the posting, but does not judge it.
    await world.appoint(person, Role.RECRUITER, ScopeKind.ENTERPRISE, hiring.firm_id)
    refused(await person.post(f"/vacancies/{held['id']}/approve", form), 403, "forbidden")


@pytest.mark.postgresql_only
async def test_a_review_takes_its_locks_in_the_order_of_an_update(world: World, hiring: Hiring) -> None:
    held = await hiring.post(duties=HELD)
    officer = await world.officer()
    async with world.runtime.db.unit_of_work() as session:
        await lock(session, Enterprise, UUID(hiring.firm_id), EnterpriseNotFoundError)
        review = asyncio.create_task(
            officer.post(f"/vacancies/{held['id']}/approve", {"note": "", "expected_version": held["version"]})
        )
        await asyncio.sleep(0.3)
        # The review waits for the firm and holds nothing that an update needs next.
        await asyncio.wait_for(lock(session, Vacancy, UUID(held["id"]), VacancyNotFoundError), 0.5)
    assert ok(await review)["state"] == "published"


async def test_nobody_applies_without_consent_to_the_service(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post()
    seeker = await world.seeker()
    ok(await seeker.call("DELETE", "/me/consents/service"))
    form = {"vacancy_id": vacancy["id"], "release_contact": True}
    refused(await seeker.post("/applications", form, key=key()), 422, "consent_missing")


@pytest.mark.parametrize("field", ["required_certificates", "required_machines", "place.address"])
async def test_no_public_word_goes_unchecked(world: World, hiring: Hiring, field: str) -> None:
    form = await hiring.form()

    def saying(words: str) -> dict[str, Any]:
        name = field.split(".", maxsplit=1)[0]
        return form | {name: form["place"] | {"address": words} if name == "place" else [words]}

    refused(await hiring.recruiter.post("/vacancies", saying("塘后村 SBX_RISKY")), 422, "text_risky", field)
    refused(await hiring.recruiter.post("/vacancies", saying("限女，押金300元")), 422, "posting_refused", field)


async def test_two_admins_end_each_other_by_clocks_that_differ(world: World) -> None:
    admin, second = await world.admin(), await world.person()
    theirs = await world.appoint(second, Role.TOWN_ADMIN)
    mine = next(row for row in ok(await admin.get("/appointments", limit=100))["items"] if row["person_id"] == admin.id)
    actor = Actor(UUID(admin.id), UUID(int=1), WechatApp.ZHIPIN, (Grant(Role.TOWN_ADMIN, ScopeKind.TOWN),))
    now = world.clock.now() + timedelta(seconds=5)

    async def end(row: dict[str, Any], **past: int) -> None:
        async with world.runtime.db.unit_of_work() as session:
            await staff.end_appointment(
                session, actor, UUID(row["id"]), expected_version=row["version"], now=now - timedelta(**past)
            )

    await end(theirs)
    with pytest.raises(LastAdminError):
        # Asked earlier, served later: by its own time the other office has not ended yet.
        await end(mine, milliseconds=3)


async def test_whoever_is_dismissed_while_wechat_thinks_does_not_post(world: World, hiring: Hiring) -> None:
    admin = await world.admin()
    held = next(
        row
        for row in ok(await admin.get("/appointments", limit=100))["items"]
        if row["person_id"] == hiring.recruiter.id
    )
    world.sandbox.post("/_sbx/faults", path=CONTENT_CHECK, kind="slow", seconds=1, applied=True)
    form = await hiring.form()
    posting = asyncio.create_task(hiring.recruiter.post("/vacancies", form))
    await asyncio.sleep(0.4)
    ok(await admin.post(f"/appointments/{held['id']}/end", {"expected_version": held["version"]}))
    refused(await posting, 404, "enterprise_not_found")


async def test_a_suspended_firm_does_not_resume(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post()
    path = f"/vacancies/{vacancy['id']}"
    paused = ok(await hiring.recruiter.post(f"{path}/pause", {"expected_version": vacancy["version"]}))
    await set_columns(world, Enterprise, hiring.firm_id, state=EnterpriseState.SUSPENDED)
    again = await hiring.recruiter.post(f"{path}/resume", {"expected_version": paused["version"]})
    refused(again, 409, "vacancy_state_wrong")


async def test_a_long_name_and_title_fit_the_task(world: World, hiring: Hiring) -> None:
    await set_columns(world, Enterprise, hiring.firm_id, name="厂" * 80)
    assert (await hiring.post(title="工" * 40, duties=HELD))["state"] == "in_review"


async def test_a_message_that_breaks_its_handler_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(runtime: Runtime, payload: dict[str, str]) -> None:
        raise RuntimeError(f"{payload} at {runtime.clock.now()}")

    monkeypatch.setitem(delivery.HANDLERS, "test.broken", broken)
    async with world.runtime.db.unit_of_work() as session:
        await outbox.enqueue(session, topic="test.broken", payload={}, now=world.clock.now())
    for _ in range(outbox.MAX_ATTEMPTS):
        await delivery.deliver_due(world.runtime, "worker")
        world.clock.advance(timedelta(hours=2))
    found = (OutboxMessage.topic == "test.broken",)
    assert await column(world, OutboxMessage.__table__.c.state, *found) is OutboxState.DEAD
    # The class and not the text, which may quote anything.
    assert await column(world, OutboxMessage.__table__.c.last_error, *found) == "RuntimeError"


async def test_a_claim_code_is_kept_nowhere(world: World) -> None:
    admin = await world.admin()
    record = next(row for row in ok(await admin.get("/roster")) if row["person_id"] is None)
    same = key()
    codes = {ok(await admin.post(f"/roster/{record['id']}/claim-codes", key=same))["claim_code"] for _ in range(2)}
    assert len(codes) == 2
    async with world.runtime.db.connection() as connection:
        assert (await connection.execute(select(IdempotencyRecord.__table__.c.key))).all() == []


async def test_a_lost_key_costs_a_token_and_no_posting(
    world: World, hiring: Hiring, settings: Settings, clock: FixedClock
) -> None:
    await hiring.post()
    ring = KeyRing("new:" + base64.b64encode(os.urandom(32)).decode())
    store = DatabaseTokenStore(world.runtime.db, Crypto(ring, os.urandom(32)))
    appid = settings.wechat_credentials()["zhipin"][0]
    assert await store.read(appid) is None
    assert await store.acquire_refresh(appid, "holder", clock.now() + timedelta(seconds=5), clock.now())


@pytest.mark.parametrize("body", [
    pytest.param(b"[" * 500_000, id="deep"),
    pytest.param(b'{"app":"zhipin","code":' + b"9" * 6000 + b"}", id="endless number"),
    pytest.param(b'{"app":"zhipin","code":"\\ud800"}', id="half a character"),
    pytest.param(b'{"app":"zhipin","code":1e999}', id="infinite"),
])  # fmt: skip
async def test_json_that_breaks_parsers(world: World, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await world.api.post(f"{V1}/auth/wechat/login", content=body, headers=headers)
    assert answer.status_code == 422, answer.text


async def test_a_full_vacancy_tells_a_crowd_in_a_few_statements(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post(headcount=1)
    hired = await world.apply(await world.seeker(), vacancy["id"])
    now = world.clock.now()
    born = {"created_at": now, "updated_at": now, "version": 1}
    people: list[dict[str, Any]] = [born | {"id": new_id()} for _ in range(200)]
    common = {
        "vacancy_id": UUID(vacancy["id"]),
        "vacancy_content_version": 1,
        "contact_released": True,
        "moved_at": now,
    }
    waiting = [born | common | {"id": new_id(), "person_id": one["id"], "state": "applied"} for one in people]
    async with world.runtime.db.unit_of_work() as session:
        connection = await session.connection()
        await connection.execute(insert(Person.__table__), people)
        await connection.execute(insert(Application.__table__), waiting)
    with counted(world.runtime.db.writer) as statements:
        ok(await hiring.step(hired, "hired"))
    assert len(statements) < 60
    assert await count(world, Notice, Notice.kind == NoticeKind.VACANCY_FILLED) == len(people)
