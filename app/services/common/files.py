"""Files: uploaded under a purpose, cleaned, encrypted, checked by WeChat, named by forms, seen through signed links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import puremagic
from sqlalchemy import ColumnElement, and_, delete, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import outbox
from app.core.db import ReadSession, lock
from app.core.ids import new_id
from app.core.storage import ObjectGoneError, Storage
from app.core.upsert import insert_or_ignore
from app.models.common import File, FileUse
from app.rules.common.content import ContentKind
from app.rules.common.files import (
    EXTENSIONS,
    MEDIA_TYPES,
    PURPOSES,
    SHEET_PROBLEMS,
    SHEET_TYPE,
    FileBrokenError,
    FileEmptyError,
    FileInUseError,
    FileKind,
    FileLinkError,
    FileNameError,
    FileNotFoundHereError,
    FilePagesError,
    FilePurpose,
    FileState,
    FileTypeError,
    FileUnusableError,
    ImageTooLargeError,
    SheetRefusedError,
)
from app.rules.common.notices import NoticeKind
from app.rules.identity.apps import ClientApp
from app.rules.identity.roles import Actor, Permission
from app.services.common.content import hold, release
from app.services.common.notices import notify
from app.services.identity import audit
from app.services.runtime import Runtime

CHECK_TOPIC = "wechat.media_check"
DELETE_TOPIC = "storage.delete"
LINK_LIFETIME = timedelta(minutes=10)
# mediaCheckAsync answers within 30 minutes and may fetch late in them.
CHECK_LINK_LIFETIME = timedelta(hours=2)
# What a link is for: a look at what is ready, the owner's own look before that, WeChat's check.
VIEW, OWN, CHECK = "v", "o", "c"
HEAD_BYTES = 4096
ARCHIVE = b"PK\x03\x04"
# Which office reads the files of which thing.
READERS: dict[str, Permission] = {
    "enterprise": Permission.ENTERPRISE_REVIEW,
    "enterprise_claim": Permission.ENTERPRISE_REVIEW,
    "enterprise_licence": Permission.ENTERPRISE_REVIEW,
    "enterprise_suspension": Permission.ENTERPRISE_REVIEW,
    "report": Permission.REPORT_HANDLE,
    "representation": Permission.PERSON_MANAGE,
    "vacancy_takedown": Permission.VACANCY_REVIEW,
    "points_claim": Permission.POINTS_REVIEW,
    **dict.fromkeys(("settlement", "sharing_agreement", "worker_profile", "worker_skill"), Permission.GIG_DECIDE),
    "declaration": Permission.TRAINING_MANAGE,
}


@dataclass(frozen=True, slots=True)
class Upload:
    """What arrived: the name the phone gave it, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Served:
    media_type: str
    content: bytes
    file_name: str


async def upload(runtime: Runtime, session: AsyncSession, actor: Actor, received: Upload, purpose: FilePurpose) -> File:
    """Cleaned and stored first, outside the transaction; the row decides whether it exists."""
    kind, media_type = _recognise(received, purpose)
    clean = await runtime.sanitiser.clean(received.content, media_type)
    if clean.problem == "pixels":
        width, height = clean.numbers
        raise ImageTooLargeError(width=width, height=height, limit=runtime.settings.image_pixels // 10_000)
    if clean.problem == "pages":
        raise FilePagesError(pages=clean.numbers[0], limit=runtime.settings.pdf_pages)
    if kind is FileKind.SHEET and clean.problem is not None:
        raise SheetRefusedError(why=SHEET_PROBLEMS[clean.problem])
    if clean.problem is not None:
        raise FileBrokenError
    now = runtime.clock.now()
    name, key = Storage.new_name(), Storage.new_key()
    await runtime.storage.put(name, key, clean.content)
    row_id, asked = new_id(), kind is FileKind.IMAGE and not PURPOSES[purpose].guarded
    row = File(
        id=row_id, created_at=now, updated_at=now, owner_id=actor.caller_id, app=actor.app, purpose=purpose, kind=kind,
        # A document cannot be asked about, and no purpose shows one to strangers.
        state=FileState.CHECKING if asked else FileState.READY,
        media_type=clean.media_type, size=len(clean.content), width=clean.width, height=clean.height,
        object_name=name, key_sealed=runtime.crypto.seal("file", "key", row_id, key),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    if asked:
        await _ask_for_a_check(session, row, now)
    audit.by(session, actor, "file_uploaded", "file", row.id, now=now, purpose=purpose.value)
    return row


async def bind(
    session: AsyncSession,
    actor: Actor,
    file_ids: Sequence[UUID],
    *,
    purpose: FilePurpose,
    subject_kind: str,
    subject_id: UUID,
    now: datetime,
) -> None:
    """A form names its files: one's own uploads, for this purpose, not refused."""
    for file_id in sorted(set(file_ids)):
        row = await lock(session, File, file_id, FileUnusableError)
        usable = row.owner_id in {actor.person_id, actor.caller_id} and row.purpose is purpose
        if not usable or row.state is FileState.REFUSED:
            raise FileUnusableError
        if not row.bound:
            row.bound = True
            row.touch(now)
        await insert_or_ignore(
            session, FileUse, {"file_id": file_id, "subject_kind": subject_kind, "subject_id": subject_id}
        )


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """One's own; public ones that are ready; those of a thing that one's office or firm handles."""
    kinds = [kind for kind, permission in READERS.items() if actor.town_wide(permission)]
    firms = sorted(actor.enterprises(Permission.ENTERPRISE_MANAGE))
    used = select(col(FileUse.file_id)).where(
        or_(
            col(FileUse.subject_kind).in_(kinds),
            and_(col(FileUse.subject_kind) == "enterprise", col(FileUse.subject_id).in_(firms)),
        )
    )
    public = [purpose for purpose, rule in PURPOSES.items() if rule.public]
    guarded = [purpose for purpose, rule in PURPOSES.items() if rule.guarded]
    return or_(
        and_(col(File.owner_id) == actor.caller_id, or_(col(File.purpose).not_in(guarded), col(File.bound).is_(False))),
        and_(col(File.purpose).in_(public), col(File.state) == FileState.READY),
        col(File.id).in_(used),
    )


async def get_file(session: AsyncSession, actor: Actor, file_id: UUID) -> File:
    found = await session.exec(select(File).where(File.id == file_id, visible_to(actor)))
    row = found.one_or_none()
    if row is None:
        raise FileNotFoundHereError
    return row


async def files_of(session: AsyncSession, subject_kind: str, subject_id: UUID) -> Sequence[UUID]:
    rows = await session.exec(
        select(col(FileUse.file_id))
        .where(FileUse.subject_kind == subject_kind, FileUse.subject_id == subject_id)
        .order_by(col(FileUse.file_id))
    )
    return rows.all()


async def files_of_many(
    session: AsyncSession, subject_kind: str, subject_ids: Sequence[UUID]
) -> dict[UUID, list[UUID]]:
    """For a page of things, in one query."""
    rows = await session.exec(
        select(FileUse)
        .where(FileUse.subject_kind == subject_kind, col(FileUse.subject_id).in_(subject_ids))
        .order_by(col(FileUse.file_id))
    )
    used: dict[UUID, list[UUID]] = {}
    for row in rows:
        used.setdefault(row.subject_id, []).append(row.file_id)
    return used


async def is_visible(session: AsyncSession, actor: Actor, file_id: UUID) -> bool:
    found = await session.exec(select(col(File.id)).where(File.id == file_id, visible_to(actor)))
    return found.one_or_none() is not None


async def purposes_of(session: AsyncSession, subject_kind: str, subject_id: UUID) -> set[FilePurpose]:
    """What kinds of paper lie with a thing."""
    rows = await session.exec(
        select(col(File.purpose))
        .join(FileUse, col(FileUse.file_id) == col(File.id))
        .where(FileUse.subject_kind == subject_kind, FileUse.subject_id == subject_id)
    )
    return set(rows.all())


def link_of(runtime: Runtime, actor: Actor, row: File) -> str | None:
    """A short-lived address; None while nobody but its owner may look, or when it is gone."""
    if row.object_name is None or row.state is FileState.REFUSED:
        return None
    if row.state is FileState.CHECKING and row.owner_id != actor.caller_id:
        return None
    use = VIEW if row.state is FileState.READY else OWN
    return runtime.links.make(_path(row.id), row.id, use=use, now=runtime.clock.now(), lifetime=LINK_LIFETIME)


def check_link_of(runtime: Runtime, row: File) -> str:
    return runtime.links.make(_path(row.id), row.id, use=CHECK, now=runtime.clock.now(), lifetime=CHECK_LINK_LIFETIME)


async def links_of(
    runtime: Runtime, session: AsyncSession | ReadSession, file_ids: Sequence[UUID], *, reviewing: bool = False,
    lifetime: timedelta = LINK_LIFETIME,
) -> dict[UUID, str]:  # fmt: skip
    """Links for those who may see the thing that the files lie with: the caller has asked that. Nothing for what is gone.

    `reviewing`: for the second person, who looks at what nobody else may see yet; the others get what is ready.
    """
    use, where = OWN, and_(col(File.id).in_(file_ids), col(File.object_name).is_not(None))
    if not reviewing:
        use, where = VIEW, and_(where, col(File.state) == FileState.READY)
    rows, now = await session.exec(select(File).where(where)), runtime.clock.now()
    return {row.id: runtime.links.make(_path(row.id), row.id, use=use, now=now, lifetime=lifetime) for row in rows}


async def serve(
    runtime: Runtime, session: ReadSession, file_id: UUID, *, use: str, expires: int, signature: str
) -> Served:
    """The bytes behind a signed link. What was refused since the link was made is gone all the same."""
    if not runtime.links.holds(file_id, use=use, expires=expires, signature=signature, now=runtime.clock.now()):
        raise FileLinkError
    row = (await session.exec(select(File).where(File.id == file_id))).one_or_none()
    if row is None or row.object_name is None or row.key_sealed is None or row.state is FileState.REFUSED:
        raise FileLinkError
    if use == VIEW and row.state is not FileState.READY:
        raise FileLinkError
    try:
        key = runtime.crypto.open("file", "key", row.id, row.key_sealed)
        content = await runtime.storage.get(row.object_name, key)
    except ObjectGoneError as exc:
        raise FileLinkError from exc
    extension = "xlsx" if row.media_type == SHEET_TYPE else row.media_type.rsplit("/", 1)[1]
    return Served(row.media_type, content, f"{row.id.hex[-8:]}.{extension}")


async def content_of(runtime: Runtime, session: AsyncSession, file_id: UUID) -> bytes:
    """The bytes, for the service's own work with them; `FileUnusableError` where they are gone."""
    row = (await session.exec(select(File).where(File.id == file_id))).one_or_none()
    if row is None or row.object_name is None or row.key_sealed is None:
        raise FileUnusableError
    try:
        return await runtime.storage.get(row.object_name, runtime.crypto.open("file", "key", row.id, row.key_sealed))
    except ObjectGoneError as exc:
        raise FileUnusableError from exc


async def discard(session: AsyncSession, actor: Actor, file_id: UUID, *, now: datetime) -> None:
    """One's own upload that no form names."""
    mine = select(File).where(File.id == file_id, File.owner_id == actor.caller_id).with_for_update()
    row = (await session.exec(mine)).one_or_none()
    if row is None:
        raise FileNotFoundHereError
    if row.bound:
        raise FileInUseError
    await erase(session, row, because="本人删除", now=now)
    audit.by(session, actor, "file_discarded", "file", file_id, now=now)


async def settle(session: AsyncSession, row: File, *, ready: bool, because: str | None, now: datetime) -> None:
    """The verdict on an image, by WeChat or by a second person. Twice the same changes nothing."""
    if row.state is FileState.REFUSED or (ready and row.state is FileState.READY):
        return
    await release(session, "file", row.id, now=now)
    if ready:
        row.state = FileState.READY
        row.touch(now)
        return
    await erase(session, row, because=because or "未通过检查", now=now)
    await notify(
        session, person_id=row.owner_id, kind=NoticeKind.CONTENT_REVIEWED, now=now, title="图片未通过检查",
        body=f"您上传的“{row.purpose.label}”{because or '未通过检查'}，已删除；如有需要请换一张重新上传。",
        page="pages/files/mine", template_data={"thing1": row.purpose.label, "phrase2": "未通过"},
    )  # fmt: skip


async def settle_by_id(
    session: AsyncSession, file_id: UUID, *, ready: bool, because: str | None, now: datetime
) -> None:
    row = await lock(session, File, file_id, FileNotFoundHereError)
    await settle(session, row, ready=ready, because=because, now=now)


async def erase_some(session: AsyncSession, file_ids: Sequence[UUID], *, because: str, now: datetime) -> None:
    """These files of a thing, at their person's own wish: without a message about it."""
    for file_id in sorted(set(file_ids)):
        row = await lock(session, File, file_id, FileNotFoundHereError)
        await release(session, "file", row.id, now=now)
        await erase(session, row, because=because, now=now)


async def hold_for_review(session: AsyncSession, row: File, *, because: str, now: datetime) -> None:
    if row.state is FileState.CHECKING:
        await hold(
            session, kind=ContentKind.IMAGE, subject_kind="file", subject_id=row.id, author_id=row.owner_id,
            because=because, title=f"复核图片（{row.purpose.label}）：{because}", now=now,
        )  # fmt: skip


async def erase(session: AsyncSession, row: File, *, because: str, now: datetime) -> None:
    """The object goes after the commit; its key is gone with it, so a copy in a backup cannot be read."""
    if row.object_name is not None:
        await outbox.enqueue(
            session, topic=DELETE_TOPIC, payload={"object_name": row.object_name}, now=now,
            dedupe_key=f"delete:{row.object_name}",
        )  # fmt: skip
    row.object_name, row.key_sealed = None, None
    row.state, row.refused_because = FileState.REFUSED, because
    row.touch(now)


async def erase_uploads(session: AsyncSession, person_id: UUID, kind: FileKind, *, because: str, now: datetime) -> int:
    """All uploads of a person of one kind that no office needs any more (unbound ones)."""
    rows = await session.exec(
        select(File)
        .where(
            File.owner_id == person_id,
            File.kind == kind,
            col(File.object_name).is_not(None),
            col(File.bound).is_(False),
        )
        .order_by(col(File.id))
        .with_for_update()
    )
    found = rows.all()
    for row in found:
        await erase(session, row, because=because, now=now)
    return len(found)


async def forget_uses(session: AsyncSession, subject_kind: str, subject_id: UUID) -> None:
    """The thing is gone; files that belong to nothing else become orphans."""
    ids = await files_of(session, subject_kind, subject_id)
    await session.exec(
        delete(FileUse).where(col(FileUse.subject_kind) == subject_kind, col(FileUse.subject_id) == subject_id)
    )
    still = select(col(FileUse.file_id)).where(col(FileUse.file_id).in_(ids))
    await session.exec(update(File).where(col(File.id).in_(ids), col(File.id).not_in(still)).values(bound=False))


def _recognise(received: Upload, purpose: FilePurpose) -> tuple[FileKind, str]:
    """By the bytes; the name may not claim another kind."""
    if not received.content:
        raise FileEmptyError
    allowed = PURPOSES[purpose].kinds
    kinds = "、".join(kind.label for kind in FileKind if kind in allowed)
    media_type = _media_type(received.content[:HEAD_BYTES])
    kind = MEDIA_TYPES.get(media_type)
    if kind is None or kind not in allowed:
        raise FileTypeError(purpose=purpose.label, kinds=kinds)
    extension = received.name.rsplit(".", 1)[1].lower() if "." in received.name else ""
    if extension and extension not in EXTENSIONS[kind]:
        raise FileNameError(kind=kind.label)
    return kind, media_type


def _media_type(head: bytes) -> str:
    if head.startswith(ARCHIVE):
        # Many kinds of document are such an archive; what is in it is looked at by the process that opens it.
        return SHEET_TYPE
    try:
        guesses = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return ""
    return next((guess.mime_type for guess in guesses if guess.mime_type in MEDIA_TYPES), "")


async def _ask_for_a_check(session: AsyncSession, row: File, now: datetime) -> None:
    if row.app is ClientApp.CONSOLE:
        await hold_for_review(session, row, because="在网页工作台上传，须另一人复核", now=now)
        return
    await outbox.enqueue(
        session, topic=CHECK_TOPIC, payload={"file_id": str(row.id)}, now=now, dedupe_key=f"check:{row.id}"
    )


def _path(file_id: UUID) -> str:
    return f"/api/v1/files/{file_id}/content"
