"""Recommendations over HTTP: explanation of any vacancy, the switch, exposure, what is logged, how many statements."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import select

from app.core.clock import china_date
from app.models.jobs import Impression, VacancyExposure
from app.services.jobs.impressions import KEPT_AT_MOST, Shown
from app.tasks.retention import purge
from tests.factories.world import Someone, World, ok, refused
from tests.support.jobs import NOBODY, Hiring, count, counted, rival

PATH = "/me/recommended-vacancies"


async def recommended(person: Someone, **query: Any) -> list[dict[str, Any]]:
    return list(ok(await person.get(PATH, **query))["items"])


async def explained(person: Someone, vacancy: dict[str, Any]) -> dict[str, Any]:
    return dict(ok(await person.get(f"{PATH}/{vacancy['id']}")))


async def switch_off(person: Someone) -> None:
    assert (await person.call("DELETE", "/me/consents/personal_recommendation")).status_code == 204


async def paid(hiring: Hiring, *fen: int) -> list[dict[str, Any]]:
    made = []
    for low in fen:
        pay = {"unit": "month", "min_fen": low, "max_fen": low, "cycle": "monthly"}
        made.append(await hiring.post(title=f"平车工{low}", pay=pay))
        hiring.world.clock.advance(timedelta(seconds=1))
    return made


async def expose(world: World, vacancy: dict[str, Any], shown: int, days_ago: int = 0) -> None:
    async with world.runtime.db.unit_of_work() as session:
        day = china_date(world.clock.now()) - timedelta(days=days_ago)
        session.add(VacancyExposure(vacancy_id=UUID(vacancy["id"]), day=day, shown=shown))


async def test_an_explanation_has_the_numbers_of_the_list_and_the_place(world: World, hiring: Hiring) -> None:
    made = await paid(hiring, 480_000, 560_000, 640_000, 720_000)
    person = await world.seeker(wish_pay_unit="month", wish_pay_fen=600_000, machines=["平车"], no_list=["noise"])
    loud = await hiring.post(title="冲床工", features=["noise"])
    items = await recommended(person)
    assert len(items) == 4
    for rank, item in enumerate(items, 1):
        told = await explained(person, item["vacancy"])
        assert {name: told[name] for name in ("score", "confidence", "parts", "reasons", "gaps", "vacancy")} == {
            name: item[name] for name in ("score", "confidence", "parts", "reasons", "gaps", "vacancy")
        }
        assert told["place"] == {"rank": rank, "out_of": 4, "text": f"在4个岗位中按匹配得分排第{rank}"}
        assert (told["personalised"], told["gate"]) == (True, None)
        assert told["place"]["text"] in told["text"]
        assert all(reason in told["text"] for reason in told["reasons"])
    shut = await explained(person, loud)
    assert shut["gate"] == {"code": "no_list", "text": "岗位要噪声，您选了不做"}
    assert (shut["score"], shut["place"], shut["parts"]) == (None, None, [])
    assert shut["text"] == "不会推荐给您：岗位要噪声，您选了不做"
    assert {item["vacancy"]["id"] for item in items} == {vacancy["id"] for vacancy in made}


async def test_each_gate_says_what_keeps_the_two_apart(world: World, hiring: Hiring) -> None:
    certified = await hiring.post(title="持证平车工", required_certificates=["电工证"])
    elsewhere = await (await rival(world)).post()
    person = await world.seeker(hidden_from=[elsewhere["enterprise_id"]])
    assert (await explained(person, certified))["gate"] == {
        "code": "certificate", "text": "岗位必须有电工证，您的求职登记里没有",
    }  # fmt: skip
    assert (await explained(person, elsewhere))["gate"] == {"code": "hidden", "text": "您设置了对这家企业隐藏"}
    assert await recommended(person) == []
    # Who recruits sees the own draft, which nobody is shown.
    draft = ok(await hiring.recruiter.post("/vacancies", await hiring.form(submit=False)))["vacancy"]
    for missing in ok(await hiring.recruiter.get("/me"))["missing_consents"]:
        await world.consent(hiring.recruiter, missing["purpose"])
    ok(await hiring.recruiter.put("/me/seeker-profile", {}))
    assert (await explained(hiring.recruiter, draft))["gate"]["code"] == "not_valid"


async def test_what_one_may_not_see_has_no_explanation(world: World, hiring: Hiring) -> None:
    person = await world.seeker()
    draft = ok(await hiring.recruiter.post("/vacancies", await hiring.form(submit=False)))["vacancy"]
    refused(await person.get(f"{PATH}/{draft['id']}"), 404, "vacancy_not_found")
    refused(await person.get(f"{PATH}/{NOBODY}"), 404, "vacancy_not_found")
    refused(await person.get(f"{PATH}/x"), 422, "invalid_fields", "path.vacancy_id")
    vacancy = await hiring.post()
    refused(await world.anonymous.get(f"{PATH}/{vacancy['id']}"), 401, "token_invalid")
    refused(await (await world.person()).get(f"{PATH}/{vacancy['id']}"), 404, "seeker_profile_missing")


async def test_switched_off_the_order_is_the_public_one_exactly(world: World, hiring: Hiring) -> None:
    """Opt-out ≡ newest first: the same ids in the same order as the list that anybody sees, whoever asks."""
    made = await paid(hiring, 480_000, 720_000, 560_000, 900_000, 500_000)
    # A few at the same instant: the id decides, as in the public list.
    same = await asyncio.gather(*(hiring.post(title=f"同时发布{n}") for n in range(3)))
    await expose(world, made[-1], 100_000)
    people = [await world.seeker(wish_pay_unit="month", wish_pay_fen=wish) for wish in (400_000, 900_000)]
    public = [item["id"] for item in ok(await world.anonymous.get("/vacancies"))["items"]]
    assert len(public) == len(made) + len(same)
    for person in people:
        await switch_off(person)
        assert [item["vacancy"]["id"] for item in await recommended(person)] == public
        for rank, vacancy_id in enumerate(public, 1):
            told = await explained(person, {"id": vacancy_id})
            assert (told["personalised"], told["score"], told["parts"], told["gate"]) == (False, None, [], None)
            assert told["place"] == {
                "rank": rank, "out_of": len(public), "text": f"在{len(public)}个岗位中按发布时间排第{rank}",
            }  # fmt: skip
    await world.consent(people[0], "personal_recommendation")
    assert all(item["score"] for item in await recommended(people[0]))


async def test_exposure_moves_down_and_says_so_and_ages(world: World, hiring: Hiring) -> None:
    low, high = await paid(hiring, 700_000, 720_000)
    person = await world.seeker(wish_pay_unit="month", wish_pay_fen=600_000)
    assert [item["vacancy"]["id"] for item in await recommended(person)] == [high["id"], low["id"]]
    await expose(world, high, 5000)
    items = await recommended(person)
    assert [item["vacancy"]["id"] for item in items] == [low["id"], high["id"]]
    # The score stays what it is; only the place is another, and the reason is told.
    assert items[0]["score"] <= items[1]["score"]
    assert items[1]["moved_because"] == "近7天已展示5000次，还招2人，位置略微靠后"
    assert sum(part["points"] for part in items[1]["parts"]) == items[1]["score"]
    world.clock.advance(timedelta(days=7))
    person = await world.person(person.name)
    items = await recommended(person)
    assert [item["vacancy"]["id"] for item in items] == [high["id"], low["id"]]
    assert [item["moved_because"] for item in items] == [None, None]


async def test_new_vacancies_have_places_of_their_own(world: World, hiring: Hiring) -> None:
    old = await paid(hiring, 700_000, 705_000, 710_000, 715_000, 720_000, 725_000)
    world.clock.advance(timedelta(hours=49))
    hiring.recruiter = await world.person(hiring.recruiter.name)
    (new,) = await paid(hiring, 650_000)
    person = await world.seeker(wish_pay_unit="month", wish_pay_fen=600_000)
    items = await recommended(person, limit=5)
    assert [item["vacancy"]["id"] for item in items] == [*(v["id"] for v in old[:1:-1]), new["id"]]
    assert items[-1]["moved_because"] == "48小时内新发布，为新岗位留出的位置"
    assert [item["moved_because"] for item in items[:-1]] == [None] * 4
    # A shorter page has no place to spare.
    assert new["id"] not in [item["vacancy"]["id"] for item in await recommended(person, limit=4)]


async def test_what_is_shown_is_logged_and_counted(world: World, hiring: Hiring) -> None:
    await paid(hiring, 480_000, 720_000, 560_000)
    person, other = await world.seeker(), await world.seeker()
    await switch_off(other)
    first, second = await recommended(person), await recommended(other, limit=2)
    await world.runtime.impressions.write()
    async with world.runtime.db.reading() as session:
        rows = (await session.exec(select(Impression))).all()
        days = (await session.exec(select(VacancyExposure))).all()
    logged = {
        str(who): sorted((row.rank, str(row.vacancy_id), row.score, row.personalised) for row in rows if row.person_id == who)
        for who in {row.person_id for row in rows}
    }  # fmt: skip
    assert logged == {
        person.id: [(n, item["vacancy"]["id"], item["score"], True) for n, item in enumerate(first, 1)],
        other.id: [(n, item["vacancy"]["id"], 0, False) for n, item in enumerate(second, 1)],
    }
    assert {row.created_at for row in rows} == {world.clock.now()}
    assert sum(day.shown for day in days) == 5
    assert {day.day for day in days} == {china_date(world.clock.now())}
    # Counters of a day add up, also when two processes write at once.
    shown = [Shown(UUID(person.id), row.vacancy_id, 1, 0, False, world.clock.now()) for row in rows]
    world.runtime.impressions.note(shown)
    await asyncio.gather(world.runtime.impressions.write(), world.runtime.impressions.write())
    async with world.runtime.db.reading() as session:
        assert sum((await session.exec(select(VacancyExposure.shown))).all()) == 10
    assert len(ok(await person.post("/me/export"))["tables"]["impression"]) == 8
    world.clock.advance(timedelta(days=180))
    assert not [item for item in await purge(world.runtime, dry_run=True) if item.what == "推荐展示记录" and item.rows]
    world.clock.advance(timedelta(days=1, seconds=1))
    await purge(world.runtime, dry_run=False)
    assert await count(world, Impression) == await count(world, VacancyExposure) == 0


async def test_a_deleted_account_leaves_no_impression_behind(world: World, hiring: Hiring) -> None:
    await hiring.post()
    person = await world.seeker()
    await recommended(person)
    await world.runtime.impressions.write()
    await recommended(person)
    ok(await person.post("/me/deletion", {"confirm": "注销"}))
    # What still waited when the account ended is not written.
    await world.runtime.impressions.write()
    assert await count(world, Impression, Impression.person_id == UUID(person.id)) == 0
    assert len(world.runtime.impressions) == 0


async def test_the_buffer_is_bounded(world: World) -> None:
    shown = Shown(UUID(int=1), UUID(int=2), 1, 0, False, world.clock.now())
    world.runtime.impressions.note([shown] * (KEPT_AT_MOST + 5))
    assert len(world.runtime.impressions) == KEPT_AT_MOST
    world.runtime.impressions._waiting.clear()


async def test_more_vacancies_cost_no_more_statements(world: World, hiring: Hiring) -> None:
    person = await world.seeker()
    await hiring.post()
    await recommended(person)
    seen = []
    for _ in range(2):
        await recommended(person)
        with counted(world.runtime.db.reader) as statements:
            await recommended(person)
        # Who calls, who asks, what is shown.
        seen.append(len([one for one in statements if one.startswith("SELECT")]))
        await paid(hiring, *range(500_000, 512_000, 1000))
        await recommended(person)
    assert seen == [3, 3]
    # What was shown is written every few seconds by itself, and may be just now: not twice running.
    written = []
    for _ in range(2):
        with counted(world.runtime.db.writer) as statements:
            await recommended(person)
        written.append(list(statements))
    assert [] in written


def id_number(division: str, born: str, serial: str) -> str:
    """The last digit of the serial is odd for men, even for women; the division is where somebody was registered first."""
    body = division + born + serial
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


async def test_sex_origin_and_name_move_nothing(world: World, hiring: Hiring) -> None:
    """The same wishes under four identities: men and women, from here and from Xinjiang, of names that tell a people.

    The list with its points, and the explanation of every vacancy, are the same to the byte.
    """
    made = await paid(hiring, 480_000, 720_000, 560_000, 640_000)
    person = await world.seeker(wish_pay_unit="month", wish_pay_fen=600_000, machines=["平车"])
    await world.consent(person, "id_number")
    told = set()
    for name, division, serial in (
        ("林小梅", "350581", "002"), ("王大海", "350581", "001"), ("阿依古丽", "653101", "124"), ("买买提", "653101", "123"),
    ):  # fmt: skip
        me = ok(await person.get("/me"))["person"]
        saved = ok(
            await person.put(
                "/me/profile", {"name": name, "birth_date": "1988-03-12", "expected_version": me["version"]}
            )
        )
        number = id_number(division, "19880312", serial)
        ok(await person.put("/me/id-number", {"id_number": number, "expected_version": saved["version"]}))
        answers = [(await person.get(PATH)).text]
        answers += [(await person.get(f"{PATH}/{vacancy['id']}")).text for vacancy in made]
        told.add(tuple(answers))
    assert len(told) == 1
