"""Every step of a manager from every state, over HTTP: what the graph does not have is refused, and nothing changes."""

from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.models.disputes import CaseEvent, DisputeCase
from app.rules.disputes.cases import NEXT, CaseState
from tests.factories.world import World, ok
from tests.support.disputes import open_court
from tests.support.jobs import key, set_columns

C = CaseState
STEPS: dict[str, tuple[CaseState, dict[str, Any]]] = {
    "screen": (C.SCREENED, {"cause": "unpaid"}), "accept": (C.ACCEPTED, {"mediation_body": "people"}),
    "advise-out": (C.ADVISED_OUT, {"reason": "对方在外省", "routes": ["court"]}), "ask-consent": (C.CONSENT_PENDING, {}),
    "suspend": (C.SUSPENDED, {"reason": "等待鉴定"}), "escalate": (C.ESCALATED, {"reason": "企业不派人到场"}),
    "end": (C.ENDED, {"end_reason": "far_apart", "reason": "双方差距过大"}),
    "follow-up": (C.FOLLOW_UP, {"reason": "已电话回访"}), "close": (C.CLOSED, {}),
}  # fmt: skip
# From these two alone, though the graph reaches the table from others as well.
RESUMES, BEGINS = {C.SUSPENDED, C.ESCALATED}, {C.MEDIATOR_PROPOSED}


async def test_every_step_from_every_state(world: World) -> None:
    court = await open_court(world)
    case = await court.mediating(await court.worker())
    case_id = UUID(case["id"])

    async def snapshot() -> tuple[Any, ...]:
        async with world.runtime.db.reading() as session:
            row = (await session.exec(select(DisputeCase).where(DisputeCase.id == case_id))).one()
            events = await session.exec(select(col(CaseEvent.seq)).where(CaseEvent.case_id == case_id))
            return row.state, row.version, row.level, row.end_reason, row.outcome, len(events.all())

    tried = 0
    for state in CaseState:
        await set_columns(world, DisputeCase, case["id"], state=state)
        wanted = [(verb, body) for verb, (target, body) in STEPS.items() if target not in NEXT[state]]
        wanted += [("resume", {})] if state not in RESUMES else []
        wanted += [("begin", {})] if state not in BEGINS else []
        before = await snapshot()
        version = ok(await court.manager.get(f"/cases/{case['id']}"))["version"]
        for verb, body in wanted:
            form = {"expected_version": version} | body
            answer = await court.manager.post(f"/cases/{case['id']}/{verb}", form, key=key())
            assert (answer.status_code, answer.json()["code"]) == (409, "case_state_wrong"), (state, verb, answer.text)
            tried += 1
        assert await snapshot() == before, state
    assert tried == sum(target not in NEXT[state] for target, _ in STEPS.values() for state in C) + 20 + 21
