"""A case under fire on both databases: two managers, many votes, signatures, leavings at once."""

import asyncio
from typing import Any

import pytest
from sqlmodel import col, select

from app.models.disputes import AgreementSignature, CaseDeadline, CaseEvent, CaseVote, DisputeCase, PanelSeat
from app.rules.disputes.panel import SeatRole, SeatState
from app.rules.identity.roles import Role
from tests.api.test_disputes_parties import joined, party
from tests.factories.world import World, ok
from tests.support.disputes import Court, open_court
from tests.support.jobs import key


@pytest.fixture
async def court(world: World) -> Court:
    return await open_court(world)


async def rows(world: World, model: Any, *where: Any) -> list[Any]:
    async with world.runtime.db.reading() as session:
        return list((await session.exec(select(model).where(*where))).all())


async def codes(*calls: Any) -> list[Any]:
    """Success or the code of the refusal; a busy database may say 503 and nothing else unforeseen."""
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} <= {200, 201, 403, 404, 409, 422, 503}
    return ["ok" if answer.is_success else answer.json()["code"] for answer in answers]


async def test_two_managers_take_it_at_once(court: Court, world: World) -> None:
    managers = [await world.person() for _ in range(8)]
    for one in managers:
        await world.appoint(one, Role.CASE_MANAGER)
    case = await court.submit(await court.worker())
    form = {"expected_version": case["version"]}
    found = await codes(*(one.post(f"/cases/{case['id']}/take", form, key=key()) for one in managers for _ in range(2)))
    assert found.count("ok") == 1
    seats = await rows(world, PanelSeat, PanelSeat.role == SeatRole.MANAGER, PanelSeat.state == SeatState.ACCEPTED)
    assert len(seats) == 1
    seen = [one for one in managers if (await one.get(f"/cases/{case['id']}")).is_success]
    assert [one.id for one in seen] == [str(seats[0].person_id)]


async def test_one_step_many_times_is_one_step(court: Court, world: World) -> None:
    case = await court.taken(await court.worker())
    once = key()
    form = {"cause": "unpaid", "expected_version": case["version"]}
    path = f"/cases/{case['id']}/screen"
    same = await codes(*(court.manager.post(path, form, key=once) for _ in range(8)))
    assert set(same) <= {"ok", "idempotency_key_busy"}
    assert "ok" in same
    others = await codes(*(court.manager.post(path, form, key=key()) for _ in range(4)))
    assert set(others) == {"stale"}
    events = await rows(world, CaseEvent, CaseEvent.kind == "screened")
    assert len(events) == 1


async def test_everybody_signs_at_once_and_it_takes_effect_once(court: Court, world: World) -> None:
    case, workers = await joined(court, 6)
    await court.do(case, "accept", mediation_body="people")
    await court.do(case, "ask-consent")
    everybody = [*workers, court.owner]
    assert set(await codes(*(court.say(one, case, "consent", agree=True) for one in everybody for _ in range(2)))) <= {
        "ok", "party_consent_said",
    }  # fmt: skip
    assert (await court.see(court.owner, case))["state"] == "consented"
    seat = await court.seat(case, court.mediator, "mediator", "mediators")
    path = f"/case-seats/{seat['id']}/vote"
    await codes(*(one.post(path, {"agree": True}, key=key()) for one in everybody for _ in range(2)))
    assert len(await rows(world, CaseVote, col(CaseVote.agree).is_(True))) == len(everybody)
    await court.do(case, "begin")
    seen = await court.see(court.manager, case)
    claims = [one["id"] for one in seen["parties"] if one["side"] == "complainant"]
    draft = court.draft(seen)
    terms = [draft["terms"][0] | {"to_party_id": one} for one in claims]
    agreement = await court.do(case, "agreements", **(draft | {"terms": terms}))

    async def sign(who: Any, signer: str) -> Any:
        """Signs what they read, and reads again where another was faster."""
        for _ in range(60):
            fresh = ok(await who.get(f"/cases/{case['id']}/agreements"))["items"][0]
            form = {"as": signer, "expected_version": fresh["version"]}
            answer = await who.post(f"/case-agreements/{agreement['id']}/sign", form, key=key())
            if answer.is_success or answer.json()["code"] not in {"stale", "busy", "database_away"}:
                return answer
        raise AssertionError("never came to sign")

    hands = [(one, "party") for one in everybody] + [(court.mediator, "mediator"), (court.manager, "seal")]
    await codes(*(sign(one, signer) for one, signer in hands for _ in range(2)))
    signatures = await rows(world, AgreementSignature)
    assert len(signatures) == len(hands)
    events = await rows(world, CaseEvent, CaseEvent.kind == "effective")
    assert len(events) == 1
    numbers = sorted(one.seq for one in await rows(world, CaseEvent, CaseEvent.case_id == events[0].case_id))
    assert numbers == list(range(1, len(numbers) + 1))
    due = await rows(world, CaseDeadline, CaseDeadline.kind == "performance")
    assert len(due) == len(claims)


async def test_all_leave_but_one(court: Court, world: World) -> None:
    """However many leave at once: somebody who claims stays, and nobody has two cases of it."""
    case, workers = await joined(court, 6)
    found = await codes(*(court.say(one, case, "leave", separate=True) for one in workers for _ in range(2)))
    assert found.count("ok") == len(workers) - 1
    left = [one for one in workers if (await one.get(f"/cases/{case['id']}")).is_success]
    assert len(left) == 1
    cases = await rows(world, DisputeCase, col(DisputeCase.separated_from_id).is_not(None))
    assert len(cases) == len(workers) - 1
    assert party(await court.see(left[0], case), mine=True)["state"] == "active"
