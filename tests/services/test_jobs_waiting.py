"""What waits too long: a word to the firm once a week, one for each vacancy, and Monday's count to the liaison cadre."""

import asyncio
from datetime import timedelta
from uuid import UUID

from app.core.clock import CHINA
from app.models.common import Notice
from app.models.organisation import LiaisonLink, PartyOrganisation, RosterPerson
from app.tasks.sweeps import sweep
from tests.factories.world import World, ok
from tests.support.api import column
from tests.support.funnel import later, told
from tests.support.jobs import Hiring, count, rival

WEEK = timedelta(days=7)


async def test_a_week_without_a_step_reminds_the_firm(world: World, hiring: Hiring) -> None:
    vacancy, other = await hiring.post(), await hiring.post(title="缝纫工")
    people = [await world.seeker() for _ in range(4)]
    applications = [await world.apply(person, vacancy["id"]) for person in people]
    await world.apply(people[0], other["id"])
    ok(await hiring.step(applications[1], "viewed"))
    ok(await hiring.step(applications[2], "offered"))
    ok(await hiring.step(applications[3], "rejected", reason="pay"))
    await later(world, WEEK - timedelta(seconds=1))
    assert (await sweep(world.runtime))["vacancies_reminded"] == 0
    await later(world, timedelta(seconds=1), hiring.recruiter, *people)
    results = await asyncio.gather(sweep(world.runtime), sweep(world.runtime))
    assert sum(result["vacancies_reminded"] for result in results) >= 2
    bodies = await told(hiring.recruiter, "applications_waiting")
    assert len(bodies) == 2
    assert any("“平车工”有2 份应聘超过7天没有处理，1 份拟录用超过7天没有落实" in body for body in bodies)
    assert [len(await told(person, "applications_waiting")) for person in people] == [0, 0, 1, 0]
    # Once a week, and only as long as nothing is done.
    await later(world, WEEK - timedelta(seconds=1))
    assert (await sweep(world.runtime))["vacancies_reminded"] == 0
    await later(world, timedelta(seconds=1), hiring.recruiter)
    ok(await hiring.step(applications[0], "shortlisted"))
    assert (await sweep(world.runtime))["vacancies_reminded"] == 2
    assert "有1 份应聘" in next(
        body for body in await told(hiring.recruiter, "applications_waiting") if "平车工" in body
    )


async def test_the_cadre_hears_counts_on_monday(world: World, hiring: Hiring) -> None:
    roster = await column(
        world,
        LiaisonLink.roster_person_id,
        LiaisonLink.party_organisation_id
        == await column(world, PartyOrganisation.id, PartyOrganisation.enterprise_id == UUID(hiring.firm_id)),
        LiaisonLink.role == "cadre",
    )
    name = await column(world, RosterPerson.name, RosterPerson.id == roster)
    cadre, admin = await world.person(), await world.admin()
    await world.claim_record(admin, cadre, name)
    vacancy, unlinked = await hiring.post(), await (await rival(world)).post()
    for _ in range(2):
        await world.apply(await world.seeker(), vacancy["id"])
    await world.apply(await world.seeker(), unlinked["id"])
    await sweep(world.runtime)
    monday = world.clock.now().astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    monday += timedelta(days=7 - monday.weekday())
    await later(world, monday - timedelta(seconds=1) - world.clock.now())
    assert (await sweep(world.runtime))["cadres_told"] == 0
    # The first Monday on which they have waited a week.
    await later(world, timedelta(seconds=1) + WEEK, cadre)
    results = await asyncio.gather(sweep(world.runtime), sweep(world.runtime))
    assert sum(result["cadres_told"] for result in results) == 1
    bodies = await told(cadre, "liaison_digest")
    assert len(bodies) == 1
    assert "2 份" in bodies[0]
    assert "林小梅" not in bodies[0]
    assert (await sweep(world.runtime))["cadres_told"] == 0
    assert await count(world, Notice, Notice.kind == "liaison_digest") == 1
