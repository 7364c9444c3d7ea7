"""Staff in time and company: dates of the Chinese calendar, substitutes, duties apart, other processes, the auditor."""

from datetime import datetime, timedelta
from typing import Any

from app.core.clock import CHINA, FixedClock
from app.core.settings import Settings
from app.models.identity import Appointment
from app.rules.identity.roles import Role, ScopeKind
from app.services.identity.staff import SUBSTITUTE_AT_MOST
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, another_instance, count, nothing_stored, roster_id, seen_by
from tests.support.identity import AUDITOR, auditor, bootstrap, disable, enable, entries, phone

END = {"expected_version": 1}
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
ROLE: Any = Appointment.__table__.c.role  # type: ignore[attr-defined]


def form(person: Someone, role: Role = Role.TRAINER, **changes: Any) -> dict[str, Any]:
    return {"person_id": person.id, "role": role, "scope_kind": "town", "scope_id": None, "source": "会议"} | changes


def midnight(clock: FixedClock, days: int) -> datetime:
    """The beginning of a day in China, so many days from today."""
    return clock.now().astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0) + days * DAY


async def appointed(admin: Someone, person: Someone, role: Role = Role.TRAINER, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = ok(await admin.post("/appointments", form(person, role, **changes)))
    return made


async def substitute(admin: Someone, of: dict[str, Any], person: Someone, **dates: datetime) -> Any:
    body = {name: value.isoformat() for name, value in dates.items()}
    return await admin.post(f"/appointments/{of['id']}/substitutes", {"person_id": person.id} | body)


async def roles_at(world: World, someone: Someone, at: datetime) -> list[str]:
    """What somebody holds at an instant, with a fresh login: tokens are shorter than days."""
    world.clock.advance(at - world.clock.now())
    me = ok(await (await phone(world, someone.name)).someone.get("/me"))
    return [role["role"] for role in me["roles"]]


async def test_an_office_begins_and_ends_at_midnight_in_china(world: World, clock: FixedClock) -> None:
    admin, person = await world.admin(), await world.person()
    begin, end = midnight(clock, 1), midnight(clock, 3)
    # The same instants in two spellings; the answer speaks China's.
    utc = begin.astimezone(datetime.now().astimezone().tzinfo).isoformat()
    made = await appointed(admin, person, valid_from=utc, valid_to=end.isoformat())
    assert (made["valid_from"], made["valid_to"]) == (begin.isoformat(), end.isoformat())
    assert made["valid_from"].endswith("T00:00:00+08:00")
    # What is to come is held already as far as a second one goes, and free again from the day it ends.
    again = form(person, valid_from=(end - SECOND).isoformat())
    refused(await admin.post("/appointments", again), 409, "already_appointed")
    ok(await admin.post("/appointments", form(person, valid_from=end.isoformat(), valid_to=(end + DAY).isoformat())))
    expected = [
        (begin - SECOND, []), (begin, ["trainer"]), (end - SECOND, ["trainer"]),
        # One follows the other without a gap and without a double.
        (end, ["trainer"]), (end + DAY - SECOND, ["trainer"]), (end + DAY, []),
    ]  # fmt: skip
    for at, roles in expected:
        assert await roles_at(world, person, at) == roles, at


async def test_a_substitute_acts_within_the_dates_and_the_office_stays_with_its_holder(
    world: World, clock: FixedClock
) -> None:
    admin, holder, stand_in = await world.admin(), await world.person(), await world.person()
    area = ok(await world.anonymous.get("/areas"))[0]["id"]
    office = await appointed(admin, holder, Role.GRID_LEADER, scope_kind=ScopeKind.AREA, scope_id=area)
    begin, end = midnight(clock, 1), midnight(clock, 4)
    made = ok(await substitute(admin, office, stand_in, valid_from=begin, valid_to=end))
    assert (made["substitute_for"], made["role"], made["scope_kind"], made["scope_id"]) == (
        office["id"], "grid_leader", "area", area,
    )  # fmt: skip
    for at, roles in ((begin - SECOND, []), (begin, ["grid_leader"]), (end - SECOND, ["grid_leader"]), (end, [])):
        assert await roles_at(world, stand_in, at) == roles, at
        assert await roles_at(world, holder, at) == ["grid_leader"]


async def test_substitutes_that_make_no_sense_are_refused_by_name(world: World, clock: FixedClock) -> None:
    admin, holder, other, watcher = (
        await world.admin(),
        await world.person(),
        await world.person(),
        await auditor(world),
    )
    now, end = clock.now(), clock.now() + 400 * DAY
    office = await appointed(admin, holder, valid_from=(now + DAY).isoformat(), valid_to=end.isoformat())
    gone = await appointed(admin, holder, Role.JUDGE)
    ok(await admin.post(f"/appointments/{gone['id']}/end", END))
    (watch,) = ok(await admin.get("/appointments", person_id=watcher.id))["items"]
    (mine,) = ok(await admin.get("/appointments", person_id=admin.id))["items"]
    begin = now + DAY
    cases: list[tuple[dict[str, Any], Someone, dict[str, datetime], int, str, str | None]] = [
        (office, holder, {"valid_from": begin, "valid_to": begin + DAY}, 422, "substitute_of_oneself", "person_id"),
        (office, other, {"valid_to": begin + DAY}, 422, "substitute_period_wrong", "valid_to"),
        (office, other, {"valid_from": begin, "valid_to": begin}, 422, "substitute_period_wrong", "valid_to"),
        (office, other, {"valid_from": begin, "valid_to": begin + SUBSTITUTE_AT_MOST + SECOND}, 422,
         "substitute_period_wrong", "valid_to"),
        (office, other, {"valid_from": end - DAY, "valid_to": end + SECOND}, 422, "substitute_period_wrong", "valid_to"),
        (office, other, {"valid_from": begin}, 422, "invalid_fields", "valid_to"),
        (gone, other, {"valid_to": begin}, 409, "appointment_ended", None),
        ({"id": NOBODY}, other, {"valid_to": begin}, 404, "appointment_not_found", None),
        # Nobody chooses who audits them, for a day as little as for good; and nobody audits what they administer.
        (watch, other, {"valid_to": begin}, 403, "auditor_not_by_admin", None),
        (mine, watcher, {"valid_to": begin}, 409, "separate_duties", None),
    ]  # fmt: skip
    async with nothing_stored(world):
        for of, person, dates, status, code, field in cases:
            refused(await substitute(admin, of, person, **dates), status, code, field)
        nobody = Someone(world, "", "zhipin", "", NOBODY)
        refused(await substitute(admin, mine, nobody, valid_to=begin), 422, "person_not_found", "person_id")
        for someone in (holder, other, watcher):
            refused(await substitute(someone, office, other, valid_from=begin, valid_to=begin + DAY), 403, "forbidden")
    longest = {"valid_from": begin, "valid_to": begin + SUBSTITUTE_AT_MOST}
    ok(await substitute(admin, office, other, **longest))
    refused(await substitute(admin, office, other, **longest), 409, "already_appointed")


async def test_who_stands_in_stands_down_with_the_office_and_never_replaces_the_last_admin(
    world: World, clock: FixedClock
) -> None:
    admin, holder, stand_in, reader = (
        await world.admin(),
        await world.person(),
        await world.person(),
        await auditor(world),
    )
    office = await appointed(admin, holder, Role.TOWN_ADMIN)
    (first,) = ok(await admin.get("/appointments", person_id=admin.id))["items"]
    theirs = ok(await substitute(admin, office, stand_in, valid_to=clock.now() + 30 * DAY))
    ok(await stand_in.get("/appointments"))
    ok(await admin.post(f"/appointments/{office['id']}/end", END))
    for someone in (holder, stand_in):
        refused(await someone.get("/appointments"), 403, "forbidden")
    ended = await entries(reader, act="appointment_ended")
    assert {entry["subject_id"] for entry in ended} == {office["id"], theirs["id"]}
    assert {entry["actor_id"] for entry in ended} == {admin.id}
    # The substitute would go with the last one: then there would be nobody.
    ok(await substitute(admin, first, stand_in, valid_to=clock.now() + 30 * DAY))
    for someone in (admin, stand_in):
        refused(await someone.post(f"/appointments/{first['id']}/end", END), 409, "last_admin")
    ok(await admin.get("/appointments"))
    await appointed(admin, holder, Role.TOWN_ADMIN)
    ok(await holder.post(f"/appointments/{first['id']}/end", END))
    for someone in (admin, stand_in):
        refused(await someone.get("/appointments"), 403, "forbidden")


async def test_who_audits_does_not_administer_whichever_came_first(world: World, clock: FixedClock) -> None:
    admin, reader = await world.admin(), await auditor(world)
    later = (clock.now() + 10 * DAY).isoformat()
    code = await bootstrap(world, Role.AUDITOR, None)
    async with nothing_stored(world):
        for dates in ({}, {"valid_from": later}):
            refused(await admin.post("/appointments", form(reader, Role.TOWN_ADMIN, **dates)), 409, "separate_duties")
        # The administrator's own record with a code for the other office: refused, and the code is not spent.
        claim = {"code": code, "name": "蔡雷霆"}
        refused(await admin.post("/roster/claims", claim), 409, "separate_duties")
    second = await world.person()
    ok(await second.post("/roster/claims", claim | {"name": "高德坤"}))
    assert await count(world, Appointment.__table__, ROLE == Role.AUDITOR) == 2  # type: ignore[attr-defined]
    # Who is to administer from some day on does not audit until then either.
    third = await world.person()
    await appointed(admin, third, Role.TOWN_ADMIN, valid_from=later)
    code = await bootstrap(world, Role.AUDITOR, None)
    async with nothing_stored(world):
        refused(await third.post("/roster/claims", {"code": code, "name": "蔡文锻"}), 409, "separate_duties")
        # Other offices sit beside it, but they open nothing of the administrator's.
        for path in ("/appointments", f"/roster/{await roster_id(reader, AUDITOR)}/claim-codes"):
            refused(await reader.post(path, form(second)), 403, "forbidden")
    await appointed(admin, reader, Role.PARTY_AFFAIRS_WORKER)
    assert {role["role"] for role in ok(await reader.get("/me"))["roles"]} == {"auditor", "party_affairs_worker"}


async def test_what_one_process_ends_is_over_in_every_other_on_the_next_call(
    world: World, settings: Settings, clock: FixedClock
) -> None:
    admin, officer, person = await world.admin(), await world.person(), await world.person()
    async with another_instance(world, settings, clock) as other:
        there = seen_by(other, officer)
        refused(await there.get("/minimum-wages"), 403, "forbidden")
        office = await appointed(admin, officer, Role.JOBS_OFFICER)
        for _ in range(3):
            ok(await there.get("/minimum-wages"))
        ok(await admin.post(f"/appointments/{office['id']}/end", END))
        refused(await there.get("/minimum-wages"), 403, "forbidden")
        assert ok(await there.get("/me"))["roles"] == []
        # The other way round, and an account as a whole.
        office = await appointed(seen_by(other, admin), officer, Role.JOBS_OFFICER)
        ok(await officer.get("/minimum-wages"))
        ok(await seen_by(other, admin).post(f"/appointments/{office['id']}/end", END))
        refused(await officer.get("/minimum-wages"), 403, "forbidden")
        gone = seen_by(other, person)
        ok(await gone.get("/me"))
        ok(await disable(admin, person))
        async with nothing_stored(world):
            refused(await gone.get("/me"), 401, "token_invalid")
            refused(await gone.put("/me/night-messages", {"wanted": True}), 401, "token_invalid")
        ok(await enable(seen_by(other, admin), person))
        refused(await person.get("/me"), 401, "token_invalid")
        ok(await (await phone(other, person.name)).someone.get("/me"))


async def test_the_log_is_the_auditors_alone_and_tells_who_did_what(world: World) -> None:
    admin, reader, person = await world.admin(), await auditor(world), await world.person()
    office = await appointed(admin, person, Role.TRAINER)
    refused(await person.get("/appointments"), 403, "forbidden")
    ok(await admin.post(f"/appointments/{office['id']}/end", END))
    for someone in (admin, person, await world.officer()):
        refused(await someone.get("/audit-entries"), 403, "forbidden")
    refused(await world.anonymous.get("/audit-entries"), 401, "token_invalid")
    about = await entries(reader, subject_id=office["id"])
    assert [(entry["act"], entry["actor_id"], entry["details"]["role"]) for entry in about] == [
        ("appointment_ended", admin.id, "trainer"),
        ("appointed", admin.id, "trainer"),
    ]
    denied = [(entry["actor_id"], entry["subject_id"]) for entry in await entries(reader, act="denied")]
    assert denied[-1] == (person.id, "list_appointments")
    assert {actor for actor, operation in denied if operation == "list_audit_entries"} >= {admin.id, person.id}
    both = await entries(reader, actor_id=admin.id, act="appointed", subject_id=office["id"])
    assert [entry["id"] for entry in both] == [about[1]["id"]]
    assert await entries(reader, actor_id=person.id, act="appointed") == []
    # Page by page it is the same log, and a page of one question is no page of another.
    whole = await entries(reader)
    assert [entry["id"] for entry in whole] == sorted((entry["id"] for entry in whole), reverse=True)
    paged, cursor = [], None
    while True:
        page = ok(await reader.get("/audit-entries", limit=7, **({"cursor": cursor} if cursor else {})))
        paged += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
        other = await reader.get("/audit-entries", act="appointed", cursor=cursor)
        refused(other, 422, "cursor_invalid", "query.cursor")
    assert paged == whole
    for query in ({"actor_id": "x"}, {"act": "a b"}, {"subject_id": "林小梅"}):
        answer = await reader.get("/audit-entries", **query)
        refused(answer, 422, "invalid_fields", f"query.{next(iter(query))}")
