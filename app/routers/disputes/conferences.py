"""“1+N+X” 调解：统计和联席会议。"""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.core.pages import CursorInvalidError
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit
from app.routers.disputes.ways import KEY, Desk, Town
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.disputes import conferences as rules
from app.schemas.disputes.agreements import (
    ConferenceForm,
    ConferenceList,
    ConferenceRead,
    DisputeFigures,
    HoldConferenceForm,
)
from app.services.disputes import conferences, statistics
from app.services.disputes.panel_views import conference_read, conferences_read, figures_read

router = make_router("disputes")
First = Annotated[date, Query(description="提交日期从哪天起")]
Last = Annotated[date, Query(description="到哪天，最长一年")]


@router.get("/dispute-figures", responses=read_errors(rules.ConferencePeriodError))
async def get_dispute_figures(actor: Desk, session: Reads, first: First, last: Last) -> DisputeFigures:
    """按类型、事由、片区、网格、结果的件数；小数目和能推算出小数目的不显示。"""
    return figures_read(await statistics.figures(session, actor, first=first, last=last))


@router.get("/conferences", responses=read_errors(CursorInvalidError))
async def list_conferences(
    actor: Desk, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> ConferenceList:
    """党建联席会议，新的在前。"""
    return conferences_read(
        *await conferences.list_conferences(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    )


@router.post(
    "/conferences", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(KEY, rules.ConferencePeriodError),
)  # fmt: skip
async def prepare_conference(actor: Desk, form: ConferenceForm, session: Unit, now: Now) -> ConferenceRead:
    """准备一次联席会议：议题先列上次未办结的决议，再列统计出的突出问题。"""
    return conference_read(await conferences.prepare(session, actor, form, now=now))


@router.get("/conferences/{conference_id}", responses=read_errors(rules.ConferenceNotFoundError))
async def get_conference(actor: Town, conference_id: UUID, session: Reads) -> ConferenceRead:
    """一次联席会议，决议是否办结。"""
    return conference_read(await conferences.get_conference(session, actor, conference_id))


@router.post(
    "/conferences/{conference_id}/hold", dependencies=[KeyRequired],
    responses=write_errors(KEY, rules.ConferenceNotFoundError, rules.ConferenceStateError, StaleError),
)  # fmt: skip
async def hold_conference(
    actor: Town, conference_id: UUID, form: HoldConferenceForm, session: Unit, now: Now
) -> ConferenceRead:
    """登记会议召开和决议，每项决议成为一项待办；纪要何时报给谁。"""
    return conference_read(await conferences.hold(session, actor, conference_id, form, now=now))
