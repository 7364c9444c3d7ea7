"""What tests of the funnel arrange: people who let themselves be found, invitations, interviews, later days."""

from datetime import datetime, timedelta
from typing import Any

import httpx

from app.core.clock import CHINA
from app.rules.jobs.invitations import FINDABLE_VERSION
from tests.factories.world import Someone, World, ok
from tests.support.jobs import Hiring, key


async def findable(world: World, **profile: Any) -> Someone:
    """Registered, of age, and switched on."""
    seeker = await world.seeker(**profile)
    ok(await seeker.put("/me/findable", {"findable": True, "text_version": FINDABLE_VERSION}))
    return seeker


async def suggested(hiring: Hiring, vacancy: dict[str, Any]) -> list[dict[str, Any]]:
    return list(ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/suggested-seekers"))["items"])


async def invite(hiring: Hiring, vacancy: dict[str, Any], seeker_ref: str | None = None) -> httpx.Response:
    """By the first reference of the list where none is given."""
    ref = seeker_ref or (await suggested(hiring, vacancy))[0]["seeker_ref"]
    return await hiring.recruiter.post(f"/vacancies/{vacancy['id']}/invitations", {"seeker_ref": ref}, key=key())


async def accept(seeker: Someone, invitation: dict[str, Any], **changes: Any) -> httpx.Response:
    form = {"release_contact": True, "expected_version": invitation["version"]} | changes
    return await seeker.post(f"/me/invitations/{invitation['id']}/accept", form, key=key())


def at(world: World, hour: int, minute: int = 0, *, days: int = 1) -> datetime:
    """So many days from today, in China."""
    return world.clock.now().astimezone(CHINA).replace(hour=hour, minute=minute, second=0) + timedelta(days=days)


def slots(*starts: datetime, **more: Any) -> list[dict[str, Any]]:
    return [{"starts_at": start.isoformat(), "minutes": 30} | more for start in starts]


async def propose(hiring: Hiring, application: dict[str, Any], *starts: datetime, **more: Any) -> httpx.Response:
    form = {"slots": slots(*starts, **more)}
    return await hiring.recruiter.post(f"/applications/{application['id']}/interviews", form, key=key())


async def confirm(seeker: Someone, interview: dict[str, Any], slot: int = 0, **changes: Any) -> httpx.Response:
    form = {"slot": slot, "expected_version": interview["version"]} | changes
    return await seeker.post(f"/me/interviews/{interview['id']}/confirm", form, key=key())


async def later(world: World, delta: timedelta, *people: Someone) -> None:
    """Time passes; whoever goes on signs in anew."""
    world.clock.advance(delta)
    # The staff and whoever stands ready, unused, sign in anew as well.
    for person in (*people, *world.ready, *world.staff.values()):
        person.token = (await world.person(person.name, person.app)).token


async def told(person: Someone, kind: str) -> list[str]:
    """The notices of one kind, newest first, as read."""
    rows = ok(await person.get("/me/notices", limit=100))["items"]
    return [row["body"] for row in rows if row["kind"] == kind]
