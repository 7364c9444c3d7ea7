"""Differences over hours and wages are cases from the moment in which a side chooses mediation; the facts come along."""

from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import col, select, update

from app.models.disputes import DisputeCase, DisputePolicyRow
from app.models.gigs import MediationReferral
from app.rules.identity.roles import Role, ScopeKind
from app.tasks.sweeps import sweep
from tests.api.test_disputes_cases import read_pdf
from tests.api.test_gigs_pay import agreed, floor, mine, paying, step, worked  # noqa: F401  # `floor` is a fixture
from tests.api.test_gigs_timesheets import act, done
from tests.factories.world import Someone, World, ok, refused
from tests.support.funnel import later
from tests.support.gigs import Floor
from tests.support.identity import auditor as an_auditor
from tests.support.identity import entries
from tests.support.jobs import count


@pytest.fixture
async def owner(world: World, floor: Floor) -> Someone:  # noqa: F811
    person = await world.person()
    await world.appoint(person, Role.OWNER, ScopeKind.ENTERPRISE, floor.firm_id)
    return person


async def test_a_contested_wage_is_a_case(world: World, floor: Floor, owner: Someone) -> None:  # noqa: F811
    worker = await agreed(world, floor, await worked(world, floor))
    (row,) = await mine(worker)
    paid = ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **paying(world, 20000)))
    contested = ok(await step(worker, f"me/settlements/{row['id']}/contest", paid, words="只收到一百元"))
    ok(await step(worker, f"me/settlements/{row['id']}/mediate", contested))
    (listed,) = ok(await worker.get("/cases"))["items"]
    seen = ok(await worker.get(f"/cases/{listed['id']}"))
    assert (seen["kind"], seen["channel"], seen["state"]) == ("wages", "settlement", "submitted")
    own = next(one for one in seen["parties"] if one["mine"])
    assert (own["side"], own["facts"]["contested"], own["consent"]) == ("complainant", "只收到一百元", "pending")
    theirs = ok(await owner.get(f"/cases/{listed['id']}"))
    assert theirs["standings"] == ["respondent"]
    # The dispatcher pays wages; the firm's word in a dispute is its owner's.
    dispatcher = await world.person()
    await world.appoint(dispatcher, Role.DISPATCHER, ScopeKind.ENTERPRISE, floor.firm_id)
    refused(await dispatcher.get(f"/cases/{listed['id']}"), 404, "case_not_found")
    arbitration = next(one for one in seen["deadlines"] if one["kind"] == "arbitration_limit")
    assert arbitration["starts_on"] is not None
    assert await count(world, DisputeCase) == 1


async def test_an_overdue_wage_claims_what_is_owed(world: World, floor: Floor, owner: Someone) -> None:  # noqa: F811
    worker = await agreed(world, floor, await worked(world, floor))
    await later(world, timedelta(days=40), worker, floor.dispatcher, owner)
    await sweep(world.runtime)
    (row,) = await mine(worker)
    ok(await step(worker, f"me/settlements/{row['id']}/mediate", row))
    (listed,) = ok(await worker.get("/cases"))["items"]
    own = next(one for one in ok(await worker.get(f"/cases/{listed['id']}"))["parties"] if one["mine"])
    assert (own["claim_fen"], "尚欠200.00元" in own["claim"]) == (20000, True)


async def test_a_difference_over_hours_chosen_by_the_firm(world: World, floor: Floor, owner: Someone) -> None:  # noqa: F811
    """Who chooses asks; the worker answers, with both records before them."""
    worker, sheet = await done(world, floor, await worked(world, floor))
    stated = ok(await act(floor.dispatcher, sheet, "record", minutes=420))
    argued = ok(await act(worker, stated, "record", mine=True, minutes=480, reason="午休也在做"))
    offered = ok(await act(floor.dispatcher, argued, "answer", accept=False, minutes=450, words="午休半小时"))
    ok(await act(floor.dispatcher, offered, "mediate"))
    (listed,) = ok(await owner.get("/cases"))["items"]
    seen = ok(await worker.get(f"/cases/{listed['id']}"))
    own = next(one for one in seen["parties"] if one["mine"])
    assert (seen["channel"], own["side"]) == ("timesheet", "respondent")
    assert (own["facts"]["firm"]["minutes"], own["facts"]["worker"]["minutes"]) == (420, 480)
    paper = (await worker.get(f"/cases/{listed['id']}/inspection-file.pdf")).content
    assert "企业记录420分钟，本人记录480分钟" in read_pdf(paper)


async def test_what_was_chosen_before_there_were_cases(world: World, floor: Floor, owner: Someone) -> None:  # noqa: F811
    """Referrals of the time before are taken over by the sweep: once."""
    worker = await agreed(world, floor, await worked(world, floor))
    await later(world, timedelta(days=40), worker, floor.dispatcher, owner)
    await sweep(world.runtime)
    (row,) = await mine(worker)
    ok(await step(worker, f"me/settlements/{row['id']}/mediate", row))
    async with world.runtime.db.unit_of_work() as session:
        found = (await session.exec(select(DisputeCase))).one()
        found.subject_id = None
        await session.exec(
            update(MediationReferral).values(taken_at=None).where(col(MediationReferral.id).is_not(None))
        )
    for _ in range(2):
        await sweep(world.runtime)
        assert await count(world, DisputeCase) == 2


async def test_every_look_is_written_down(world: World, floor: Floor, owner: Someone) -> None:  # noqa: F811
    worker, auditor = await agreed(world, floor, await worked(world, floor)), await an_auditor(world)
    (row,) = await mine(worker)
    paid = ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **paying(world, 20000)))
    contested = ok(await step(worker, f"me/settlements/{row['id']}/contest", paid, words="只收到一百元"))
    ok(await step(worker, f"me/settlements/{row['id']}/mediate", contested))
    (listed,) = ok(await worker.get("/cases"))["items"]
    parts = (
        "",
        "/deadlines",
        "/events",
        "/statements",
        "/evidence",
        "/sessions",
        "/agreements",
        "/seats",
        "/inspection-file.pdf",
    )
    for part in parts:
        assert (await worker.get(f"/cases/{listed['id']}{part}")).is_success
    refused(await auditor.get(f"/cases/{listed['id']}"), 404, "case_not_found")
    log = [one for one in await entries(auditor) if one["act"] == "case_read"]
    assert len(log) == len(parts)
    assert {one["actor_id"] for one in log} == {worker.id}
    assert "只收到一百元" not in str(log)


async def test_a_town_that_has_not_seeded_its_numbers_yet(world: World, floor: Floor, owner: Someone) -> None:  # noqa: F811
    """Migrated, not seeded: mediation can be chosen all the same, and the case is there once the numbers are."""
    worker = await agreed(world, floor, await worked(world, floor))
    await later(world, timedelta(days=40), worker, floor.dispatcher, owner)
    await sweep(world.runtime)
    async with world.runtime.db.unit_of_work() as session:
        rows = [row.model_dump() for row in await session.exec(select(DisputePolicyRow))]
        await session.exec(delete(DisputePolicyRow))
    (row,) = await mine(worker)
    ok(await step(worker, f"me/settlements/{row['id']}/mediate", row))
    await sweep(world.runtime)
    assert await count(world, DisputeCase) == 0
    async with world.runtime.db.unit_of_work() as session:
        session.add_all(DisputePolicyRow(**row) for row in rows)
    await sweep(world.runtime)
    assert await count(world, DisputeCase) == 1
