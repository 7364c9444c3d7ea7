"""举报与分享码。"""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response, status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import (
    Cursor,
    KeyRequired,
    Limit,
    Now,
    Reads,
    RuntimeDep,
    Self,
    SelfRow,
    Unit,
    limited,
    require,
)
from app.routers.routing import make_router, public_errors, read_errors, write_errors
from app.rules.common import reports as rules
from app.rules.common import sharing as share_rules
from app.rules.common.files import FileUnusableError
from app.rules.common.reports import ReportState
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.identity.sessions import WechatAwayError
from app.schemas.base import ExpectedVersion
from app.schemas.common.reports import ReportDecision, ReportForm, ReportRead, ShareForm, ShareRead
from app.services.common import reports, sharing
from app.services.common.views import report_read, share_read

router = make_router("common")
Handler = Annotated[Actor, require(Permission.REPORT_HANDLE)]
SecondHandler = Annotated[Actor, require(Permission.REPORT_HANDLE, Reach.SECOND)]
ShareCodePath = Annotated[str, Path(min_length=10, max_length=12, pattern=r"^[0-9A-Za-z-]+$")]
HANDLING = write_errors(rules.ReportNotFoundError, rules.ReportStateError, SelfReviewError, StaleError)


@router.post(
    "/reports",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired, limited(RateKind.REPORT)],
    responses=write_errors(
        IdempotencyKeyMissingError,
        rules.ReportSubjectError,
        rules.ReportSelfError,
        rules.ReportRepeatedError,
        rules.ReportsOpenError,
        FileUnusableError,
        TooManyRequestsError,
    ),
)
async def submit_report(actor: Self, form: ReportForm, session: Unit, runtime: RuntimeDep, now: Now) -> ReportRead:
    """举报岗位、企业、个人、文件或消息；写明何时答复，结果会通知您。"""
    opened = await reports.submit(
        session,
        runtime.crypto,
        actor,
        subject_kind=form.subject_kind,
        subject_id=form.subject_id,
        reason=form.reason,
        text=form.text,
        file_ids=form.file_ids,
        now=now,
    )
    return report_read(opened, actor)


@router.get("/me/reports", responses=read_errors(CursorInvalidError))
async def list_my_reports(
    actor: Self, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[ReportRead]:
    """我的举报及处理结果。"""
    found, following = await reports.list_mine(
        session, runtime.crypto, runtime.cursors, actor, cursor=cursor, limit=limit
    )
    return Page(items=[report_read(opened, actor) for opened in found], next_cursor=following)


@router.get("/reports", responses=read_errors(CursorInvalidError))
async def list_reports(
    actor: Handler,
    session: Reads,
    runtime: RuntimeDep,
    state: Annotated[ReportState | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ReportRead]:
    """全部举报，新的在前；不显示举报人。"""
    found, following = await reports.list_all(
        session, runtime.crypto, runtime.cursors, actor, state=state, cursor=cursor, limit=limit
    )
    return Page(items=[report_read(opened, actor) for opened in found], next_cursor=following)


@router.post("/reports/{report_id}/take", responses=HANDLING)
async def take_report(
    actor: SecondHandler, report_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> ReportRead:
    """受理举报，举报人会知道有人在处理。"""
    opened = await reports.take(
        session, runtime.crypto, actor, report_id, expected_version=form.expected_version, now=now
    )
    return report_read(opened, actor)


@router.post("/reports/{report_id}/decide", responses=HANDLING)
async def decide_report(
    actor: SecondHandler, report_id: UUID, form: ReportDecision, session: Unit, runtime: RuntimeDep, now: Now
) -> ReportRead:
    """作出处理：属实的岗位或图片随即下架，答复送达举报人。"""
    opened = await reports.decide(
        session,
        runtime.crypto,
        actor,
        report_id,
        uphold=form.uphold,
        reply=form.reply,
        expected_version=form.expected_version,
        now=now,
    )
    return report_read(opened, actor)


@router.post(
    "/share-codes",
    status_code=status.HTTP_201_CREATED,
    dependencies=[limited(RateKind.SHARE)],
    responses=write_errors(
        share_rules.ShareTargetError, share_rules.ShareAppError, share_rules.SharePeriodError, TooManyRequestsError
    ),
)
async def create_share_code(actor: Self, form: ShareForm, session: Unit, now: Now) -> ShareRead:
    """为公开的岗位、企业或招聘会生成十位分享码，可印在海报上。"""
    return share_read(await sharing.create(session, actor, now=now, **form.model_dump()))


@router.get("/me/share-codes", responses=read_errors())
async def list_my_share_codes(actor: Self, session: Reads) -> list[ShareRead]:
    """我生成的分享码。"""
    return [share_read(row) for row in await sharing.codes_of(session, actor)]


@router.get("/share-codes/{code}", responses=public_errors(share_rules.ShareCodeNotFoundError))
async def read_share_code(code: ShareCodePath, session: Reads, now: Now) -> ShareRead:
    """扫码或输入分享码之后要打开什么。"""
    return share_read(await sharing.read(session, code, now=now))


@router.get(
    "/share-codes/{code}/qrcode",
    dependencies=[limited(RateKind.SHARE)],
    response_class=Response,
    responses=read_errors(share_rules.ShareCodeNotFoundError, WechatAwayError, TooManyRequestsError)
    | {200: {"content": {"image/png": {}}, "description": "小程序码图片"}},
)
async def get_share_qrcode(actor: SelfRow, code: ShareCodePath, runtime: RuntimeDep) -> Response:
    """自己的分享码的小程序码，用于印刷。"""
    return Response(await sharing.qrcode(runtime, actor, code), media_type="image/png")
