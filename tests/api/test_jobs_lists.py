"""The public list and keyword search over HTTP: order, pages, filters, totals, and how many statements they take."""

from datetime import timedelta
from typing import Any

import pytest

from app.core.clock import china_date
from app.models.jobs import Vacancy
from tests.factories.world import World, ok, refused
from tests.support.jobs import Hiring, counted, key, rival, set_columns


async def ids(world: World, **query: Any) -> list[str]:
    return [item["id"] for item in ok(await world.anonymous.get("/vacancies", **query))["items"]]


async def post_many(world: World, hiring: Hiring, number: int, **changes: Any) -> list[str]:
    """Newest first. Several share an instant, so that the tie-break matters."""
    posted = []
    for index in range(number):
        posted.append((await hiring.post(title=f"平车工{index}", **changes))["id"])
        if index % 3 == 2:
            world.clock.advance(timedelta(seconds=1))
    return posted[::-1]


async def test_newest_first_with_what_a_card_needs(world: World, hiring: Hiring) -> None:
    first = await hiring.post(title="平车工一")
    world.clock.advance(timedelta(seconds=1))
    second = await hiring.post(title="平车工二", pay={
        "unit": "piece", "piece_rate_fen": 850, "piece_per_quantity": 1000, "piece_hourly_output": 4000, "cycle": "weekly",
    })  # fmt: skip
    page = ok(await world.anonymous.get("/vacancies"))
    assert [item["id"] for item in page["items"]] == [second["id"], first["id"]]
    assert (page["next_cursor"], page["total"]) == (None, None)
    for item, vacancy in zip(page["items"], (second, first), strict=True):
        for name in (
            "title",
            "enterprise_name",
            "occupation_name",
            "benefits",
            "published_at",
            "valid_until",
            "open_seats",
        ):
            assert item[name] == vacancy[name]
        assert item["piece_rate_fen"] == vacancy["pay"]["piece_rate_fen"]
        assert item["pay_min_fen"] == vacancy["pay"]["min_fen"]
        assert item["place_address"] == vacancy["place"]["address"]
        assert item["published_at"].endswith("+08:00")


async def test_a_walk_by_cursor_has_no_gap_and_no_repeat_while_new_ones_come(world: World, hiring: Hiring) -> None:
    posted = await post_many(world, hiring, 45)
    seen: list[str] = []
    cursor, pages = None, 0
    while True:
        page = ok(await world.anonymous.get("/vacancies", limit=10, **({"cursor": cursor} if cursor else {})))
        seen += [item["id"] for item in page["items"]]
        pages += 1
        cursor = page["next_cursor"]
        if cursor is None:
            break
        # Published between two pages: belongs in front of what was read already.
        world.clock.advance(timedelta(seconds=1))
        await hiring.post(title="新来的岗位")
    assert pages == 5
    assert seen == posted
    assert len(await ids(world, limit=100)) == 49


async def test_a_cursor_belongs_to_its_query_and_cannot_be_forged(world: World, hiring: Hiring) -> None:
    await post_many(world, hiring, 3)
    cursor = ok(await world.anonymous.get("/vacancies", limit=1, q="平车"))["next_cursor"]
    # The page size is not part of the query.
    assert len(ok(await world.anonymous.get("/vacancies", limit=2, q="平车", cursor=cursor))["items"]) == 2
    flipped = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for query in (
        {"cursor": cursor}, {"cursor": cursor, "q": "锁边"}, {"cursor": cursor, "q": "平车", "pay_unit": "hour"},
        {"cursor": flipped, "q": "平车"}, {"cursor": "!!!", "q": "平车"}, {"cursor": "", "q": "平车"}, {"cursor": "平", "q": "平车"},
    ):  # fmt: skip
        refused(await world.anonymous.get("/vacancies", **query), 422, "cursor_invalid", "query.cursor")
    seeker = await world.seeker()
    for vacancy_id in await ids(world):
        await world.apply(seeker, vacancy_id)
    mine = ok(await seeker.get("/me/applications", limit=1))["next_cursor"]
    refused(await world.anonymous.get("/vacancies", cursor=mine), 422, "cursor_invalid", "query.cursor")
    other = await world.seeker()
    refused(await other.get("/me/applications", cursor=mine), 422, "cursor_invalid", "query.cursor")


async def test_filters_and_total(world: World, hiring: Hiring) -> None:
    other = await rival(world)
    sewing, locking = await world.occupation("平车工"), await world.occupation("锁边工")
    assert sewing != locking
    hourly = {"unit": "hour", "min_fen": 3000, "max_fen": 4000, "cycle": "weekly"}
    a = (await hiring.post())["id"]
    b = (await hiring.post(title="锁边工", occupation_code=locking, duties="锁边。"))["id"]
    c = (await other.post(pay=hourly))["id"]
    assert set(await ids(world, occupation_code=sewing)) == {a, c}
    assert set(await ids(world, occupation_code=locking)) == {b}
    # A code stands for its branch.
    branch = sewing.split(".")[0]
    assert {a, c} <= set(await ids(world, occupation_code=branch))
    assert set(await ids(world, enterprise_id=other.firm_id)) == {c}
    assert set(await ids(world, pay_unit="hour")) == {c}
    assert set(await ids(world, pay_unit="piece")) == set()
    assert set(await ids(world, occupation_code=sewing, enterprise_id=hiring.firm_id)) == {a}
    for query, total in (({}, 3), ({"pay_unit": "month"}, 2), ({"q": "平车"}, 2), ({"occupation_code": "9"}, 0)):
        page = ok(await world.anonymous.get("/vacancies", with_total="true", limit=1, **query))
        assert page["total"] == total
    # The total counts the query, not what lies behind the cursor.
    page = ok(await world.anonymous.get("/vacancies", with_total="true", limit=1))
    later = ok(await world.anonymous.get("/vacancies", with_total="true", limit=1, cursor=page["next_cursor"]))
    assert later["total"] == 3


async def test_search_by_the_words_of_the_trade(world: World, hiring: Hiring) -> None:
    locking = await world.occupation("锁边工")
    a = (await hiring.post(title="电脑缝纫招人", duties="缝制针织服装，做过童装优先，长白班。", requirements=""))["id"]
    b = (await hiring.post(title="锁边工", occupation_code=locking, duties="锁边，做牛仔裤。", requirements=""))["id"]
    # "平车" stands nowhere in the text: it is what people call the occupation.
    assert await ids(world, q="平车") == [a]
    assert await ids(world, q="锁边") == [b]
    assert await ids(world, q="牛仔裤 锁边") == [b]
    assert await ids(world, q="牛仔裤 童装") == []
    assert set(await ids(world, q="华联")) == {a, b}
    assert await ids(world, q="童装") == [a]
    assert await ids(world, q="挖掘机") == []
    # Full-width and upper-case letters are the same letters.
    c = (await hiring.post(title="ＣＡＤ制版", duties="CAD 制版。", requirements=""))["id"]
    assert await ids(world, q="cad") == [c]
    assert await ids(world, q="ＣＡＤ") == [c]


@pytest.mark.parametrize("q", ["！！！", "……，。", '"', "' OR 1=1 --", "* AND *", "NEAR(", "&|!", "%", "😀", " "])
async def test_signs_find_nothing_and_break_nothing(world: World, hiring: Hiring, q: str) -> None:
    await hiring.post()
    assert await ids(world, q=q) == []


async def test_an_empty_search_is_the_whole_list(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post()
    assert await ids(world, q="") == [vacancy["id"]]


async def test_only_what_is_open_is_listed(world: World, hiring: Hiring) -> None:
    draft = ok(await hiring.recruiter.post("/vacancies", await hiring.form(submit=False)))["vacancy"]
    shown, filled = await hiring.post(), await hiring.post(headcount=1)
    last_day = await hiring.post(valid_until=str(china_date(world.clock.now())))
    await world.apply(await world.seeker(), filled["id"])
    candidate = ok(await hiring.recruiter.get(f"/vacancies/{filled['id']}/candidates"))["items"][0]
    ok(await hiring.step(candidate, "hired"))
    assert set(await ids(world)) == {shown["id"], last_day["id"]}
    assert set(await ids(world, q="平车")) == {shown["id"], last_day["id"]}
    # The day after, before any sweep has run.
    await set_columns(world, Vacancy, last_day["id"], valid_until=china_date(world.clock.now()) - timedelta(days=1))
    assert await ids(world) == [shown["id"]]
    refused(await world.anonymous.get(f"/vacancies/{last_day['id']}"), 404, "vacancy_not_found")
    seeker = await world.seeker()
    for gone, code in ((last_day, "vacancy_closed"), (filled, "vacancy_closed"), (draft, "vacancy_not_found")):
        refused(await world.anonymous.get(f"/vacancies/{gone['id']}"), 404, "vacancy_not_found")
        form = {"vacancy_id": gone["id"], "release_contact": True}
        refused(await seeker.post("/applications", form, key=key()), 409 if "closed" in code else 404, code)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "query.limit"), ({"limit": 101}, "query.limit"), ({"limit": "x"}, "query.limit"),
        ({"q": "平" * 61}, "query.q"), ({"occupation_code": "%"}, "query.occupation_code"),
        ({"occupation_code": "_"}, "query.occupation_code"), ({"enterprise_id": "1"}, "query.enterprise_id"),
        ({"pay_unit": "gold"}, "query.pay_unit"), ({"with_total": "maybe"}, "query.with_total"),
        ({"cursor": "a" * 401}, "query.cursor"),
    ],
)  # fmt: skip
async def test_malformed_queries_name_the_parameter(world: World, query: dict[str, Any], field: str) -> None:
    refused(await world.anonymous.get("/vacancies", **query), 422, "invalid_fields", field)


async def test_a_token_that_is_sent_must_be_valid(world: World, hiring: Hiring) -> None:
    bad = await world.api.get("/api/v1/vacancies/" + (await hiring.post())["id"], headers={"Authorization": "Bearer x"})
    refused(bad, 401, "token_invalid")


async def test_the_list_takes_one_statement_and_the_total_a_second(world: World, hiring: Hiring) -> None:
    await post_many(world, hiring, 5)
    reader = world.runtime.db.reader
    for query, expected in (
        ({}, 1), ({"with_total": "true"}, 2), ({"q": "平车"}, 1), ({"q": "平车", "with_total": "true"}, 2),
        ({"limit": 2, "pay_unit": "month", "enterprise_id": hiring.firm_id}, 1),
    ):  # fmt: skip
        with counted(reader) as statements, counted(world.runtime.db.writer) as writes:
            assert len(ok(await world.anonymous.get("/vacancies", **query))["items"]) == query.get("limit", 5)
        assert len(statements) == expected, statements
        # The first search of a caller buys an allowance for the next ones; leafing costs none.
        assert [text for text in writes if "rate_bucket" not in text and "BEGIN" not in text] == []


async def test_lists_of_people_take_the_same_statements_for_one_and_for_many(world: World, hiring: Hiring) -> None:
    vacancies = [await hiring.post(title=f"平车工{index}", headcount=9) for index in range(4)]
    seekers = [await world.seeker() for _ in range(5)]
    calls = [
        (hiring.recruiter, f"/vacancies/{vacancies[0]['id']}/candidates"), (seekers[0], "/me/applications"),
        (seekers[0], "/me/recommended-vacancies"), (hiring.recruiter, f"/enterprises/{hiring.firm_id}/vacancies"),
        (seekers[0], "/me/notices"),
    ]  # fmt: skip

    async def measure() -> list[tuple[int, int]]:
        taken = []
        for person, path in calls:
            with counted(world.runtime.db.reader) as statements:
                answer = ok(await person.get(path))
            taken.append((len(answer if isinstance(answer, list) else answer["items"]), len(statements)))
        return taken

    await world.apply(seekers[0], vacancies[0]["id"])
    for index in range(3):
        await hiring.post(title=f"锁边工{index}")
    # The first call of a process compiles the code tables once.
    await measure()
    few = await measure()
    for seeker in seekers[1:]:
        await world.apply(seeker, vacancies[0]["id"])
    for vacancy in vacancies[1:]:
        await world.apply(seekers[0], vacancy["id"])
    for row in ok(await hiring.recruiter.get(f"/vacancies/{vacancies[0]['id']}/candidates"))["items"]:
        ok(await hiring.step(row, "viewed"))
    for index in range(4):
        await hiring.post(title=f"打包工{index}")
    # What has changed since is read once, in one statement more each for the index and for what is shown.
    await measure()
    many = await measure()
    assert [rows for rows, _ in few] == [1, 1, 7, 7, 0]
    assert [rows for rows, _ in many] == [5, 4, 11, 11, 1]
    assert [statements for _, statements in many] == [statements for _, statements in few]
