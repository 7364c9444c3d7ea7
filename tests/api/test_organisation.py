"""Areas, the roster and liaison: who sees them, what the plan leaves blank, and how a blank is confirmed."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.models.common import Task
from app.models.organisation import LiaisonLink
from app.rules.identity.roles import Role, ScopeKind
from demo.steps import ADMIN, OFFICER
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, column, nothing_stored, roster_id

LINK: Any = LiaisonLink.__table__.c
TASK: Any = Task.__table__.c
STAFF_ONLY = ["/roster", "/liaison-links"]


async def test_areas_are_public_and_three(world: World):
    areas = ok(await world.anonymous.get("/areas"))
    assert {area["name"]: (area["kind"], area["grids"]) for area in areas} == {
        "宝盖科技园": ("park", 8),
        "塘后村": ("village", 9),
        "仑后村": ("village", 7),
    }


@pytest.mark.parametrize("path", STAFF_ONLY)
async def test_staff_lists_are_for_staff(world: World, path: str):
    villager, (recruiter, _) = await world.person(), await world.firm()
    refused(await world.anonymous.get(path), 401, "token_invalid")
    for someone in (villager, recruiter):
        refused(await someone.get(path), 403, "forbidden")
    member = await world.person()
    area = ok(await world.anonymous.get("/areas"))[0]["id"]
    await world.appoint(member, Role.GRID_MEMBER, ScopeKind.AREA, area)
    assert ok(await member.get(path))


async def test_the_roster_has_the_team_first_in_printed_order(world: World):
    rows = ok(await (await world.officer()).get("/roster"))
    team = [row for row in rows if row["task_force_role"]]
    assert (len(rows), len(team)) == (66, 31)
    assert rows[:31] == team
    assert team[0]["task_force_role"] == "leader"
    assert all(row["post"] for row in team)
    assert {row["name"] for row in rows if row["person_id"]} == {ADMIN, OFFICER}


async def test_liaison_links_show_blanks_as_unknown_with_a_suggestion(world: World):
    officer = await world.officer()
    links = ok(await officer.get("/liaison-links"))
    assert len(links) == 60
    unknown = ok(await officer.get("/liaison-links", state="unknown"))
    assert unknown == [link for link in links if link["state"] == "unknown"]
    assert len(unknown) == 14
    assert all(link["person"] is None for link in unknown)
    assert all(link["suggested"] and link["suggested_id"] for link in unknown)
    printed = ok(await officer.get("/liaison-links", state="printed"))
    assert len(printed) == 46
    assert all(link["person"] and link["suggested"] is None for link in printed)
    assert ok(await officer.get("/liaison-links", state="confirmed")) == []
    refused(await officer.get("/liaison-links", state="maybe"), 422, "invalid_fields", "query.state")


async def _unknown(admin: Someone) -> dict[str, Any]:
    return ok(await admin.get("/liaison-links", state="unknown"))[0]


async def test_a_blank_cell_is_confirmed_once(world: World):
    admin = await world.admin()
    link = await _unknown(admin)
    before = ok(await admin.get("/me"))["open_tasks"]
    form = {"roster_person_id": link["suggested_id"], "expected_version": link["version"]}
    answer = await admin.post(f"/liaison-links/{link['id']}/confirm", form)
    assert (answer.status_code, answer.content) == (204, b"")
    (confirmed,) = ok(await admin.get("/liaison-links", state="confirmed"))
    assert (confirmed["id"], confirmed["person"]) == (link["id"], link["suggested"])
    assert confirmed["version"] == link["version"] + 1
    assert await column(world, LINK.confirmed_by, LINK.id == UUID(link["id"])) == UUID(admin.id)
    async with nothing_stored(world):
        refused(await admin.post(f"/liaison-links/{link['id']}/confirm", form), 409, "stale", "expected_version")
        fresh = form | {"expected_version": confirmed["version"]}
        body = refused(await admin.post(f"/liaison-links/{link['id']}/confirm", fresh), 409, "liaison_known")
    assert "已确认" in body["message"]
    open_tasks = select(TASK.subject_id).where(TASK.kind == "liaison_unknown", TASK.state == "open")
    async with world.runtime.db.connection() as connection:
        waiting = set((await connection.execute(open_tasks)).scalars())
    assert UUID(link["id"]) not in waiting
    assert ok(await admin.get("/me"))["open_tasks"] == before - 1


async def test_what_the_plan_prints_needs_no_confirmation(world: World):
    admin = await world.admin()
    link = ok(await admin.get("/liaison-links", state="printed"))[0]
    form = {"roster_person_id": await roster_id(admin, ADMIN), "expected_version": link["version"]}
    body = refused(await admin.post(f"/liaison-links/{link['id']}/confirm", form), 409, "liaison_known")
    assert "名单所载" in body["message"]


async def test_confirmations_that_cannot_be(world: World):
    admin = await world.admin()
    link = await _unknown(admin)
    form = {"roster_person_id": link["suggested_id"], "expected_version": link["version"]}
    path = f"/liaison-links/{link['id']}/confirm"
    async with nothing_stored(world):
        refused(await admin.post(f"/liaison-links/{NOBODY}/confirm", form), 404, "liaison_link_not_found")
        refused(await admin.post(path, form | {"roster_person_id": NOBODY}), 404, "roster_person_not_found")
        refused(await admin.post(path, form | {"roster_person_id": admin.id}), 404, "roster_person_not_found")
        refused(await admin.post(path, form | {"roster_person_id": "1"}), 422, "invalid_fields", "roster_person_id")
        refused(await admin.post("/liaison-links/1/confirm", form), 422, "invalid_fields", "path.link_id")
        refused(await world.anonymous.post(path, form), 401, "token_invalid")
    assert await _unknown(admin) == link


async def test_only_an_admin_of_the_town_confirms(world: World):
    admin, officer, partial = await world.admin(), await world.officer(), await world.person()
    area = ok(await world.anonymous.get("/areas"))[0]["id"]
    await world.appoint(partial, Role.TOWN_ADMIN, ScopeKind.AREA, area)
    link = await _unknown(admin)
    form = {"roster_person_id": link["suggested_id"], "expected_version": link["version"]}
    async with nothing_stored(world):
        for someone in (officer, partial):
            refused(await someone.post(f"/liaison-links/{link['id']}/confirm", form), 403, "forbidden")


async def test_two_confirmations_at_once_leave_one(world: World):
    admin = await world.admin()
    link = await _unknown(admin)
    people = [link["suggested_id"], await roster_id(admin, ADMIN)]
    answers = await asyncio.gather(
        *(
            admin.post(
                f"/liaison-links/{link['id']}/confirm",
                {"roster_person_id": person, "expected_version": link["version"]},
            )
            for person in people
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    winner = people[[answer.status_code for answer in answers].index(204)]
    assert str(await column(world, LINK.roster_person_id, LINK.id == UUID(link["id"]))) == winner
