"""就业摸底 and its people: nothing lies open, an answer becomes a seeker once, consent taken back, time takes the rest."""

import asyncio
import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.core.clock import china_date
from app.models.identity import Consent, Person
from app.models.jobs import SeekerProfile, SurveyAnswer, SurveyAssignment, SurveyChoice, SurveyHousehold
from app.rules.identity.roles import Role, ScopeKind
from app.rules.jobs.surveys import SurveyAgeBand
from app.tasks.retention import purge
from tests.factories.world import World, ok, refused
from tests.support.api import count, nothing_stored
from tests.support.jobs import counted, key
from tests.support.privacy import acts, give_phone, holding, told
from tests.support.surveys import AT_HOME, EMPLOYED, Survey, put_answers, register_form, survey

NAME, PHONE, ADDRESS = "洪阿秀", "13850007788", "塘后村龙眼树下三号"
PERSON = {"name": NAME, "birth_date": "1988-03-12", "phone": PHONE}


async def answered(made: Survey, **changes: Any) -> str:
    home = await made.household(made.one, 0, ADDRESS)
    return await made.answer(made.one, home, **({"person": PERSON} | changes))


async def test_what_was_said_lies_sealed_and_is_revealed_for_a_reason(world: World) -> None:
    made = await survey(world)
    answer = await answered(made)
    # Sealed in their own rows, and nowhere else.
    assert await holding(world, NAME) == {"survey_answer.person_sealed"}
    assert await holding(world, ADDRESS) == {"survey_household.address_sealed"}
    path, form = f"/survey-answers/{answer}/reveal", {"fields": ["address", "name"], "reason": "contact"}
    refused(await made.two.post(path, form), 404, "survey_answer_not_found")
    auditor = await world.person()
    await world.appoint(auditor, Role.LIAISON_CADRE)
    refused(await auditor.post(path, form), 403, "forbidden")
    shown = ok(await made.officer.post(path, form))["values"]
    assert shown == {"address": ADDRESS, "name": NAME}
    (entry,) = await acts(world, "survey_revealed", subject=answer)
    assert entry["details"] == {"fields": "address,name", "reason": "contact"}
    bare = await made.answer(made.one, await made.household(made.one, 0))
    refused(
        await made.officer.post(f"/survey-answers/{bare}/reveal", {"fields": ["phone"], "reason": "contact"}),
        422, "nothing_to_reveal", "fields",
    )  # fmt: skip


async def test_with_consent_an_answer_becomes_a_seeker_once(world: World) -> None:
    made = await survey(world)
    trade = await world.occupation()
    answer = await answered(made, answers=AT_HOME | {"occupation_wanted": [trade]})
    path = f"/survey-answers/{answer}/register"
    refused(await made.one.post(path, register_form()), 422, "idempotency_key_missing")
    refused(await made.two.post(path, register_form(), key=key()), 404, "survey_answer_not_found")
    signed = register_form(method="signed")
    async with nothing_stored(world):
        refused(await made.one.post(path, signed, key=key()), 422, "evidence_needed", "evidence_file_id")
        refused(
            await made.one.post(path, register_form(text_version="1999"), key=key()), 422, "representation_text_wrong"
        )
        only = register_form(purposes=["personal_recommendation"])
        refused(await made.one.post(path, only, key=key()), 422, "consent_missing", "consent")
    before = await count(world, Person)
    both = register_form(purposes=["service", "personal_recommendation"])
    twice = await asyncio.gather(*(made.one.post(path, both, key=key()) for _ in range(2)))
    assert sorted(one.status_code for one in twice) == [201, 409]
    done = ok(next(one for one in twice if one.status_code == 201))
    assert (done["person_is_new"], done["profile_is_new"]) == (True, True)
    assert await count(world, Person) == before + 1
    refused(await made.one.post(path, register_form(expected_version=2), key=key()), 409, "survey_already_registered")
    # A seeker like any other, by the same consents, found by phone at the counter.
    found = ok(await made.one.post("/people/search", {"phone": PHONE}))["items"]
    assert [row["id"] for row in found] == [done["person_id"]]
    consents = {row["purpose"] for row in await rows_of(world, Consent, done["person_id"])}
    assert consents == {"service", "personal_recommendation", "survey"}
    (profile,) = await rows_of(world, SeekerProfile, done["person_id"])
    area = ok(await made.officer.get("/areas"))
    assert (profile["wanted"], profile["seeker_state"].value) == ([trade], "at_home")
    assert str(profile["home_area_id"]) in {row["id"] for row in area}


async def rows_of(world: World, model: Any, person_id: str) -> list[dict[str, Any]]:
    table = model.__table__
    async with world.runtime.db.connection() as connection:
        found = await connection.execute(select(table).where(table.c.person_id == UUID(person_id)))
        return [dict(row) for row in found.mappings()]


async def test_whoever_is_here_already_is_linked_told_and_left_as_they_are(world: World) -> None:
    made = await survey(world)
    seeker = await world.seeker(machines=["锁边机"])
    await give_phone(seeker, PHONE)
    profile = ok(await seeker.get("/me/seeker-profile"))
    mine = await answered(made, person={"name": "林小梅", "birth_date": "1988-03-12", "phone": PHONE})
    done = ok(await made.one.post(f"/survey-answers/{mine}/register", register_form(), key=key()))
    assert (done["person_id"], done["person_is_new"], done["profile_is_new"]) == (seeker.id, False, False)
    assert ok(await seeker.get("/me/seeker-profile")) == profile
    assert "representation" in {notice["kind"] for notice in await told(seeker)}
    # A family's telephone is nobody's proof: another name at the same number is another person.
    home = await made.household(made.one, 0)
    other = await made.answer(made.one, home, person=PERSON)
    path = f"/survey-answers/{other}/register"
    refused(await made.one.post(path, register_form(), key=key()), 409, "survey_person_differs", "phone")
    apart = ok(await made.one.post(path, register_form(without_phone=True), key=key()))
    assert apart["person_is_new"]
    assert apart["person_id"] != seeker.id
    # What was said belongs to the person too: exported, seen who looked, and emptied by their own word.
    tables = ok(await seeker.post("/me/export"))["tables"]
    assert [row["id"] for row in tables["survey_answer"]] == [mine]
    assert json.loads(tables["survey_answer"][0]["answers"]) == AT_HOME
    ok(await made.officer.post(f"/survey-answers/{mine}/reveal", {"fields": ["name"], "reason": "verify"}))
    looked = next(row for row in ok(await seeker.get("/me/accesses")) if row["act"] == "revealed")
    assert (looked["fields"], looked["reason"]) == (["name"], "verify")
    assert (await seeker.call("DELETE", "/me/consents/survey")).status_code == 204
    assert ok(await made.one.get(f"/survey-answers/{mine}"))["outcome"] == "withdrawn"
    assert "survey_answer" not in ok(await seeker.post("/me/export"))["tables"]


async def test_nobody_under_sixteen_and_nobody_unknown_is_registered(world: World) -> None:
    made = await survey(world)
    home = await made.household(made.one, 0)
    nameless = await made.answer(made.one, home)
    path = f"/survey-answers/{nameless}/register"
    missing = refused(await made.one.post(path, register_form(), key=key()), 422, "survey_person_missing")
    assert "姓名、出生日期" in missing["message"]
    young = china_date(world.clock.now()) - timedelta(days=15 * 366)
    form = register_form(name="洪小弟", birth_date=str(young))
    async with nothing_stored(world):
        refused(await made.one.post(path, form, key=key()), 422, "under_working_age", "birth_date")
    absent = made.item(await made.household(made.one, 0), outcome="absent")
    (row,) = (await made.send(made.one, absent))["items"]
    refused(
        await made.one.post(f"/survey-answers/{row['answer_id']}/register", register_form(), key=key()),
        409, "survey_outcome_wrong",
    )  # fmt: skip


async def test_an_account_that_ends_takes_its_answers_along(world: World) -> None:
    made = await survey(world)
    seeker = await world.seeker()
    await give_phone(seeker, PHONE)
    mine = await answered(made, person={"name": "林小梅", "phone": PHONE, "birth_date": "1988-03-12"})
    ok(await made.one.post(f"/survey-answers/{mine}/register", register_form(), key=key()))
    ok(await seeker.post("/me/deletion", {"confirm": "注销"}))
    read = ok(await made.one.get(f"/survey-answers/{mine}"))
    assert (read["outcome"], read["answers"], read["person"]) == ("withdrawn", {}, None)
    assert await count(world, SurveyChoice) == 0
    # A grid member who leaves is no longer sent anywhere.
    ok(await made.two.post("/me/deletion", {"confirm": "注销"}))
    rows = ok(await made.officer.get(f"{made.path}/assignments"))
    assert {tuple(row["person_ids"]) for row in rows} == {(), (made.one.id,)}


UNEMPLOYED = {"employment_state": "unemployed", "wish_to_work": "yes", "training_wishes": ["sewing"]}
UNWILLING = {"employment_state": "at_home", "wish_to_work": "no", "obstacles": ["caring"]}


async def counted_people(made: Survey) -> None:
    """Large enough to show, but for 3 at home in the second grid."""
    for grid, employed, unemployed, at_home in ((0, 40, 12, 9), (1, 30, 8, 3), (2, 25, 10, 11)):
        await put_answers(made, grid, employed, EMPLOYED, SurveyAgeBand.FROM_25)
        await put_answers(made, grid, unemployed, UNEMPLOYED, SurveyAgeBand.FROM_45)
        await put_answers(made, grid, at_home, UNWILLING, SurveyAgeBand.FROM_45)


async def test_statistics_show_no_small_number_and_none_that_gives_one_away(world: World) -> None:
    made = await survey(world)
    await counted_people(made)
    await made.move("close")
    plain = await world.person()
    await world.appoint(plain, Role.LIAISON_CADRE)
    refused(await plain.get(f"{made.path}/statistics"), 409, "survey_not_counted")
    with counted(world.runtime.db.reader) as seen:
        preview = ok(await made.officer.get(f"{made.path}/statistics"))
    # Who calls, the wave, its questions, the dictionary, and six counts: the same for 148 people and for a thousand.
    assert len(seen) < 16
    await made.move("publish")
    shown = ok(await plain.get(f"{made.path}/statistics"))
    assert shown == preview | {"published": True}
    tables = {table["dimension"]: {row["label"]: row["counts"] for row in table["rows"]} for table in shown["tables"]}
    whole = tables["total"]["全镇"]
    assert (whole["answered"], whole["employed"], whole["unemployed"], whole["wish_yes"]) == (148, 95, 30, 30)
    second = next(row["counts"] for row in shown["tables"][2]["rows"] if row["code"] == made.grids[1]["id"])
    assert (second["answered"], second["not_working"]) == (41, None)
    numbers = [number for table in tables.values() for row in table.values() for number in row.values()]
    assert not [number for number in numbers if number is not None and number < 5]
    assert shown["hidden"] == numbers.count(None) < len(numbers)
    for line in known_sums(tables):
        # With one hidden number in a sum, that number is known.
        assert line.count(None) != 1, line
        assert None in line or line[0] == sum(line[1:])
    refused(await (await world.person()).get(f"{made.path}/statistics"), 403, "forbidden")
    await _check_workbook(plain, made)


def known_sums(tables: dict[str, dict[str, dict[str, int | None]]]) -> list[list[int | None]]:
    """`[total, part, part …]`: whatever a reader can add up in what is published."""
    rows = [row for table in tables.values() for row in table.values()]
    found = [[row["answered"], row["employed"], row["unemployed"], row["not_working"]] for row in rows]
    found += [[row["answered"], row["wish_yes"], row["wish_no"], row["wish_unasked"]] for row in rows]
    for measure, number in tables["total"]["全镇"].items():
        found += [
            [number, *(row[measure] for row in tables[name].values())] for name in ("area", "age_band", "occupation")
        ]
        for area, row in tables["area"].items():
            grids = [one for label, one in tables["grid"].items() if label.startswith(area)]
            found.append([row[measure], *(one[measure] for one in grids)])
    return found


async def _check_workbook(reader: Any, made: Survey) -> None:
    answer = await reader.get(f"{made.path}/statistics.xlsx")
    assert answer.is_success
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        texts = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
        assert len([name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]) == 5
    assert "＊" in texts
    assert "年龄段" in texts
    assert "<f>" not in texts
    assert "某处" not in texts


async def test_two_years_after_its_end_only_the_statistics_are_left(world: World) -> None:
    made = await survey(world)
    await answered(made)
    await made.move("close")
    await made.move("publish")
    world.clock.advance(timedelta(days=729))
    assert (await _purged(world, dry_run=False)) == 0
    world.clock.advance(timedelta(days=3))
    assert await _purged(world, dry_run=True) == 1
    assert await count(world, SurveyAnswer) == 1
    assert await _purged(world, dry_run=False) == 2
    assert await count(world, SurveyAnswer) == await count(world, SurveyHousehold) == 0
    assert await count(world, SurveyAssignment) == await count(world, SurveyChoice) == 0
    assert await holding(world, NAME, ADDRESS) == set()
    officer = await world.person(made.officer.name)
    assert ok(await officer.get(f"{made.path}/statistics"))["published"]


async def test_a_cancelled_wave_leaves_nothing(world: World) -> None:
    made = await survey(world)
    await answered(made)
    await made.move("cancel")
    refused(await made.one.post(f"{made.path}/answers", {"items": [{}]}), 409, "survey_not_open")
    await _purged(world, dry_run=False)
    assert await count(world, SurveyAnswer) == 0


async def _purged(world: World, *, dry_run: bool) -> int:
    done = await purge(world.runtime, dry_run=dry_run)
    return next(line.rows for line in done if "摸底" in line.what and "封存" not in line.what)


async def test_an_office_for_an_area_reaches_its_grids(world: World) -> None:
    made = await survey(world)
    area = next(row for row in ok(await made.officer.get("/areas")) if row["name"] == made.grids[0]["area_name"])
    person = await world.person()
    await world.appoint(person, Role.GRID_MEMBER, ScopeKind.AREA, area["id"])
    form = {"client_id": "0b8f6a52-3b58-4d0e-8f6e-9d1f0a6d2c11", "address": "仑后村口", "source": "visit"}
    ok(await person.post("/survey-households", form | {"grid_id": made.grids[1]["id"]}))
    refused(
        await person.post("/survey-households", form | {"grid_id": made.grids[2]["id"]}), 404, "survey_grid_not_found"
    )
    # Where a grid has a member of its own, the area's member is not sent there.
    refused(await person.get(f"{made.path}/households", grid_id=made.grids[1]["id"]), 404, "survey_wave_not_found")
