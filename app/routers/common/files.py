"""文件上传、查看，内容复核。"""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Query, Response, UploadFile, status

from app.core.errors import LengthMissingError, StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.core.storage import StorageAwayError
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
from app.rules.common import files as rules
from app.rules.common.content import ReviewNotFoundError, ReviewStateError
from app.rules.common.files import FilePurpose
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.schemas.common.files import FileRead, ReviewDecision, ReviewRead
from app.services.common import content, files
from app.services.common.views import file_read, review_read, review_reads

router = make_router("common")
# Public pictures anybody may ask for; papers of a thing, whose office handles it and whose firm it is.
Looker = Annotated[
    Actor,
    require(
        Permission.SELF, Reach.SELF, (Permission.ENTERPRISE_MANAGE, Reach.FIRM),
        (Permission.ENTERPRISE_REVIEW, Reach.SCOPE), (Permission.REPORT_HANDLE, Reach.SCOPE),
        (Permission.PERSON_MANAGE, Reach.SCOPE), (Permission.POINTS_REVIEW, Reach.SCOPE),
        (Permission.VACANCY_REVIEW, Reach.SCOPE), (Permission.TRAINING_MANAGE, Reach.SCOPE),
    ),
]  # fmt: skip
Reviewer = Annotated[Actor, require(Permission.CONTENT_REVIEW)]
SecondReviewer = Annotated[Actor, require(Permission.CONTENT_REVIEW, Reach.SECOND)]


@router.post(
    "/files",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired, limited(RateKind.UPLOAD)],
    responses=write_errors(
        IdempotencyKeyMissingError,
        LengthMissingError,
        rules.FileEmptyError,
        rules.FileTypeError,
        rules.FileNameError,
        rules.FileBrokenError,
        rules.FilePagesError,
        rules.ImageTooLargeError,
        rules.SheetRefusedError,
        StorageAwayError,
        TooManyRequestsError,
    ),
)
async def upload_file(
    actor: Self,
    file: UploadFile,
    purpose: Annotated[FilePurpose, Form(description="What it is for: decides kinds and who may see it")],
    session: Unit,
    runtime: RuntimeDep,
) -> FileRead:
    """上传一个文件（wx.uploadFile，字段名 file）；图片去除拍摄信息并送微信检查，表单里填返回的 file_id。"""
    received = files.Upload(name=file.filename or "", content=await file.read())
    return file_read(runtime, actor, await files.upload(runtime, session, actor, received, purpose))


@router.get("/files/{file_id}", responses=read_errors(rules.FileNotFoundHereError))
async def get_file(actor: Looker, file_id: UUID, session: Reads, runtime: RuntimeDep) -> FileRead:
    """文件的状态和十分钟内有效的查看链接。"""
    return file_read(runtime, actor, await files.get_file(session, actor, file_id))


@router.delete(
    "/files/{file_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(rules.FileNotFoundHereError, rules.FileInUseError),
)
async def discard_file(actor: SelfRow, file_id: UUID, session: Unit, now: Now) -> None:
    """删除自己还没有用到的上传。"""
    await files.discard(session, actor, file_id, now=now)


@router.get(
    "/files/{file_id}/content",
    response_class=Response,
    responses=public_errors(rules.FileLinkError, StorageAwayError)
    | {200: {"content": {kind: {} for kind in rules.SERVED_TYPES}, "description": "文件内容"}},
)
async def get_file_content(
    file_id: UUID,
    session: Reads,
    runtime: RuntimeDep,
    e: Annotated[int, Query(ge=0, le=99_999_999_999, description="Expiry, Unix seconds")],
    w: Annotated[str, Query(max_length=1, pattern="^[voc]$", description="What the link is for")],
    s: Annotated[str, Query(max_length=40, pattern=r"^[A-Za-z0-9_-]+$", description="Signature")],
) -> Response:
    """签名链接里的文件内容；链接由“文件的状态”给出，过期或改动即失效。"""
    served = await files.serve(runtime, session, file_id, use=w, expires=e, signature=s)
    return Response(
        served.content,
        media_type=served.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{served.file_name}"',
            "Cache-Control": "private, max-age=300",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


@router.get("/content-reviews", responses=read_errors(CursorInvalidError))
async def list_content_reviews(
    actor: Reviewer, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[ReviewRead]:
    """等待第二人复核的图片和文字。"""
    rows, following = await content.list_reviews(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=await review_reads(runtime, session, rows), next_cursor=following)


@router.post(
    "/content-reviews/{review_id}/decide",
    responses=write_errors(ReviewNotFoundError, ReviewStateError, SelfReviewError, StaleError),
)
async def decide_content_review(
    actor: SecondReviewer, review_id: UUID, form: ReviewDecision, session: Unit, runtime: RuntimeDep, now: Now
) -> ReviewRead:
    """复核通过或不通过；不能复核自己的。"""
    row = await content.decide(
        session,
        actor,
        review_id,
        approve=form.approve,
        note=form.note,
        expected_version=form.expected_version,
        now=now,
    )
    return await review_read(runtime, session, row)
