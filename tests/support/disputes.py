"""What tests of mediation arrange: a desk, a mediator, a firm, workers; a case at any of its steps."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from app.core.clock import china_date
from app.rules.identity.roles import Role, ScopeKind
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok
from tests.support.funnel import later
from tests.support.gig_people import born
from tests.support.jobs import key


@dataclass
class Court:
    """The mediation office of a small town."""

    world: World
    manager: Someone
    mediator: Someone
    owner: Someone
    firm: str
    _serial: list[int] = field(default_factory=lambda: [0])

    async def worker(self, *, consent: bool = True, named: str | None = None) -> Someone:
        """With name, birth date, and both consents."""
        person = await self.world.person()
        await self.world.consent(person, "service")
        if consent:
            await self.world.consent(person, "dispute")
        await born(self.world, person, 30)
        if named is not None:
            profile = ok(await person.get("/me/profile"))
            ok(await person.put("/me/profile", {
                "name": named, "birth_date": profile["birth_date"], "expected_version": profile["version"],
            }))  # fmt: skip
        return person

    def form(self, **changes: Any) -> dict[str, Any]:
        day = china_date(self.world.clock.now()) - timedelta(days=20)
        return {
            "kind": "wages", "respondent": {"kind": "enterprise", "enterprise_id": self.firm},
            "claim": "支付8月工资", "claim_fen": 420_000, "statement": "8月做满26天，工资至今没有发。",
            "known_on": day.isoformat(),
        } | changes  # fmt: skip

    async def submit(self, person: Someone, **changes: Any) -> dict[str, Any]:
        return dict(ok(await person.post("/cases", self.form(**changes), key=key())))

    async def see(self, person: Someone, case: dict[str, Any]) -> dict[str, Any]:
        return dict(ok(await person.get(f"/cases/{case['id']}")))

    async def step(
        self, case: dict[str, Any], verb: str, by: Someone | None = None, method: str = "POST", **more: Any
    ) -> httpx.Response:
        """A step of the manager with the version that they read."""
        caller = by or self.manager
        version = case.get("version", 1)
        if "number" in case:
            # The list is the light way to read a version.
            found = ok(await caller.get("/cases", number=case["number"]))["items"]
            version = found[0]["version"] if found else version
        return await caller.call(
            method, f"/cases/{case['id']}/{verb}", json={"expected_version": version} | more, key=key()
        )

    async def do(self, case: dict[str, Any], verb: str, **more: Any) -> dict[str, Any]:
        return dict(ok(await self.step(case, verb, **more)))

    async def say(self, person: Someone, case: dict[str, Any], verb: str, **more: Any) -> httpx.Response:
        return await person.post(f"/cases/{case['id']}/{verb}", more, key=key())

    async def taken(self, person: Someone, **changes: Any) -> dict[str, Any]:
        case = await self.submit(person, **changes)
        return await self.do(case, "take")

    async def accepted(self, person: Someone, body: str = "people", **changes: Any) -> dict[str, Any]:
        case = await self.taken(person, **changes)
        await self.do(case, "screen", cause="unpaid")
        return await self.do(case, "accept", mediation_body=body)

    async def consented(self, person: Someone, body: str = "people", **changes: Any) -> dict[str, Any]:
        case = await self.accepted(person, body, **changes)
        await self.do(case, "ask-consent")
        ok(await self.say(self.owner, case, "consent", agree=True))
        return case

    async def seat(
        self, case: dict[str, Any], who: Someone, role: str = "member", body: str = "union"
    ) -> dict[str, Any]:
        """Invited and accepted."""
        seat = await self.do(case, "seats", person_id=who.id, role=role, body=body)
        return dict(ok(await self.answer(seat, who, "accept")))

    async def answer(
        self, seat: dict[str, Any], who: Someone, answer: str, version: int | None = None
    ) -> httpx.Response:
        form = {
            "answer": answer,
            "reason": None if answer == "accept" else "与一方相识",
            "expected_version": version or seat.get("version", 1),
        }
        return await who.post(f"/case-seats/{seat['id']}/answer", form, key=key())

    async def vote(self, seat: dict[str, Any], *people: Someone, agree: bool = True) -> None:
        for person in people:
            ok(await person.post(f"/case-seats/{seat['id']}/vote", {"agree": agree}, key=key()))

    async def mediating(self, person: Someone, body: str = "people", **changes: Any) -> dict[str, Any]:
        case = await self.consented(person, body, **changes)
        seat = await self.seat(case, self.mediator, "mediator", "mediators")
        await self.vote(seat, person, self.owner)
        return await self.do(case, "begin")

    def draft(self, case: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """`case` as read: with its parties."""
        sides = {one["side"]: one["id"] for one in case["parties"]}
        due = china_date(self.world.clock.now()) + timedelta(days=10)
        return {
            "form": "written", "facts": "双方确认8月工资4200元未付。", "responsibility": "企业承担支付责任。",
            "content": "企业支付8月工资4200元。", "manner": "银行转账。",
            "terms": [{
                "party_id": sides["respondent"], "to_party_id": sides["complainant"], "what": "一次付清8月工资",
                "amount_fen": 420_000, "due_on": due.isoformat(),
            }],
        } | changes  # fmt: skip

    async def drafted(self, case: dict[str, Any], **changes: Any) -> dict[str, Any]:
        seen = await self.see(self.manager, case)
        return await self.do(case, "agreements", **self.draft(seen, **changes))

    async def sign(self, agreement: dict[str, Any], who: Someone, signer: str = "party", **more: Any) -> httpx.Response:
        fresh = await self.agreement(agreement, self.manager)
        form = {"as": signer, "expected_version": fresh["version"]} | more
        return await who.post(f"/case-agreements/{agreement['id']}/sign", form, key=key())

    async def agreement(self, agreement: dict[str, Any], who: Someone) -> dict[str, Any]:
        for case in ok(await who.get("/cases", limit=100))["items"]:
            for one in ok(await who.get(f"/cases/{case['id']}/agreements"))["items"]:
                if one["id"] == agreement["id"]:
                    return dict(one)
        raise AssertionError("no such agreement")

    async def agreed(
        self, person: Someone, body: str = "people", **changes: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """In effect, waiting to be performed."""
        case = await self.mediating(person, body, **changes)
        agreement = await self.drafted(case)
        for who in (person, self.owner):
            ok(await self.sign(agreement, who))
        if body != "none":
            ok(await self.sign(agreement, self.mediator, "mediator"))
            ok(await self.sign(agreement, self.manager, "seal"))
        return case, await self.agreement(agreement, person)

    async def term(self, agreement: dict[str, Any], who: Someone, verb: str, **more: Any) -> httpx.Response:
        fresh = await self.agreement(agreement, self.manager)
        term = fresh["terms"][0]
        form = {"expected_version": term["version"]} | more
        return await who.post(f"/agreement-terms/{term['id']}/{verb}", form, key=key())

    async def pass_time(self, delta: timedelta, *people: Someone) -> None:
        await later(self.world, delta, self.manager, self.mediator, self.owner, *people)
        await sweep(self.world.runtime)


async def open_court(world: World) -> Court:
    manager, mediator = await world.person(), await world.person()
    await world.appoint(manager, Role.CASE_MANAGER, ScopeKind.TOWN, None)
    await world.appoint(mediator, Role.MEDIATOR, ScopeKind.TOWN, None)
    owner, firm = await world.firm()
    await world.appoint(owner, Role.OWNER, ScopeKind.ENTERPRISE, firm)
    return Court(world, manager, mediator, owner, firm)
