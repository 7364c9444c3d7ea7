"""What follows from what: every fact reaches the right people as a notice and an outbox row, or not at all."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from app.core.clock import FixedClock
from app.core.events import emit
from app.core.tables import OutboxMessage
from app.models.common import Notice
from app.models.identity import Appointment, Person
from app.models.organisation import Enterprise
from app.rules.common.notices import NoticeKind
from app.rules.identity.roles import Role, ScopeKind
from app.rules.jobs.applications import ApplicationState, RejectReason
from app.services import reactions
from app.services.events import (
    ApplicationMoved,
    ApplicationReceived,
    EnterpriseClaimReviewed,
    VacancyFilled,
    VacancyReviewed,
)
from app.services.runtime import Runtime
from app.wechat.templates import check_values

# As long as the forms allow.
TITLE, FIRM, NOTE = "平" * 40, "石" * 80, "请补充工作地点。" * 25


@pytest.fixture(autouse=True)
def registered() -> None:
    """As API, worker and CLI do; once more must change nothing."""
    reactions.register()
    reactions.register()


async def make_people(runtime: Runtime, clock: FixedClock, number: int) -> list[UUID]:
    now = clock.now()
    rows = [Person(created_at=now, updated_at=now) for _ in range(number)]
    async with runtime.db.unit_of_work() as session:
        session.add_all(rows)
    return [row.id for row in rows]


async def told(runtime: Runtime) -> list[Notice]:
    async with runtime.db.reading() as session:
        notices = (await session.exec(select(Notice).order_by(Notice.id))).all()
        queued = (await session.exec(select(OutboxMessage))).all()
    # Neither exists without the other, and each waits once.
    assert sorted(row.payload["notice_id"] for row in queued) == sorted(str(notice.id) for notice in notices)
    for notice in notices:
        assert notice.read_at is None
        assert notice.page.startswith("pages/")
        # WeChat will take it: no value breaks its rule.
        check_values({key: {"value": value} for key, value in notice.template_data.items()})
    return list(notices)


async def happen(runtime: Runtime, event: Any) -> list[Notice]:
    async with runtime.db.unit_of_work() as session:
        await emit(session, event)
    return await told(runtime)


@pytest.mark.parametrize(("approved", "word"), [(True, "可以发布岗位"), (False, NOTE)])
async def test_a_claimant_hears_the_result(runtime: Runtime, clock: FixedClock, approved: bool, word: str) -> None:
    (person,) = await make_people(runtime, clock, 1)
    event = EnterpriseClaimReviewed(
        at=clock.now(), claim_id=uuid4(), person_id=person, enterprise_name=FIRM, approved=approved,
        reason=None if approved else NOTE,
    )  # fmt: skip
    (notice,) = await happen(runtime, event)
    assert (notice.person_id, notice.kind) == (person, NoticeKind.ENTERPRISE_REVIEWED)
    assert word in notice.body


@pytest.mark.parametrize(("published", "word"), [(True, "已发布"), (False, NOTE)])
async def test_a_poster_hears_of_the_review(runtime: Runtime, clock: FixedClock, published: bool, word: str) -> None:
    (person,) = await make_people(runtime, clock, 1)
    event = VacancyReviewed(
        at=clock.now(), vacancy_id=uuid4(), person_id=person, title=TITLE, published=published,
        note=None if published else NOTE,
    )  # fmt: skip
    (notice,) = await happen(runtime, event)
    assert (notice.person_id, notice.kind) == (person, NoticeKind.VACANCY_REVIEWED)
    assert word in notice.body


async def test_all_who_recruit_for_the_firm_now_hear_of_an_application(runtime: Runtime, clock: FixedClock) -> None:
    owner, recruiter, dispatcher, former, future, elsewhere, officer = await make_people(runtime, clock, 7)
    now = clock.now()
    async with runtime.db.unit_of_work() as session:
        firms = (await session.exec(select(Enterprise).order_by(Enterprise.name).limit(2))).all()
        mine, other = firms[0].id, firms[1].id
        for person, role, scope, begin, end in (
            (owner, Role.OWNER, mine, -1, None), (recruiter, Role.RECRUITER, mine, -1, 1), (recruiter, Role.OWNER, mine, -1, None),
            (dispatcher, Role.DISPATCHER, mine, -1, None), (former, Role.RECRUITER, mine, -2, 0),
            (future, Role.RECRUITER, mine, 1, None), (elsewhere, Role.RECRUITER, other, -1, None),
            (officer, Role.JOBS_OFFICER, None, -1, None),
        ):  # fmt: skip
            session.add(
                Appointment(
                    created_at=now, updated_at=now, person_id=person, role=role, scope_id=scope,
                    scope_kind=ScopeKind.ENTERPRISE if scope else ScopeKind.TOWN, source="测试",
                    valid_from=now + timedelta(days=begin), valid_to=None if end is None else now + timedelta(days=end),
                    appointed_by=owner,
                )
            )  # fmt: skip
    event = ApplicationReceived(
        at=now, application_id=uuid4(), vacancy_id=uuid4(), enterprise_id=mine, title=TITLE,
    )  # fmt: skip
    notices = await happen(runtime, event)
    assert sorted(notice.person_id for notice in notices) == sorted([owner, recruiter])
    assert {notice.kind for notice in notices} == {NoticeKind.APPLICATION_RECEIVED}


@pytest.mark.parametrize("state", list(ApplicationState))
async def test_a_seeker_hears_of_each_step(runtime: Runtime, clock: FixedClock, state: ApplicationState) -> None:
    (person,) = await make_people(runtime, clock, 1)
    reason = RejectReason.SCHEDULE if state is ApplicationState.REJECTED else None
    event = ApplicationMoved(
        at=clock.now(), application_id=uuid4(), person_id=person, title=TITLE, enterprise_name=FIRM, state=state,
        reason=reason,
    )  # fmt: skip
    (notice,) = await happen(runtime, event)
    assert (notice.person_id, notice.kind) == (person, NoticeKind.APPLICATION_MOVED)
    assert state.label in notice.body
    assert (RejectReason.SCHEDULE.label in notice.body) == (reason is not None)


async def test_everybody_who_still_waited_hears_that_it_is_filled(runtime: Runtime, clock: FixedClock) -> None:
    people = await make_people(runtime, clock, 3)
    event = VacancyFilled(
        at=clock.now(), vacancy_id=uuid4(), title=TITLE, enterprise_name=FIRM, headcount=10_000, waiting=tuple(people[:2]),
    )  # fmt: skip
    notices = await happen(runtime, event)
    assert sorted(notice.person_id for notice in notices) == sorted(people[:2])


async def test_what_is_rolled_back_was_told_to_nobody(runtime: Runtime, clock: FixedClock) -> None:
    (person,) = await make_people(runtime, clock, 1)
    event = VacancyReviewed(
        at=clock.now(), vacancy_id=uuid4(), person_id=person, title="平车工", published=True, note=None
    )

    class ChangeOfMindError(Exception):
        pass

    async def half() -> None:
        async with runtime.db.unit_of_work() as session:
            await emit(session, event)
            raise ChangeOfMindError

    with pytest.raises(ChangeOfMindError):
        await half()
    assert await told(runtime) == []
