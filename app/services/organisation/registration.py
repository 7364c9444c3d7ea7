"""A firm that nobody seeded: registered by its handler, mended while returned, reviewed within a working day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.errors import FieldIssue
from app.core.events import emit
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.organisation import Enterprise, EnterpriseLicence, EnterpriseName
from app.rules.common.files import FilePurpose
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, Role, ScopeKind, SelfReviewError, check_town_wide
from app.rules.organisation import (
    ENTERPRISE_EDITABLE,
    REVIEW_WORKDAYS,
    CreditCodeTakenError,
    EnterpriseAreaError,
    EnterpriseKind,
    EnterpriseNameTakenError,
    EnterpriseNotFoundError,
    EnterprisePapersError,
    EnterpriseState,
    EnterpriseStateError,
    LicenceKind,
    LicenceKindError,
    PaperExpiredError,
    VerifiedHow,
    check_credit_code,
    check_enterprise_transition,
)
from app.services.common import files
from app.services.common.calendar import deadline, end_of
from app.services.common.content import SCENE_PROFILE, check_texts
from app.services.common.tasks import close_tasks, open_task
from app.services.events import EnterpriseClaimReviewed
from app.services.identity import audit
from app.services.identity.staff import grant_role, limit_role
from app.services.organisation.enterprises import licences_of, mark_verified, stamp_verified
from app.services.organisation.liaison import area_kind
from app.services.runtime import Runtime

SUBJECT = "enterprise"


@dataclass(frozen=True, slots=True)
class EnterpriseDetails:
    """The form, as its own people and the office see it."""

    enterprise: Enterprise
    handler: str | None
    licences: Sequence[EnterpriseLicence]
    file_ids: Sequence[UUID]


async def register(runtime: Runtime, session: AsyncSession, actor: Actor, form: dict[str, Any]) -> Enterprise:
    """A draft of one's own; the registrant is its owner. A firm of this name is claimed, not registered twice."""
    code = check_credit_code(form["uscc"])
    # An officer reads name and address before anybody else does: a doubt (`held`) needs no further queue.
    await check_texts(
        runtime, actor, {"name": form["name"], "address": form["address"]}, scene=SCENE_PROFILE, title=form["name"]
    )
    now = runtime.clock.now()
    await _check_area(session, form["area_id"])
    await _check_name_free(session, form["name"], None)
    await _check_code_free(session, code, None)
    row = Enterprise(
        id=new_id(), created_at=now, updated_at=now, name=form["name"], kind=form["kind"], uscc=code,
        address=form["address"], area_id=form["area_id"], registered_by=actor.person_id,
        licence_valid_to=form["licence_valid_to"], authorisation_valid_to=form["authorisation_valid_to"],
    )  # fmt: skip
    row.handler_sealed = runtime.crypto.seal(SUBJECT, "handler", row.id, form["handler"])
    if not await insert_or_ignore(session, Enterprise, row.model_dump()):
        raise EnterpriseNameTakenError
    await _bind_papers(session, actor, row.id, form, now)
    grant_role(
        session, person_id=actor.person_id, role=Role.OWNER, scope_kind=ScopeKind.ENTERPRISE, scope_id=row.id,
        valid_from=now, valid_to=None, source="企业登记人", by=actor.person_id, now=now,
    )  # fmt: skip
    audit.by(session, actor, "enterprise_registered", SUBJECT, row.id, now=now)
    return await lock(session, Enterprise, row.id, EnterpriseNotFoundError)


async def change(
    runtime: Runtime, session: AsyncSession, actor: Actor, enterprise_id: UUID, form: dict[str, Any]
) -> Enterprise:
    """Replaces the form while it is a draft or returned."""
    code = check_credit_code(form["uscc"])
    await check_texts(
        runtime, actor, {"name": form["name"], "address": form["address"]}, scene=SCENE_PROFILE, title=form["name"]
    )
    now = runtime.clock.now()
    row = await _own(session, actor, enterprise_id)
    check_version(row.version, form["expected_version"])
    if row.state not in ENTERPRISE_EDITABLE:
        raise EnterpriseStateError(current=row.state.label, target=EnterpriseState.DRAFT.label)
    await _check_area(session, form["area_id"])
    await _check_name_free(session, form["name"], row.id)
    await _check_code_free(session, code, row.id)
    row.name, row.kind, row.uscc, row.address, row.area_id = (
        form["name"], form["kind"], code, form["address"], form["area_id"],
    )  # fmt: skip
    row.licence_valid_to, row.authorisation_valid_to = form["licence_valid_to"], form["authorisation_valid_to"]
    row.handler_sealed = runtime.crypto.seal(SUBJECT, "handler", row.id, form["handler"])
    row.touch(now)
    await _bind_papers(session, actor, row.id, form, now)
    audit.by(session, actor, "enterprise_changed", SUBJECT, row.id, now=now)
    await session.flush()
    return row


async def save_licence(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    *,
    kind: LicenceKind,
    number: str,
    valid_to: date,
    file_id: UUID,
    now: datetime,
) -> EnterpriseLicence:
    """An agency's permit, new or renewed; it counts once an officer has seen it."""
    enterprise = await _own(session, actor, enterprise_id)
    if enterprise.kind is not EnterpriseKind.AGENCY:
        raise LicenceKindError
    if valid_to < china_date(now):
        raise PaperExpiredError(paper=kind.label)
    # Before the row that points at it: an unknown file is the caller's mistake and not the database's.
    await files.bind(
        session, actor, [file_id], purpose=FilePurpose.AGENCY_LICENCE, subject_kind=SUBJECT, subject_id=enterprise_id,
        now=now,
    )  # fmt: skip
    found = await session.exec(
        select(EnterpriseLicence)
        .where(EnterpriseLicence.enterprise_id == enterprise_id, EnterpriseLicence.kind == kind)
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        row = EnterpriseLicence(
            created_at=now, updated_at=now, enterprise_id=enterprise_id, kind=kind, number=number, valid_to=valid_to,
            file_id=file_id,
        )  # fmt: skip
        session.add(row)
    else:
        row.number, row.valid_to, row.file_id = number, valid_to, file_id
        row.verified_by, row.verified_at = None, None
        row.touch(now)
    if enterprise.state is EnterpriseState.APPROVED:
        await open_task(
            session, TaskKind.ENTERPRISE_REVIEW, enterprise_id, title=f"核对“{enterprise.name}”新的{kind.label}",
            now=now, due_at=(await deadline(session, now, REVIEW_WORKDAYS)).at,
        )  # fmt: skip
    audit.by(session, actor, "licence_saved", SUBJECT, enterprise_id, now=now, kind=kind.value)
    await session.flush()
    return row


async def submit(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, *, expected_version: int, now: datetime
) -> Enterprise:
    """Complete and for review: an officer answers within a working day."""
    row = await _own(session, actor, enterprise_id)
    check_version(row.version, expected_version)
    check_enterprise_transition(row.state, EnterpriseState.SUBMITTED)
    await _check_complete(session, row, china_date(now))
    row.state, row.returned_because = EnterpriseState.SUBMITTED, None
    row.touch(now)
    await open_task(
        session, TaskKind.ENTERPRISE_REVIEW, row.id, title=f"审核“{row.name}”的企业登记", now=now,
        due_at=(await deadline(session, now, REVIEW_WORKDAYS)).at,
    )  # fmt: skip
    audit.by(session, actor, "enterprise_submitted", SUBJECT, row.id, now=now)
    return row


async def review(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    *,
    approve: bool,
    how: VerifiedHow,
    reason: str | None,
    expected_version: int,
    now: datetime,
) -> Enterprise:
    """An officer compares the papers; never one's own firm. A renewed permit is `confirm_licences`."""
    check_town_wide(actor, Permission.ENTERPRISE_REVIEW)
    row = await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    if row.registered_by == actor.person_id or enterprise_id in {grant.scope_id for grant in actor.grants}:
        raise SelfReviewError
    check_version(row.version, expected_version)
    if row.state is not EnterpriseState.SUBMITTED:
        # The table has further ways to `approved`, by acts of their own: a claim, and the lifting of a suspension.
        target = EnterpriseState.APPROVED if approve else EnterpriseState.RETURNED
        raise EnterpriseStateError(current=row.state.label, target=target.label)
    if approve:
        await mark_verified(session, actor, row, how=how, now=now)
        if row.registered_by is not None and row.authorisation_valid_to is not None:
            # Who acts by letter acts as long as the letter says, as with a claim.
            await limit_role(
                session, person_id=row.registered_by, role=Role.OWNER, scope_id=row.id,
                valid_to=end_of(row.authorisation_valid_to), now=now,
            )  # fmt: skip
    else:
        row.state, row.returned_because = EnterpriseState.RETURNED, reason
        row.touch(now)
    await close_tasks(session, TaskKind.ENTERPRISE_REVIEW, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, f"enterprise_{row.state.value}", SUBJECT, row.id, now=now)
    if row.registered_by is not None:
        await emit(
            session,
            EnterpriseClaimReviewed(
                at=now, claim_id=row.id, person_id=row.registered_by, enterprise_name=row.name, approved=approve,
                reason=reason, what="登记",
            ),
        )  # fmt: skip
    return row


async def confirm_licences(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, *, expected_version: int, now: datetime
) -> Enterprise:
    """The officer has seen the renewed permits of a firm that is approved already."""
    check_town_wide(actor, Permission.ENTERPRISE_REVIEW)
    row = await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    if enterprise_id in {grant.scope_id for grant in actor.grants}:
        raise SelfReviewError
    check_version(row.version, expected_version)
    if row.state is not EnterpriseState.APPROVED:
        raise EnterpriseStateError(current=row.state.label, target=EnterpriseState.APPROVED.label)
    await renew(session, actor, row, now=now)
    return row


async def renew(session: AsyncSession, actor: Actor, row: Enterprise, *, now: datetime) -> None:
    """Another year, in the state the firm is in already."""
    await stamp_verified(session, actor, row, how=row.verified_how or VerifiedHow.UPLOAD, now=now)
    for kind in (TaskKind.ENTERPRISE_REVIEW, TaskKind.PAPERS_EXPIRED):
        await close_tasks(session, kind, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, "enterprise_renewed", SUBJECT, row.id, now=now)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The office sees every firm's form, a firm its own; approved ones have a public face elsewhere."""
    if actor.town_wide(Permission.ENTERPRISE_REVIEW):
        return col(Enterprise.id).is_not(None)
    return or_(
        col(Enterprise.id).in_(sorted(actor.enterprises(Permission.VACANCY_WRITE))),
        col(Enterprise.registered_by) == actor.person_id,
    )


async def read_details(session: ReadSession, crypto: Crypto, actor: Actor, enterprise_id: UUID) -> EnterpriseDetails:
    found = await session.exec(select(Enterprise).where(Enterprise.id == enterprise_id, visible_to(actor)))
    row = found.one_or_none()
    if row is None:
        raise EnterpriseNotFoundError
    return await details_of(session, crypto, row)


async def details_of(session: AsyncSession, crypto: Crypto, row: Enterprise) -> EnterpriseDetails:
    return EnterpriseDetails(
        enterprise=row,
        handler=crypto.open_if(SUBJECT, "handler", row.id, row.handler_sealed),
        licences=await licences_of(session, row.id),
        file_ids=await files.files_of(session, SUBJECT, row.id),
    )


async def _own(session: AsyncSession, actor: Actor, enterprise_id: UUID) -> Enterprise:
    if enterprise_id not in actor.enterprises(Permission.ENTERPRISE_MANAGE):
        raise EnterpriseNotFoundError
    return await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)


async def _check_complete(session: AsyncSession, row: Enterprise, today: date) -> None:
    """Licence, handler, letter; an agency also a permit (人力资源市场暂行条例 第十八、二十六条)."""
    purposes = await files.purposes_of(session, SUBJECT, row.id)
    licences = await licences_of(session, row.id)
    missing = {
        "licence_file_id": ("营业执照", FilePurpose.LICENCE in purposes),
        "authorisation_file_id": ("授权委托书", FilePurpose.AUTHORISATION in purposes),
        "handler": ("经办人", row.handler_sealed is not None),
        "licences": ("人力资源服务或劳务派遣许可证", row.kind is not EnterpriseKind.AGENCY or bool(licences)),
    }
    lacking = {path: label for path, (label, there) in missing.items() if not there}
    if lacking:
        raise EnterprisePapersError(
            missing="、".join(lacking.values()),
            fields=[FieldIssue(path=path, message=f"请补全{label}") for path, label in lacking.items()],
        )
    for label, ends in (("营业执照", row.licence_valid_to), ("授权委托书", row.authorisation_valid_to)):
        if ends is not None and ends < today:
            raise PaperExpiredError(paper=label)


async def _bind_papers(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, form: dict[str, Any], now: datetime
) -> None:
    for name, purpose in (
        ("licence_file_id", FilePurpose.LICENCE), ("authorisation_file_id", FilePurpose.AUTHORISATION),
    ):  # fmt: skip
        if form[name] is not None:
            await files.bind(
                session, actor, [form[name]], purpose=purpose, subject_kind=SUBJECT, subject_id=enterprise_id, now=now
            )


async def _check_area(session: AsyncSession, area_id: UUID | None) -> None:
    if area_id is not None and await area_kind(session, area_id) is None:
        raise EnterpriseAreaError


async def _check_name_free(session: AsyncSession, name: str, but: UUID | None) -> None:
    own = select(col(Enterprise.id)).where(Enterprise.name == name)
    other = select(col(EnterpriseName.enterprise_id)).where(EnterpriseName.name == name)
    for statement in (own, other):
        holder = (await session.exec(statement)).one_or_none()
        if holder is not None and holder != but:
            raise EnterpriseNameTakenError


async def _check_code_free(session: AsyncSession, code: str, but: UUID | None) -> None:
    holder = (await session.exec(select(col(Enterprise.id)).where(Enterprise.uscc == code))).one_or_none()
    if holder is not None and holder != but:
        raise CreditCodeTakenError
