"""Lists of mediation ask the database as often for many rows as for few."""

from typing import Any

from app.rules.identity.roles import Role
from tests.factories.world import Someone, World, ok
from tests.support.disputes import Court, open_court
from tests.support.jobs import counted, key
from tests.support.uploads import pdf, uploaded


async def reads(court: Court, person: Someone, path: str) -> int:
    with counted(court.world.runtime.db.reader) as statements:
        ok(await person.get(path))
    return len(statements)


async def test_no_list_grows_by_the_row(world: World) -> None:
    court = await open_court(world)
    worker, member = await court.worker(), await world.person()
    await world.appoint(member, Role.MEDIATOR)
    case = await court.mediating(worker, kind="neighbours")

    async def more(count: int) -> None:
        for _ in range(count):
            await court.submit(await court.worker())
            ok(await court.say(worker, case, "statements", words="又一份陈述", release=True))
            file = await uploaded(worker, pdf(), purpose="case_evidence")
            ok(await court.say(worker, case, "evidence", file_id=file["file_id"], about="又一份证据", release=True))
            ok(await court.manager.post(f"/cases/{case['id']}/notes", {"words": "又一条记录"}, key=key()))
            other = await court.consented(await court.worker(), kind="contract")
            await court.do(other, "seats", person_id=member.id, role="member", body="union")
            await court.drafted(case)

    path = f"/cases/{case['id']}"
    lists: list[tuple[Any, str]] = [
        (court.manager, "/case-desk"), (court.owner, "/cases?with_total=true"), (member, "/case-invitations"),
        (court.owner, path + "/statements"), (court.mediator, path + "/evidence"), (court.mediator, path + "/notes"),
        (court.manager, path + "/events"), (court.owner, path + "/agreements"), (court.manager, path),
        (court.owner, path + "/sessions"), (court.owner, path + "/seats"),
    ]  # fmt: skip
    await more(2)
    few = [await reads(court, *one) for one in lists]
    await more(4)
    assert [await reads(court, *one) for one in lists] == few
