"""Saved vacancies and saved searches: kept once, bounded, the owner's alone; news once a day; gone with the consent."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from app.models.common import Notice
from app.models.identity import Person, WechatIdentity
from app.models.jobs import SavedSearch, SavedVacancy, Vacancy
from app.rules.jobs.search import SAVED_SEARCHES_AT_MOST
from app.services.jobs import saved
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support.jobs import NOBODY, Hiring, count, counted, set_columns

POINT = {"latitude": 24.7265, "longitude": 118.6702, "coord_type": "gcj02"}


def form(name: str = "离家近的平车", notify: bool = True, **filters: Any) -> dict[str, Any]:
    return {"name": name, "notify": notify, "filters": filters}


async def news(someone: Someone) -> list[tuple[str, str]]:
    """Title and body, newest first; from the table, since tokens end within the days that pass here."""
    mine = (Notice.person_id == UUID(someone.id), Notice.kind == "saved_search")
    async with someone.world.runtime.db.reading() as session:
        rows = (await session.exec(select(Notice).where(*mine).order_by(col(Notice.id).desc()))).all()
    return [(row.title, row.body) for row in rows]


async def next_morning(world: World) -> dict[str, int]:
    """The sweep of the next day, at the same hour."""
    world.clock.advance(timedelta(days=1))
    return await sweep(world.runtime)


async def test_a_vacancy_is_kept_once_and_dropped(world: World, hiring: Hiring) -> None:
    seeker, vacancy = await world.seeker(), await hiring.post()
    path = f"/me/saved-vacancies/{vacancy['id']}"
    first = ok(await seeker.put(path, None))
    assert (first["is_open"], first["title"], first["vacancy"]["id"]) == (True, vacancy["title"], vacancy["id"])
    world.clock.advance(timedelta(hours=1))
    assert ok(await seeker.put(path, None)) == first
    await asyncio.gather(*(seeker.put(path, None) for _ in range(4)))
    page = ok(await seeker.get("/me/saved-vacancies"))
    assert (page["items"], page["next_cursor"]) == ([first], None)
    # Another's list knows nothing of it.
    other = await world.seeker()
    assert ok(await other.get("/me/saved-vacancies"))["items"] == []
    refused(await other.call("DELETE", path), 404, "saved_vacancy_not_found")
    assert (await seeker.call("DELETE", path)).status_code == 204
    refused(await seeker.call("DELETE", path), 404, "saved_vacancy_not_found")
    refused(await seeker.put(f"/me/saved-vacancies/{NOBODY}", None), 404, "vacancy_not_found")
    draft = ok(await hiring.recruiter.post("/vacancies", await hiring.form(submit=False)))["vacancy"]
    refused(await seeker.put(f"/me/saved-vacancies/{draft['id']}", None), 404, "vacancy_not_found")


async def test_what_closes_stays_with_its_state_and_without_its_new_text(world: World, hiring: Hiring) -> None:
    seeker = await world.seeker()
    paused, over, held = (
        await hiring.post(title="甲" * 2),
        await hiring.post(title="乙" * 2),
        await hiring.post(title="丙" * 2),
    )
    for vacancy in (paused, over, held):
        ok(await seeker.put(f"/me/saved-vacancies/{vacancy['id']}", None))
        world.clock.advance(timedelta(seconds=1))
    ok(await hiring.recruiter.post(f"/vacancies/{paused['id']}/pause", {"expected_version": paused["version"]}))
    await set_columns(world, Vacancy, over["id"], valid_until=world.clock.now().date() - timedelta(days=2))
    changed = await hiring.form(title="没有复核的字", duties="SBX_REVIEW 平车", expected_version=held["version"])
    del changed["enterprise_id"]
    assert ok(await hiring.recruiter.put(f"/vacancies/{held['id']}", changed))["vacancy"]["state"] == "in_review"
    items = ok(await seeker.get("/me/saved-vacancies"))["items"]
    assert [(row["title"], row["state"], row["is_open"], row["vacancy"]) for row in items] == [
        ("丙丙", "in_review", False, None), ("乙乙", "expired", False, None), ("甲甲", "paused", False, None),
    ]  # fmt: skip
    assert [row["state_label"] for row in items] == ["待复核", "已到期", "已暂停"]


async def test_saved_vacancies_come_in_pages_at_a_constant_price(world: World, hiring: Hiring) -> None:
    seeker = await world.seeker()
    posted = [(await hiring.post(title=f"平车工{n}"))["id"] for n in range(5)]
    for vacancy_id in posted:
        ok(await seeker.put(f"/me/saved-vacancies/{vacancy_id}", None))
        world.clock.advance(timedelta(seconds=1))
    taken = []
    for limit in (1, 5):
        with counted(world.runtime.db.reader) as statements:
            ok(await seeker.get("/me/saved-vacancies", limit=limit))
        taken.append(len(statements))
    assert taken[0] == taken[1]
    first = ok(await seeker.get("/me/saved-vacancies", limit=3))
    rest = ok(await seeker.get("/me/saved-vacancies", limit=3, cursor=first["next_cursor"]))
    assert [row["vacancy_id"] for row in first["items"] + rest["items"]] == posted[::-1]
    other = await world.seeker()
    refused(await other.get("/me/saved-vacancies", cursor=first["next_cursor"]), 422, "cursor_invalid")


async def test_the_list_of_saved_vacancies_ends_somewhere(
    world: World, hiring: Hiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "SAVED_VACANCIES_AT_MOST", 2)
    seeker = await world.seeker()
    posted = [(await hiring.post(title=f"平车工{n}"))["id"] for n in range(4)]
    answers = await asyncio.gather(*(seeker.put(f"/me/saved-vacancies/{vacancy_id}", None) for vacancy_id in posted))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409]
    assert await count(world, SavedVacancy) == 2
    full = next(answer for answer in answers if answer.status_code == 409)
    assert "最多收藏 2 个" in refused(full, 409, "saved_vacancies_full")["message"]


async def test_a_search_is_kept_changed_and_dropped(world: World, hiring: Hiring) -> None:
    seeker = await world.seeker()
    asked = {"q": " 平车 ", "benefits": ["meals"], "shift_pattern": "day", "min_monthly_fen": 500000}
    kept = ok(await seeker.post("/me/saved-searches", form(**asked)))
    given = {name: value for name, value in kept["filters"].items() if value}
    assert given == asked | {"q": "平车"}
    assert ok(await seeker.get("/me/saved-searches")) == [kept]
    path = f"/me/saved-searches/{kept['id']}"
    changed = ok(
        await seeker.put(path, form(name="夜班", notify=False, shift_pattern="night") | {"expected_version": 1})
    )
    assert (changed["name"], changed["notify"], changed["version"]) == ("夜班", False, 2)
    assert changed["filters"]["q"] is None
    refused(await seeker.put(path, form() | {"expected_version": 1}), 409, "stale", "expected_version")
    ok(await seeker.post("/me/saved-searches", form(name="白班")))
    refused(await seeker.post("/me/saved-searches", form(name="夜班")), 409, "saved_search_name_taken", "name")
    refused(await seeker.put(path, form(name="白班") | {"expected_version": 2}), 409, "saved_search_name_taken", "name")
    # Its own name is not taken.
    ok(await seeker.put(path, form(name="夜班", notify=True) | {"expected_version": 2}))
    other = await world.seeker()
    refused(await other.put(path, form() | {"expected_version": 3}), 404, "saved_search_not_found")
    refused(await other.call("DELETE", path), 404, "saved_search_not_found")
    assert (await seeker.call("DELETE", path)).status_code == 204
    refused(await seeker.call("DELETE", path), 404, "saved_search_not_found")


async def test_ten_searches_and_not_one_more_however_fast_one_taps(world: World, hiring: Hiring) -> None:
    seeker = await world.seeker()
    answers = await asyncio.gather(*(seeker.post("/me/saved-searches", form(name=f"搜索{n}")) for n in range(13)))
    assert sorted(answer.status_code for answer in answers) == [201] * SAVED_SEARCHES_AT_MOST + [409] * 3
    full = next(answer for answer in answers if answer.status_code == 409)
    assert "最多保存 10 个" in refused(full, 409, "saved_searches_full")["message"]
    assert await count(world, SavedSearch) == SAVED_SEARCHES_AT_MOST


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (form(name=""), "name"), (form(name="长" * 21), "name"), (form(latitude=24.7), "filters.longitude"),
        (form(within_m=500), "filters.latitude"), (form(sort="pay"), "filters.sort"), (form(q="平" * 61), "filters.q"),
        ({"name": "没有条件"}, "filters"), (form(benefits=["gold"]), "filters.benefits.0"),
        (form() | {"notify": None}, "notify"), (form(occupation_code="%"), "filters.occupation_code"),
    ],
)  # fmt: skip
async def test_a_malformed_search_is_named(world: World, body: dict[str, Any], field: str) -> None:
    refused(await (await world.person()).post("/me/saved-searches", body), 422, "invalid_fields", field)


async def test_consents_come_first_and_words_are_looked_at(world: World, hiring: Hiring) -> None:
    newcomer, vacancy = await world.person(), await hiring.post()
    refused(await newcomer.post("/me/saved-searches", form()), 422, "consent_missing")
    refused(await newcomer.put(f"/me/saved-vacancies/{vacancy['id']}", None), 422, "consent_missing")
    await world.consent(newcomer, "service")
    refused(await newcomer.post("/me/saved-searches", form(**POINT)), 422, "consent_missing")
    assert await count(world, SavedSearch) == await count(world, SavedVacancy) == 0
    bad = await newcomer.post("/me/saved-searches", form(name="SBX_RISKY"))
    refused(bad, 422, "text_risky", "name")
    for method, path in (
        ("PUT", f"/me/saved-vacancies/{NOBODY}"), ("GET", "/me/saved-vacancies"), ("DELETE", f"/me/saved-vacancies/{NOBODY}"),
        ("POST", "/me/saved-searches"), ("GET", "/me/saved-searches"), ("PUT", f"/me/saved-searches/{NOBODY}"),
        ("DELETE", f"/me/saved-searches/{NOBODY}"),
    ):  # fmt: skip
        refused(await world.anonymous.call(method, path), 401, "token_invalid")


async def test_the_point_is_sealed_and_goes_with_its_consent(world: World, hiring: Hiring) -> None:
    seeker = await world.seeker()
    await world.consent(seeker, "exact_location")
    kept = ok(await seeker.post("/me/saved-searches", form(q="平车", within_m=3000, **POINT)))
    assert {name: kept["filters"][name] for name in POINT} == POINT
    async with world.runtime.db.connection() as connection:
        row = (await connection.execute(SavedSearch.__table__.select())).mappings().one()  # type: ignore[attr-defined]
    assert row["filters"] == {"q": "平车", "within_m": 3000}
    assert b"118.67" not in row["point_sealed"]
    exported = ok(await seeker.post("/me/export"))["tables"]["saved_search"][0]
    assert (exported["name"], exported["point"]) == ("离家近的平车", "24.726500,118.670200,gcj02")
    assert (await seeker.call("DELETE", "/me/consents/exact_location")).is_success
    left = ok(await seeker.get("/me/saved-searches"))[0]
    assert (left["filters"]["latitude"], left["filters"]["within_m"], left["filters"]["q"]) == (None, None, "平车")
    # Without its distance it would be another, wider search: silent until the person says so.
    assert (left["notify"], left["version"]) == (False, 2)


async def test_news_come_once_a_day_and_only_of_what_is_new(world: World, hiring: Hiring) -> None:
    seeker, silent = await world.seeker(), await world.seeker()
    await world.consent(seeker, "exact_location")
    await hiring.post(title="早就有的平车工")
    ok(await seeker.post("/me/saved-searches", form(q="平车", within_m=3000, **POINT)))
    ok(await silent.post("/me/saved-searches", form(notify=False)))
    # Young postings may still be on their way into the database: they belong to the next day.
    world.clock.advance(timedelta(minutes=10))
    for index in range(3):
        await hiring.post(title=f"平车工{index}")
    far = {"address": "远处", "latitude": 24.9, "longitude": 118.6702, "coord_type": "gcj02"}
    await hiring.post(title="远处的平车工", place=far)
    assert (await sweep(world.runtime))["searches_looked_at"] == 0
    assert (await next_morning(world))["searches_looked_at"] == 1
    told = await news(seeker)
    assert told == [("“离家近的平车”有 3 个新岗位", "“离家近的平车”有 3 个新岗位。")]
    # Again the same day, and the next day without anything new: nothing more is said.
    assert (await sweep(world.runtime))["searches_looked_at"] == 0
    assert (await next_morning(world))["searches_looked_at"] == 1
    assert len(await news(seeker)) == 1
    assert await news(silent) == []
    # Just before the sweep: counted the day after, not lost.
    hiring.recruiter.token = (await world.person(hiring.recruiter.name)).token
    await hiring.post(title="刚发布的平车工")
    await sweep(world.runtime)
    await next_morning(world)
    assert [title for title, _ in await news(seeker)] == ["“离家近的平车”有 1 个新岗位", "“离家近的平车”有 3 个新岗位"]


async def test_several_searches_are_one_message_and_nobody_is_woken(world: World, hiring: Hiring) -> None:
    seeker = await world.seeker()
    ok(await seeker.post("/me/saved-searches", form(name="平车", q="平车")))
    ok(await seeker.post("/me/saved-searches", form(name="包吃", benefits=["meals"])))
    ok(await seeker.post("/me/saved-searches", form(name="挖掘机", q="挖掘机")))
    world.clock.advance(timedelta(minutes=10))
    await hiring.post()
    # Ten in the morning; at seven of the next day it is still too early.
    world.clock.advance(timedelta(hours=21))
    assert (await sweep(world.runtime))["searches_looked_at"] == 0
    world.clock.advance(timedelta(hours=1))
    assert (await sweep(world.runtime))["searches_looked_at"] == 3
    assert await news(seeker) == [("您保存的 2 个搜索有新岗位", "“平车”有 1 个新岗位；“包吃”有 1 个新岗位。")]


async def test_two_workers_tell_each_person_once(world: World, hiring: Hiring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "TELL_BATCH", 2)
    seekers = [await world.seeker() for _ in range(5)]
    for seeker in seekers:
        ok(await seeker.post("/me/saved-searches", form(q="平车")))
    world.clock.advance(timedelta(minutes=10))
    await hiring.post()
    world.clock.advance(timedelta(days=1))
    done = await asyncio.gather(*(sweep(world.runtime) for _ in range(2)))
    assert sum(round_["searches_looked_at"] for round_ in done) == 5
    assert await count(world, Notice, Notice.kind == "saved_search") == 5


async def test_all_of_it_goes_with_the_account_or_the_consent(world: World, hiring: Hiring) -> None:
    for end in ("consent", "account"):
        seeker, vacancy = await world.seeker(), await hiring.post()
        ok(await seeker.put(f"/me/saved-vacancies/{vacancy['id']}", None))
        ok(await seeker.post("/me/saved-searches", form()))
        if end == "consent":
            assert (await seeker.call("DELETE", "/me/consents/service")).is_success
        else:
            ok(await seeker.post("/me/deletion", {"confirm": "注销"}))
        assert await count(world, SavedVacancy) == await count(world, SavedSearch) == 0, end


async def test_two_records_of_one_person_keep_each_vacancy_once(world: World, hiring: Hiring) -> None:
    one, other = await world.seeker(), await world.seeker()
    both, mine = await hiring.post(title="两边都有"), await hiring.post(title="一边才有")
    for person, vacancy in ((one, both), (one, mine), (other, both)):
        ok(await person.put(f"/me/saved-vacancies/{vacancy['id']}", None))
        ok(await person.post("/me/saved-searches", form(name=vacancy["title"])))
    await _merge(world, one, other)
    kept = ok(await other.get("/me/saved-vacancies"))["items"]
    assert {row["vacancy_id"] for row in kept} == {both["id"], mine["id"]}
    assert await count(world, SavedVacancy, SavedVacancy.person_id == UUID(one.id)) == 0
    assert len(ok(await other.get("/me/saved-searches"))) == 3


async def _merge(world: World, source: Someone, target: Someone) -> None:
    """As staff decide it; the two have one WeChat account between them."""
    admin = await world.admin()
    await set_columns(world, Person, source.id, unionid=None)
    async with world.runtime.db.unit_of_work() as session:
        await session.exec(
            WechatIdentity.__table__.delete().where(WechatIdentity.__table__.c.person_id == UUID(source.id))
        )  # type: ignore[attr-defined]
    ok(await admin.post(f"/people/{source.id}/merge", {"into": target.id}))
