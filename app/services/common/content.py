"""Content checks: MsgSecCheck inside the author's own request, and the second person where WeChat cannot say.

`risky` refuses and names the field; `review`, an outage, a person WeChat has not seen for two hours (61010), or a text
typed in the web console is held for a second person: never shown to others unchecked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version, lock
from app.core.errors import FieldIssue
from app.core.events import emit
from app.core.pages import Cursors, after
from app.models.common import ContentReview
from app.rules.common.content import (
    ContentKind,
    ReviewNotFoundError,
    ReviewState,
    TextRiskyError,
    check_review_transition,
)
from app.rules.common.tasks import TaskKind
from app.rules.identity.apps import ClientApp
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.services.common.tasks import close_tasks, open_task
from app.services.events import ContentReviewed
from app.services.identity import audit
from app.services.identity.openids import openid_of
from app.services.runtime import Runtime
from app.wechat.errors import WechatError

# msgSecCheck scenes: 1 profile, 2 comment, 3 forum, 4 social log.
SCENE_PROFILE, SCENE_COMMENT, SCENE_FORUM = 1, 2, 3


@dataclass(frozen=True, slots=True)
class ContentVerdict:
    """`held` says in Chinese why a person of the town must look first; None where the text may be shown."""

    held: str | None


async def check_texts(
    runtime: Runtime, actor: Actor, texts: Mapping[str, str], *, scene: int, title: str | None = None
) -> ContentVerdict:
    """`texts`: path in the form → words. Before the transaction begins: WeChat may be slow."""
    texts = {path: text for path, text in texts.items() if text.strip()}
    if not texts:
        return ContentVerdict(held=None)
    if actor.app is ClientApp.CONSOLE:
        return ContentVerdict(held="在网页工作台填写，须另一人复核")
    async with runtime.db.reading() as session:
        openid = await openid_of(session, actor.caller_id, actor.app.wechat)
    if openid is None:
        return ContentVerdict(held="发布者没有本小程序的微信身份，转人工复核")
    try:
        whole = await runtime.wechat.check_text(
            actor.app.value, openid, "\n".join(texts.values()), scene=scene, title=title
        )
        if whole.suggest == "risky":
            await _refuse_risky(runtime, actor, openid, texts, scene)
    except WechatError:
        return ContentVerdict(held="微信内容安全检查暂时没有结果，转人工复核")
    return ContentVerdict(held=None if whole.suggest == "pass" else "微信内容安全检查建议人工复核")


async def hold(
    session: AsyncSession,
    *,
    kind: ContentKind,
    subject_kind: str,
    subject_id: UUID,
    author_id: UUID,
    because: str,
    title: str,
    now: datetime,
) -> None:
    """Put it into the second person's queue; held again, it is one entry that is open anew."""
    found = await session.exec(
        select(ContentReview)
        .where(ContentReview.subject_kind == subject_kind, ContentReview.subject_id == subject_id)
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        row = ContentReview(
            created_at=now, updated_at=now, kind=kind, subject_kind=subject_kind, subject_id=subject_id,
            author_id=author_id, held_because=because,
        )  # fmt: skip
        session.add(row)
    else:
        row.state, row.held_because, row.author_id = ReviewState.OPEN, because, author_id
        row.decided_by, row.decided_at, row.note = None, None, None
        row.touch(now)
    await session.flush()
    await open_task(session, TaskKind.CONTENT_REVIEW, row.id, title=title, now=now)


async def release(session: AsyncSession, subject_kind: str, subject_id: UUID, *, now: datetime) -> None:
    """A later check said `pass`, or the text is gone: nobody need look any more."""
    found = await session.exec(
        select(ContentReview)
        .where(
            ContentReview.subject_kind == subject_kind,
            ContentReview.subject_id == subject_id,
            ContentReview.state == ReviewState.OPEN,
        )
        .with_for_update()
    )
    row = found.one_or_none()
    if row is not None:
        row.state, row.decided_at = ReviewState.APPROVED, now
        row.touch(now)
        await close_tasks(session, TaskKind.CONTENT_REVIEW, row.id, by=None, now=now)


async def list_reviews(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[ContentReview], str | None]:
    """What waits, newest first."""
    check_town_wide(actor, Permission.CONTENT_REVIEW)
    query = {"list": "content_reviews", "person": actor.person_id}
    keys = [col(ContentReview.created_at), col(ContentReview.id)]
    statement = select(ContentReview).where(ContentReview.state == ReviewState.OPEN)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])


async def decide(
    session: AsyncSession,
    actor: Actor,
    review_id: UUID,
    *,
    approve: bool,
    note: str,
    expected_version: int,
    now: datetime,
) -> ContentReview:
    """The second person's word; what follows from it stands in `reactions.py`."""
    check_town_wide(actor, Permission.CONTENT_REVIEW)
    row = await lock(session, ContentReview, review_id, ReviewNotFoundError)
    if row.author_id == actor.person_id:
        raise SelfReviewError
    check_version(row.version, expected_version)
    target = ReviewState.APPROVED if approve else ReviewState.REFUSED
    check_review_transition(row.state, target)
    row.state, row.note, row.decided_by, row.decided_at = target, note or None, actor.person_id, now
    row.touch(now)
    await close_tasks(session, TaskKind.CONTENT_REVIEW, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, f"content_{target.value}", row.subject_kind, row.subject_id, now=now)
    await emit(
        session,
        ContentReviewed(
            at=now, subject_kind=row.subject_kind, subject_id=row.subject_id, author_id=row.author_id,
            approved=approve, note=row.note,
        ),
    )  # fmt: skip
    return row


async def _refuse_risky(runtime: Runtime, actor: Actor, openid: str, texts: Mapping[str, str], scene: int) -> None:
    """Ask again field by field, so that the person learns which one to mend."""
    guilty = []
    for path, text in texts.items():
        verdict = await runtime.wechat.check_text(actor.app.value, openid, text, scene=scene)
        if verdict.suggest == "risky":
            guilty.append(path)
    raise TextRiskyError(
        fields=[FieldIssue(path=path, message=TextRiskyError.message) for path in guilty or list(texts)]
    )
