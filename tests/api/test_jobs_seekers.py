"""求职登记 and recommended vacancies over HTTP."""

import base64
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import china_date
from app.models.jobs import SeekerProfile
from tests.factories.world import Someone, World, ok, refused
from tests.support.jobs import NOBODY, Hiring, count, key, rival

HOME = {"address": "塘后村", "latitude": 24.740213, "longitude": 118.658037, "coord_type": "gcj02"}


async def consent(person: Someone, *purposes: str) -> None:
    for missing in ok(await person.get("/me"))["missing_consents"]:
        if missing["purpose"] in purposes:
            ok(await person.put(f"/me/consents/{missing['purpose']}", {"policy_version": missing["policy_version"]}))


async def recommended(person: Someone, **query: Any) -> list[str]:
    return [item["vacancy"]["id"] for item in ok(await person.get("/me/recommended-vacancies", **query))["items"]]


async def test_registration_needs_the_consent_of_the_person(world: World) -> None:
    person = await world.person()
    refused(await person.get("/me/seeker-profile"), 404, "seeker_profile_missing")
    refused(await person.put("/me/seeker-profile", {}), 422, "consent_missing", "consent")
    assert await count(world, SeekerProfile) == 0
    await consent(person, "service")
    saved = ok(await person.put("/me/seeker-profile", {}))
    assert (saved["version"], saved["wanted"], saved["home_known"]) == (1, [], False)
    # Withdrawn as easily: from now on nothing more is taken in.
    assert (await person.call("DELETE", "/me/consents/service")).status_code == 204
    refused(await person.put("/me/seeker-profile", {"expected_version": 1}), 422, "consent_missing")


async def test_a_form_is_replaced_as_a_whole_under_its_version(world: World) -> None:
    person = await world.seeker(ready=False, machines=["平车"], vehicle="ebike", experience_years={})
    first = ok(await person.get("/me/seeker-profile"))
    assert (first["version"], first["machines"], first["vehicle"]) == (1, ["平车"], "ebike")
    form = {"shift_patterns": ["day", "night"], "wish_pay_unit": "month", "wish_pay_fen": 600000}
    refused(await person.put("/me/seeker-profile", form), 409, "stale", "expected_version")
    refused(await person.put("/me/seeker-profile", form | {"expected_version": 2}), 409, "stale", "expected_version")
    assert ok(await person.get("/me/seeker-profile")) == first
    second = ok(await person.put("/me/seeker-profile", form | {"expected_version": 1}))
    assert (second["version"], second["machines"], second["vehicle"], second["wanted"]) == (2, [], None, [])
    assert (second["shift_patterns"], second["wish_pay_fen"]) == (["day", "night"], 600000)
    assert ok(await person.get("/me/seeker-profile")) == second
    assert await count(world, SeekerProfile) == 1


async def test_profiles_are_ones_own(world: World) -> None:
    one, other = (
        await world.seeker(ready=False, machines=["平车"]),
        await world.seeker(ready=False, machines=["锁边机"]),
    )
    assert ok(await one.get("/me/seeker-profile"))["machines"] == ["平车"]
    assert ok(await other.get("/me/seeker-profile"))["machines"] == ["锁边机"]
    for method, path, body in (
        ("GET", "/me/seeker-profile", None), ("PUT", "/me/seeker-profile", {}), ("GET", "/me/recommended-vacancies", None),
    ):  # fmt: skip
        refused(await world.anonymous.call(method, path, json=body), 401, "token_invalid")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"wanted": ["99999.99"]}, "occupation_unknown", "occupation_code"),
        ({"experience_years": {"99999.99": 3}}, "occupation_unknown", "occupation_code"),
        ({"home_area_id": NOBODY}, "area_unknown", "home_area_id"),
        ({"wanted": ["1", "2", "3", "4"]}, "invalid_fields", "wanted"),
        ({"experience_years": {"61103": 61}}, "invalid_fields", "experience_years.61103"),
        ({"wish_pay_unit": "month"}, "invalid_fields", "body"), ({"wish_pay_unit": "piece", "wish_pay_fen": 1}, "invalid_fields", "wish_pay_unit"),
        ({"commute_limit_m": 5}, "invalid_fields", "commute_limit_m"), ({"home": {"address": "塘后村", "latitude": 1}}, "invalid_fields", "home"),
        ({"hidden_from": ["x"]}, "invalid_fields", "hidden_from.0"), ({"age": 30}, "invalid_fields", "age"),
        ({"sex": "female"}, "invalid_fields", "sex"), ({"machines": ["平车\x07"]}, "invalid_fields", "machines.0"),
        ({"earliest_start": "2026-13-01"}, "invalid_fields", "earliest_start"), ({"expected_version": 2**31}, "invalid_fields", "expected_version"),
    ],
)  # fmt: skip
async def test_malformed_registrations_name_the_field(
    world: World, changes: dict[str, Any], code: str, field: str
) -> None:
    person = await world.person()
    await consent(person, "service")
    refused(await person.put("/me/seeker-profile", changes), 422, code, field)
    assert await count(world, SeekerProfile) == 0


async def test_the_home_is_sealed(world: World, kind: str) -> None:
    person = await world.seeker(home=HOME)
    answer = (await person.get("/me/seeker-profile")).text
    assert '"home_known":true' in answer
    assert "24.74" not in answer
    if kind == "sqlite":
        folder = Path(world.runtime.settings.database_url.split("///", 1)[1])
        raw = b"".join(path.read_bytes() for path in folder.parent.glob(folder.name + "*"))
        # The file is the one: what is not sealed can be found in it.
        assert "塘后村".encode() in raw
    else:
        async with world.runtime.db.connection() as connection:
            rows = (await connection.exec_driver_sql("SELECT p::text FROM seeker_profile p")).scalars().all()
        raw = "".join(rows).encode()
        assert b"gcj02" in raw
    for plain in ("24.740213", "118.658037", "24.7402", "118.658"):
        for form in (plain, plain.encode().hex(), base64.b64encode(plain.encode()).decode().rstrip("=")):
            assert form.encode() not in raw
    async with world.runtime.db.connection() as connection:
        sealed = (await connection.exec_driver_sql("SELECT home_sealed FROM seeker_profile")).scalar_one()
    assert len(sealed) > 28


async def test_recommendations_need_a_registration(world: World) -> None:
    person = await world.person()
    refused(await person.get("/me/recommended-vacancies"), 404, "seeker_profile_missing")
    refused(
        await (await world.seeker()).get("/me/recommended-vacancies", limit=0), 422, "invalid_fields", "query.limit"
    )


async def test_parts_sum_to_the_score_and_everything_is_said_in_chinese(world: World, hiring: Hiring) -> None:
    sewing, locking = await world.occupation("平车工"), await world.occupation("锁边工")
    fitting = await hiring.post(required_machines=["平车"], required_years=1)
    night = await hiring.post(title="锁边工", occupation_code=locking, duties="锁边。", shift_pattern="night",
                              features=["night_work"])  # fmt: skip
    far = await hiring.post(title="打包工", occupation_code=await world.occupation("打包工"), duties="打包。",
                            place={"address": "石狮市区", "latitude": 24.80, "longitude": 118.60, "coord_type": "wgs84"})  # fmt: skip
    person = await world.seeker(
        wanted=[sewing], experience_years={sewing: 3}, machines=["平车"], wish_pay_unit="month", wish_pay_fen=600000,
        shift_patterns=["day"], commute_limit_m=6000, vehicle="ebike", wants_meals=True, home=HOME,
    )  # fmt: skip
    answer = ok(await person.get("/me/recommended-vacancies"))
    assert (answer["personalised"], answer["considered"]) == (True, 3)
    assert answer["items"][0]["vacancy"]["id"] == fitting["id"]
    assert {item["vacancy"]["id"] for item in answer["items"]} == {fitting["id"], night["id"], far["id"]}
    scores = [item["score"] for item in answer["items"]]
    assert scores == sorted(scores, reverse=True)
    for item in answer["items"]:
        assert sum(part["points"] for part in item["parts"]) == item["score"]
        assert 0 <= item["score"] <= 1000
        assert 0 < item["confidence"] <= 100
        for text in [*item["reasons"], *item["gaps"], *(part["text"] for part in item["parts"] if part["text"])]:
            assert any("一" <= c <= "龥" for c in text)
        assert all(reason in [part["text"] for part in item["parts"]] for reason in item["reasons"])
    best, worst = answer["items"][0], next(i for i in answer["items"] if i["vacancy"]["id"] == night["id"])
    assert len(best["reasons"]) > len(worst["reasons"])
    assert worst["gaps"] != []
    assert await recommended(person, limit=1) == [fitting["id"]]


async def test_gates_keep_out_what_the_person_ruled_out_or_cannot_do(world: World, hiring: Hiring) -> None:
    plain = await hiring.post()
    await hiring.post(title="夜班平车工", features=["night_work"], shift_pattern="night")
    await hiring.post(title="持证平车工", required_certificates=["电工证"])
    person = await world.seeker(no_list=["night_work"])
    assert await recommended(person) == [plain["id"]]
    assert len(await recommended(await world.seeker(certificates=["电工证"]))) == 3


async def test_a_hidden_firm_never_appears(world: World, hiring: Hiring) -> None:
    other = await rival(world)
    mine, theirs = await hiring.post(), await other.post()
    person = await world.seeker(hidden_from=[hiring.firm_id])
    assert await recommended(person) == [theirs["id"]]
    assert (await person.call("DELETE", "/me/consents/personal_recommendation")).status_code == 204
    assert await recommended(person) == [theirs["id"]]
    ok(await person.put("/me/seeker-profile", {"hidden_from": [], "expected_version": 1}))
    assert set(await recommended(person)) == {mine["id"], theirs["id"]}


async def test_without_consent_to_it_nothing_is_personal(world: World, hiring: Hiring) -> None:
    person = await world.seeker()
    posted = []
    for index in range(3):
        posted.append((await hiring.post(title=f"岗位{index}"))["id"])
        world.clock.advance(timedelta(seconds=1))
    assert ok(await person.get("/me/recommended-vacancies"))["personalised"] is True
    assert (await person.call("DELETE", "/me/consents/personal_recommendation")).status_code == 204
    answer = ok(await person.get("/me/recommended-vacancies"))
    assert (answer["personalised"], answer["considered"]) == (False, 0)
    assert [item["vacancy"]["id"] for item in answer["items"]] == posted[::-1]
    for item in answer["items"]:
        assert (item["score"], item["confidence"], item["parts"], item["reasons"], item["gaps"]) == (0, 0, [], [], [])
    assert await recommended(person, limit=2) == posted[:0:-1]


async def test_names_and_birth_dates_move_nobody(world: World, hiring: Hiring) -> None:
    """Two people with the same wishes: swapping who they are leaves both lists, to the point, as they were."""
    for index, low in enumerate((450000, 520000, 610000, 700000)):
        await hiring.post(
            title=f"岗位{index}", pay={"unit": "month", "min_fen": low, "max_fen": low, "cycle": "monthly"}
        )
    vacancy = await hiring.post(title="岗位五")
    people = [await world.seeker(wish_pay_unit="month", wish_pay_fen=600000, machines=["平车"]) for _ in range(2)]
    identities = [("林小梅", "1988-03-12"), ("阿依古丽", "1961-12-30")]

    async def lists() -> list[Any]:
        return [ok(await person.get("/me/recommended-vacancies")) for person in people]

    async def become(order: list[tuple[str, str]]) -> None:
        for person, (name, born) in zip(people, order, strict=True):
            version = ok(await person.get("/me"))["person"]["version"]
            form = {"name": name, "birth_date": born, "expected_version": version}
            ok(await person.put("/me/profile", form))

    await become(identities)
    before = await lists()
    for person in people:
        await world.apply(person, vacancy["id"])
    ranked = ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates"))["items"]
    await become(identities[::-1])
    assert await lists() == before
    assert before[0] == before[1]
    swapped = ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates"))["items"]
    assert [c["id"] for c in swapped] == [c["id"] for c in ranked]
    assert [(c["score"], c["parts"], c["reasons"], c["gaps"]) for c in swapped] == [
        (c["score"], c["parts"], c["reasons"], c["gaps"]) for c in ranked
    ]
    assert [c["contact"]["name"] for c in swapped] == [c["contact"]["name"] for c in ranked][::-1]


async def test_nobody_under_sixteen_is_led_to_work(world: World, hiring: Hiring) -> None:
    """The Chinese birthday is the boundary, to the second."""
    vacancy = await hiring.post()
    person = await world.seeker()
    today = china_date(world.clock.now())
    tomorrow = today + timedelta(days=1)
    sixteen_tomorrow = date(tomorrow.year - 16, tomorrow.month, tomorrow.day)
    version = ok(await person.get("/me"))["person"]["version"]
    form = {"name": "小林", "birth_date": str(sixteen_tomorrow), "expected_version": version}
    ok(await person.put("/me/profile", form))
    application = {"vacancy_id": vacancy["id"], "release_contact": True}

    async def sign_in() -> Someone:
        return await world.person(person.name)

    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC) - timedelta(hours=8)
    world.clock.advance(midnight - timedelta(seconds=1) - world.clock.now())
    child = await sign_in()
    refused(await child.get("/me/recommended-vacancies"), 422, "under_working_age", "birth_date")
    refused(await child.post("/applications", application, key=key()), 422, "under_working_age", "birth_date")
    world.clock.advance(timedelta(seconds=1))
    assert china_date(world.clock.now()) == tomorrow
    grown = await sign_in()
    assert await recommended(grown) == [vacancy["id"]]
    ok(await grown.post("/applications", application, key=key()))
