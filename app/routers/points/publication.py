"""积分公示、异议、合计、光荣榜。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Self, Unit, limited, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.rules.points import publication as rules
from app.schemas.base import ExpectedVersion
from app.schemas.points.ledger import HonourRollRead, TotalsRead
from app.schemas.points.publication import (
    LinesRead,
    ObjectionAnswerForm,
    ObjectionForm,
    ObjectionRead,
    PublicationRead,
    PublishForm,
)
from app.services.points import progress, publication
from app.services.points.reward_views import area_total_read, line_read, objection_read, publication_read

router = make_router("points")
Office = Annotated[Actor, require(Permission.POINTS_MANAGE)]
OfficeOf = Annotated[Actor, require(Permission.POINTS_MANAGE, Reach.TOWN)]
OfficeSecond = Annotated[Actor, require(Permission.POINTS_MANAGE, Reach.SECOND)]
Anyone = Annotated[Actor, require(Permission.SELF, Reach.OPEN)]
Year = Annotated[int, Query(ge=2000, le=2100, description="年份")]


@router.get("/points/publications", responses=read_errors(CursorInvalidError))
async def list_points_publications(
    _actor: Self, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[PublicationRead]:
    """积分公示，新的在前。"""
    rows, following = await publication.list_publications(session, runtime.cursors, cursor=cursor, limit=limit)
    return Page(items=[publication_read(row) for row in rows], next_cursor=following)


@router.post(
    "/points/publications", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.PublicationPeriodError, rules.PublicationOverlapError
    ),
)  # fmt: skip
async def publish_points(actor: Office, form: PublishForm, session: Unit, now: Now) -> PublicationRead:
    """公示一段时间的得分和兑换，姓名隐去部分，至少5个工作日。"""
    return publication_read(await publication.publish(session, actor, form.starts_on, form.ends_on, now=now))


@router.get(
    "/points/publications/{publication_id}",
    responses=read_errors(rules.PublicationNotFoundError, CursorInvalidError),
)
async def get_points_publication(
    _actor: Anyone, publication_id: UUID, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> LinesRead:
    """一次公示的各行。"""
    found, lines, following = await publication.list_lines(
        session, runtime.cursors, publication_id, cursor=cursor, limit=limit
    )
    return LinesRead(
        publication=publication_read(found), items=[line_read(row) for row in lines], next_cursor=following
    )


@router.post(
    "/points/publications/{publication_id}/objections",
    status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired, limited(RateKind.REPORT)],
    responses=write_errors(
        IdempotencyKeyMissingError, TooManyRequestsError, rules.PublicationNotFoundError, rules.PublicationClosedError,
        rules.PublicationLineNotFoundError, rules.ObjectionTwiceError,
    ),
)  # fmt: skip
async def object_to_points(
    actor: Anyone, publication_id: UUID, form: ObjectionForm, session: Unit, now: Now
) -> ObjectionRead:
    """对公示的某一行提出异议；提出人的姓名不公开。"""
    done = await publication.object_to(session, actor, publication_id, form.number, form.words, now=now)
    return objection_read(done)


@router.post(
    "/points/publications/{publication_id}/close", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.PublicationNotFoundError, rules.PublicationClosedError, rules.PublicationRunningError,
        StaleError,
    ),
)  # fmt: skip
async def close_points_publication(
    actor: OfficeOf, publication_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> PublicationRead:
    """结束公示：期满且异议都已答复。"""
    done = await publication.close(session, actor, publication_id, expected_version=form.expected_version, now=now)
    return publication_read(done)


@router.get("/points/objections", responses=read_errors(CursorInvalidError))
async def list_points_objections(
    actor: Self, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[ObjectionRead]:
    """异议和答复：积分专员看全部，其他人看自己提出的。"""
    found, following = await publication.list_objections(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[objection_read(one) for one in found], next_cursor=following)


@router.post(
    "/points/objections/{objection_id}/answer", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.ObjectionNotFoundError, rules.ObjectionStateError, rules.ObjectionOwnLineError,
        rules.ObjectionNotAwardError, StaleError,
    ),
)  # fmt: skip
async def answer_points_objection(
    actor: OfficeSecond, objection_id: UUID, form: ObjectionAnswerForm, session: Unit, now: Now
) -> ObjectionRead:
    """答复异议：成立的当即冲回；由与此事无关的工作人员答复。"""
    done = await publication.answer(
        session,
        actor,
        objection_id,
        uphold=form.uphold,
        words=form.answer,
        expected_version=form.expected_version,
        now=now,
    )
    return objection_read(done)


@router.get("/points/totals", responses=read_errors())
async def get_points_totals(_actor: Self, session: Reads, year: Year) -> TotalsRead:
    """各网格一年的得分合计；人数太少的不显示，没有个人排名。"""
    return TotalsRead(year=year, items=[area_total_read(one) for one in await progress.totals(session, year)])


@router.get("/points/honour-roll", responses=read_errors())
async def get_honour_roll(_actor: Self, session: Reads, year: Year) -> HonourRollRead:
    """光荣榜：本人愿意、得分达到当年决定的标准；按姓名排列，不分名次。"""
    return HonourRollRead(year=year, names=await progress.honour_roll(session, year))
