"""Declarations of titles and levels over HTTP: materials, the town's check, outside numbers, results."""

from typing import Any

import pytest

from app.rules.identity.roles import Role
from tests.factories.world import Someone, World, ok, refused
from tests.support.funnel import told
from tests.support.jobs import key
from tests.support.training import ELECTRICIAN, School, open_school
from tests.support.uploads import pdf, uploaded

REQUIRED = ("identity", "work_years", "photo")


@pytest.fixture
async def school(world: World) -> School:
    return await open_school(world)


async def papers(person: Someone, *materials: str) -> list[dict[str, str]]:
    return [
        {"material": material, "file_id": (await uploaded(person, pdf(), purpose="declaration_paper"))["file_id"]}
        for material in materials
    ]


def form(given: list[dict[str, str]], **changes: Any) -> dict[str, Any]:
    return {"kind": "level", "occupation_code": ELECTRICIAN, "target": "中级工", "papers": given} | changes


async def written(person: Someone, *materials: str) -> dict[str, Any]:
    return dict(ok(await person.post("/training/declarations", form(await papers(person, *materials)), key=key())))


async def test_from_draft_to_the_outside_result(school: School) -> None:
    person = await school.learner()
    kinds = {kind["kind"]: kind for kind in ok(await person.get("/training/declaration-kinds"))["items"]}
    assert [one["code"] for one in kinds["level"]["materials"] if one["required"]] == list(REQUIRED)
    assert {one["confirmed"] for one in kinds["title"]["materials"]} == {False}
    draft = await written(person, "identity", "photo")
    assert draft["missing"] == ["工作年限证明（单位盖章）"]
    path = f"/training/declarations/{draft['id']}"
    body = refused(await school.move(f"{path}/submit", draft, person), 422, "materials_missing", "materials")
    assert "工作年限证明" in body["message"]
    refused(await school.officer.get(path), 404, "declaration_not_found")
    full = form(await papers(person, *REQUIRED)) | {"expected_version": draft["version"]}
    draft = ok(await person.put(path, full, key=key()))
    sent = ok(await school.move(f"{path}/submit", draft, person))
    (task,) = ok(await school.officer.get("/tasks", kind="declaration_check"))["items"]
    assert task["subject_id"] == draft["id"]
    refused(await school.move(f"{path}/forward", sent, office="人社局", number="1号"), 409, "declaration_state_wrong")
    seen = ok(await school.officer.get(path))
    assert (seen["person_name"], len(seen["papers"])) == ("林小梅", 3)
    assert (await school.officer.get(f"/files/{seen['papers'][0]['file_id']}")).status_code == 200
    refused(await school.trainer.get(f"/files/{seen['papers'][0]['file_id']}"), 404, "file_not_found")
    checked = ok(await school.move(f"{path}/check", seen))
    assert ok(await school.officer.get("/tasks", kind="declaration_check"))["items"] == []
    back = ok(await school.move(f"{path}/return", checked, reason="年限证明没有盖章"))
    assert (back["state"], back["reason"]) == ("returned", "年限证明没有盖章")
    assert "没有盖章" not in (await told(person, "declaration"))[0]
    again = ok(await school.move(f"{path}/submit", back, person))
    checked = ok(await school.move(f"{path}/check", again))
    forwarded = ok(await school.move(f"{path}/forward", checked, office="石狮市人社局", number="石人社受2026-0123"))
    assert (forwarded["outside_number"], forwarded["state"]) == ("石人社受2026-0123", "forwarded")
    refused(await school.move(f"{path}/withdraw", forwarded, person), 409, "declaration_state_wrong")
    refused(
        await person.put(path, full | {"expected_version": forwarded["version"]}, key=key()),
        409,
        "declaration_not_editable",
    )
    done = ok(await school.move(f"{path}/outcome", forwarded, passed=False, reason="年限不足"))
    assert (done["state"], done["reason"]) == ("failed", "年限不足")
    assert [one["state"] for one in ok(await person.get("/training/my-declarations"))["items"]] == ["failed"]
    assert len(ok(await school.officer.get("/training/declarations", state="failed"))["items"]) == 1


async def test_one_open_declaration_and_only_papers_of_the_list(school: School) -> None:
    person = await school.learner()
    first = await written(person)
    refused(await person.post("/training/declarations", form([]), key=key()), 409, "declaration_open")
    other = form([], occupation_code="62405.01")
    ok(await person.post("/training/declarations", other, key=key()))
    odd = form(await papers(person, "diary"), kind="title")
    refused(await person.post("/training/declarations", odd, key=key()), 422, "material_unknown", "materials")
    stranger = await school.learner()
    theirs = form(await papers(stranger, "identity"), kind="title")
    refused(await person.post("/training/declarations", theirs, key=key()), 422, "file_unusable")
    refused(
        await person.post("/training/declarations", form([], occupation_code="nope"), key=key()),
        422,
        "course_occupation_unknown",
    )
    refused(await stranger.get(f"/training/declarations/{first['id']}"), 404, "declaration_not_found")
    gone = ok(await school.move(f"/training/declarations/{first['id']}/withdraw", first, person))
    assert gone["state"] == "withdrawn"
    ok(await person.post("/training/declarations", form([]), key=key()))


async def test_the_office_does_not_check_its_own(school: School) -> None:
    person = await school.learner()
    draft = await written(person, *REQUIRED)
    path = f"/training/declarations/{draft['id']}"
    sent = ok(await school.move(f"{path}/submit", draft, person))
    await school.world.appoint(person, Role.TRAINING_OFFICER)
    refused(await school.move(f"{path}/check", sent, person), 403, "self_review")
