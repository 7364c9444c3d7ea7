"""A person's own data: profile with versions, phone from its own mini-program, consents, and what `GET /me` counts."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.core.clock import FixedClock, china_date
from app.models.identity import AuditEntry, Consent, Person
from app.rules.common.notices import NoticeKind
from app.rules.identity.consents import POLICY_VERSIONS, SENSITIVE, ConsentPurpose
from app.services.common.notices import notify
from tests.factories.world import V1, Someone, World, ok, refused
from tests.support.api import PHONE, column, count, fault, nothing_stored

PERSON: Any = Person.__table__.c
CONSENT: Any = Consent.__table__.c
TOKEN = "/cgi-bin/stable_token"
FORM = {"name": "林小梅", "birth_date": "1990-05-01", "expected_version": 1}
CURRENT = POLICY_VERSIONS[ConsentPurpose.SERVICE]
OWN = [("GET", "/me"), ("PUT", "/me/profile"), ("POST", "/me/phone"), ("PUT", "/me/consents/service"),
       ("DELETE", "/me/consents/service")]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), OWN)
async def test_ones_own_data_needs_a_token(world: World, method: str, path: str):
    async with nothing_stored(world):
        refused(await world.anonymous.call(method, path), 401, "token_invalid")


async def test_me_of_a_newcomer(world: World):
    person = await world.person()
    me = ok(await person.get("/me"))
    assert me == {
        "person": {
            "id": person.id,
            "version": 1,
            "name": None,
            "name_held": False,
            "phone_masked": None,
            "birth_date": None,
            "age_band": "unknown",
            "id_number_masked": None,
        },
        "app": "zhipin",
        "roles": [],
        "roster_name": None,
        "has_seeker_profile": False,
        "has_console_account": False,
        "night_messages": False,
        "missing_consents": [
            {"purpose": purpose.value, "label": purpose.label, "policy_version": POLICY_VERSIONS[purpose]}
            for purpose in ConsentPurpose
            if purpose not in SENSITIVE
        ],
        "unread_notices": 0,
        "open_tasks": 0,
    }


async def test_me_counts_what_waits(world: World, clock: FixedClock):
    admin, person = await world.admin(), await world.person()
    # From the seeds: the 7 blank pairs and the 24 unnamed grids.
    assert ok(await admin.get("/me"))["open_tasks"] == len(ok(await admin.get("/tasks", limit=100))["items"]) == 58
    async with world.runtime.db.unit_of_work() as session:
        notices = [
            await notify(
                session, person_id=UUID(person.id), kind=NoticeKind.ENTERPRISE_REVIEWED, title="企业认领结果",
                body="已通过", page="pages/firm", now=clock.now(), template_data={},
            )
            for _ in range(2)
        ]  # fmt: skip
    assert ok(await person.get("/me"))["unread_notices"] == 2
    assert (await person.post(f"/me/notices/{notices[0].id}/read")).status_code == 204
    assert ok(await person.get("/me"))["unread_notices"] == 1
    assert ok(await admin.get("/me"))["unread_notices"] == 0
    seeker = await world.seeker(ready=False)
    assert ok(await seeker.get("/me"))["has_seeker_profile"] is True
    assert ok(await admin.get("/me"))["roles"] == [
        {"role": "town_admin", "role_label": "系统管理员", "scope_kind": "town", "scope_id": None}
    ]
    assert ok(await admin.get("/me"))["roster_name"] == "蔡雷霆"


async def test_profile_is_saved_sealed_and_versioned(world: World):
    person = await world.person()
    saved = ok(await person.put("/me/profile", FORM))
    assert saved == {
        "id": person.id, "version": 2, "name": "林小梅", "name_held": False, "phone_masked": None,
        "birth_date": "1990-05-01", "age_band": "adult", "id_number_masked": None,
    }  # fmt: skip
    assert ok(await person.get("/me"))["person"] == saved
    sealed = await column(world, PERSON.name_sealed, PERSON.id == UUID(person.id))
    assert "林小梅".encode() not in sealed
    async with nothing_stored(world):
        body = refused(await person.put("/me/profile", FORM | {"name": "林大梅"}), 409, "stale", "expected_version")
    assert body["params"] == {"current": 2, "expected": 1}
    assert ok(await person.put("/me/profile", FORM | {"name": " 林大梅 ", "expected_version": 2}))["name"] == "林大梅"


async def test_two_edits_at_once_leave_one(world: World):
    person = await world.person()
    answers = await asyncio.gather(
        *(person.put("/me/profile", FORM | {"name": name}) for name in ("林小梅", "林中梅", "林大梅"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    winner = next(answer.json() for answer in answers if answer.is_success)
    assert ok(await person.get("/me"))["person"] == winner


async def test_birth_dates_of_the_living_only(world: World, clock: FixedClock):
    person = await world.person()
    today = china_date(clock.now())
    async with nothing_stored(world):
        for date in (today + timedelta(days=1), today.replace(year=today.year - 121, day=1), "0001-01-01"):
            answer = await person.put("/me/profile", FORM | {"birth_date": str(date)})
            refused(answer, 422, "birth_date_wrong", "birth_date")
    assert ok(await person.put("/me/profile", FORM | {"birth_date": str(today)}))["birth_date"] == str(today)


async def test_phone_is_kept_sealed_and_shown_masked(world: World):
    person = await world.person()
    code = world.sandbox.phone_code("zhipin", person.name, "13850000001")
    answer = await person.post("/me/phone", {"code": code})
    assert ok(answer)["phone_masked"] == "138****0001"
    assert ok(await person.get("/me"))["person"]["phone_masked"] == "138****0001"
    assert "13850000001" not in answer.text + (await person.get("/me")).text
    sealed = await column(world, PERSON.phone_sealed, PERSON.id == UUID(person.id))
    assert b"13850000001" not in sealed
    assert world.crypto.open_text("person", "phone", person.id, sealed) == "13850000001"
    # A new number replaces the old one.
    code = world.sandbox.phone_code("zhipin", person.name, "13850000002")
    assert ok(await person.post("/me/phone", {"code": code}))["phone_masked"] == "138****0002"


async def test_one_number_at_two_people_never_merges_them(world: World):
    people = [await world.person(), await world.person()]
    for person in people:
        code = world.sandbox.phone_code("zhipin", person.name, "13850000001")
        ok(await person.post("/me/phone", {"code": code}))
    assert len({ok(await person.get("/me"))["person"]["id"] for person in people}) == 2


@pytest.mark.parametrize("case", ["other app", "login code", "unknown", "used", "expired"])
async def test_a_bad_phone_code_is_refused_by_name(world: World, case: str):
    person = await world.person()
    sandbox = world.sandbox
    code = {
        "other app": lambda: sandbox.phone_code("linggong", person.name, "13850000001"),
        "login code": lambda: sandbox.login_code("zhipin", person.name),
        "unknown": lambda: "nobodyissuedthis",
        "used": lambda: sandbox.phone_code("zhipin", person.name, "13850000001"),
        "expired": lambda: sandbox.phone_code("zhipin", person.name, "13850000001"),
    }[case]()
    if case == "used":
        ok(await (await world.person()).post("/me/phone", {"code": code}))
    if case == "expired":
        sandbox.post("/_sbx/clock", advance_seconds=301)
    before = ok(await person.get("/me"))
    async with nothing_stored(world):
        refused(await person.post("/me/phone", {"code": code}), 422, "phone_code_invalid", "code")
    assert ok(await person.get("/me")) == before


async def test_the_code_of_the_other_app_is_good_in_the_other_app(world: World):
    """The trap of two mini-programs: the token of the caller's own app decides, never the one that comes first."""
    name = "林小梅"
    zhipin, linggong = await world.person(name, "zhipin"), await world.person(name, "linggong")
    code = world.sandbox.phone_code("linggong", name, "13850000001")
    refused(await zhipin.post("/me/phone", {"code": code}), 422, "phone_code_invalid", "code")
    assert ok(await linggong.post("/me/phone", {"code": code}))["phone_masked"] == "138****0001"
    assert ok(await zhipin.get("/me"))["person"]["phone_masked"] == "138****0001"


OUTAGES = [
    pytest.param(PHONE, {"kind": "errcode", "errcode": -1, "times": 4}, id="busy"),
    pytest.param(PHONE, {"kind": "errcode", "errcode": 45011}, id="quota"),
    pytest.param(PHONE, {"kind": "errcode", "errcode": 40001, "times": 2}, id="token refused twice"),
    pytest.param(PHONE, {"kind": "html"}, id="html"),
    pytest.param(PHONE, {"kind": "slow", "seconds": 30}, id="slow"),
    pytest.param(TOKEN, {"kind": "errcode", "errcode": 40164}, id="our address is refused"),
    pytest.param(TOKEN, {"kind": "reset"}, id="no token"),
    pytest.param(TOKEN, {"kind": "slow", "seconds": 30}, id="slow token"),
]


@pytest.mark.parametrize(("path", "outage"), OUTAGES)
async def test_wechat_away_keeps_the_phone_as_it_was(world: World, path: str, outage: dict[str, Any]):
    person = await world.person()
    code = world.sandbox.phone_code("zhipin", person.name, "13850000001")
    fault(world, path, **outage)
    before = ok(await person.get("/me"))
    async with nothing_stored(world):
        answer = await person.post("/me/phone", {"code": code})
        assert refused(answer, 503, "wechat_unavailable")["retryable"]
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert ok(await person.get("/me")) == before
    assert ok(await person.post("/me/phone", {"code": code}))["phone_masked"] == "138****0001"


async def _missing(person: Someone) -> set[str]:
    return {row["purpose"] for row in ok(await person.get("/me"))["missing_consents"]}


async def test_consents_are_given_and_withdrawn_one_by_one(world: World):
    person, other = await world.person(), await world.person()
    for _ in range(2):  # agreeing twice changes nothing
        answer = await person.put("/me/consents/service", {"policy_version": CURRENT})
        assert (answer.status_code, answer.content) == (204, b"")
    assert await _missing(person) == {"personal_recommendation"}
    assert await count(world, Consent.__table__, CONSENT.person_id == UUID(person.id)) == 1
    assert await _missing(other) == {"service", "personal_recommendation"}
    for _ in range(2):
        assert (await person.call("DELETE", "/me/consents/service")).status_code == 204
    assert await _missing(person) == {"service", "personal_recommendation"}
    ok(await person.put("/me/consents/service", {"policy_version": CURRENT}))
    assert await _missing(person) == {"personal_recommendation"}
    # The withdrawn one stays as history.
    assert await count(world, Consent.__table__, CONSENT.person_id == UUID(person.id)) == 2


async def test_two_taps_on_agree_are_one_consent(world: World):
    person = await world.person()
    taps = [person.put("/me/consents/service", {"policy_version": CURRENT}) for _ in range(8)]
    assert {answer.status_code for answer in await asyncio.gather(*taps)} == {204}
    assert await count(world, Consent.__table__) == 1


async def test_consent_is_to_the_present_text_only(world: World):
    person = await world.person()
    async with nothing_stored(world):
        for version in ("2020-01", "", "2026-11x"):
            answer = await person.put("/me/consents/service", {"policy_version": version})
            assert CURRENT in refused(answer, 422, "policy_version_wrong", "policy_version")["message"]
        answer = await person.put("/me/consents/everything", {"policy_version": CURRENT})
        refused(answer, 422, "invalid_fields", "path.purpose")
        refused(await person.call("DELETE", "/me/consents/everything"), 422, "invalid_fields", "path.purpose")


async def test_what_a_person_does_is_audited_without_their_data(world: World):
    person = await world.person()
    ok(await person.put("/me/profile", FORM))
    ok(await person.put("/me/consents/service", {"policy_version": CURRENT}))
    code = world.sandbox.phone_code("zhipin", person.name, "13850000001")
    ok(await person.post("/me/phone", {"code": code}))
    async with world.runtime.db.connection() as connection:
        rows = (await connection.execute(AuditEntry.__table__.select())).mappings().all()
    acts = [row["act"] for row in rows if row["actor_id"] == UUID(person.id)]
    assert sorted(acts) == ["consent_given", "login", "phone_saved", "profile_saved"]
    for secret in ("林小梅", "13850000001", "1990-05-01", code):
        assert secret not in str(rows)


async def test_a_keyed_write_is_done_once(world: World):
    person = await world.person()
    first = await person.put("/me/profile", FORM, key="profile-0001")
    again = await person.put("/me/profile", FORM, key="profile-0001")
    assert ok(first) == ok(again)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await person.put("/me/profile", FORM | {"name": "林大梅"}, key="profile-0001")
    refused(other, 422, "idempotency_key_reused", "header.Idempotency-Key")
    # Another person's same key is another key.
    assert ok(await (await world.person()).put("/me/profile", FORM, key="profile-0001"))["version"] == 2
    assert (await world.api.get(f"{V1}/me", headers=person.headers)).json()["person"]["version"] == 2
