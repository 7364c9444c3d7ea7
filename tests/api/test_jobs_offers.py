"""An offer and the person's own answer: accepted with its time, declined with a reason, told to the firm; hired is the firm's."""

from typing import Any

import httpx
import pytest

from app.models.jobs import Application
from app.rules.jobs.applications import ApplicationState
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import nothing_stored
from tests.support.funnel import told
from tests.support.jobs import NOBODY, Hiring, key, set_columns
from tests.support.privacy import acting, relative_of

A = ApplicationState


async def offered(world: World, hiring: Hiring) -> tuple[Someone, dict[str, Any]]:
    seeker = await world.seeker()
    mine = await world.apply(seeker, (await hiring.post())["id"])
    return seeker, mine | ok(await hiring.step(mine, "offered"))


async def answer(seeker: Someone, row: dict[str, Any], verb: str, **form: Any) -> httpx.Response:
    form = {"expected_version": row["version"]} | form
    return await seeker.post(f"/me/applications/{row['id']}/{verb}-offer", form, key=key())


async def test_an_accepted_offer_is_told_and_hired_stays_the_firms_step(world: World, hiring: Hiring) -> None:
    seeker, row = await offered(world, hiring)
    mine = ok(await seeker.get(f"/me/applications/{row['id']}"))
    assert [action["allowed"] for action in mine["actions"]] == [True, True, True]
    mine = ok(await answer(seeker, row, "accept"))
    now = world.clock.now().isoformat(timespec="seconds")
    assert (mine["state"], mine["version"]) == ("offered", row["version"] + 1)
    assert mine["offer_accepted_at"].replace("Z", "+00:00")[:10] == now[:10]
    assert mine["actions"][1] == {"action": "accept_offer", "allowed": False, "reason": "您已接受"}
    (body,) = await told(hiring.recruiter, "offer_answered")
    assert "接受了录用意向" in body
    assert "林" not in body
    # Twice is once, and told once.
    assert ok(await answer(seeker, mine, "accept"))["version"] == mine["version"]
    assert len(await told(hiring.recruiter, "offer_answered")) == 1
    seen = ok(await hiring.recruiter.get(f"/applications/{row['id']}"))
    assert (seen["offer_accepted_at"], seen["decline_reason"]) == (mine["offer_accepted_at"], None)
    hired = ok(await hiring.step(mine, "hired"))
    assert (hired["state"], hired["offer_accepted_at"]) == ("hired", mine["offer_accepted_at"])
    refused(await answer(seeker, hired, "decline"), 409, "offer_not_open")


@pytest.mark.parametrize("accepted_before", [False, True])
async def test_a_declined_offer_is_a_withdrawal_that_says_why(
    world: World, hiring: Hiring, accepted_before: bool
) -> None:
    seeker, row = await offered(world, hiring)
    if accepted_before:
        row = ok(await answer(seeker, row, "accept"))
    mine = ok(await answer(seeker, row, "decline", reason="distance"))
    assert (mine["state"], mine["decline_reason"]) == ("withdrawn", "distance")
    assert [step["state"] for step in mine["steps"]] == ["applied", "offered", "withdrawn"]
    body = (await told(hiring.recruiter, "offer_answered"))[0]
    assert "谢绝了录用意向，原因：离家太远" in body
    seen = ok(await hiring.recruiter.get(f"/applications/{row['id']}"))
    assert (seen["state"], seen["decline_reason"], seen["contact"]) == ("withdrawn", "distance", None)
    refused(await hiring.step(mine, "hired"), 409, "application_state_wrong")
    # The same posting may be applied to again.
    assert (await world.apply(seeker, mine["vacancy_id"]))["decline_reason"] is None


async def test_no_reason_need_be_given(world: World, hiring: Hiring) -> None:
    seeker, row = await offered(world, hiring)
    assert ok(await answer(seeker, row, "decline"))["decline_reason"] is None
    assert (await told(hiring.recruiter, "offer_answered"))[0].endswith("谢绝了录用意向。")


async def test_only_a_standing_offer_is_answered(world: World, hiring: Hiring) -> None:
    seeker, row = await offered(world, hiring)
    version = 100
    for state in set(A) - {A.OFFERED}:
        version += 1
        await set_columns(world, Application, row["id"], state=state, version=version)
        mine = ok(await seeker.get(f"/me/applications/{row['id']}"))
        assert [action["allowed"] for action in mine["actions"][1:]] == [False, False]
        for verb in ("accept", "decline"):
            async with nothing_stored(world):
                refused(await answer(seeker, mine, verb), 409, "offer_not_open")


async def test_nobody_else_answers_it(world: World, hiring: Hiring) -> None:
    seeker, row = await offered(world, hiring)
    other, relative = await world.seeker(), await world.person()
    agent = acting(relative, await relative_of(seeker, relative))
    async with nothing_stored(world):
        for verb in ("accept", "decline"):
            refused(await answer(other, row, verb), 404, "application_not_found")
            refused(await answer(hiring.recruiter, row, verb), 404, "application_not_found")
            refused(await answer(seeker, row | {"id": NOBODY}, verb), 404, "application_not_found")
            refused(await answer(seeker, row | {"version": 99}, verb), 409, "stale")
            refused(await answer(world.anonymous, row, verb), 401, "token_invalid")
            assert (await answer(agent, row, verb)).status_code == 403
        refused(await answer(seeker, row, "decline", reason="mood"), 422, "invalid_fields", "reason")
