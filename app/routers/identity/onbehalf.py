"""代办：授权、登记、本人验证码、撤销。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Now, Reads, RuntimeDep, Self, SelfRow, Unit, limited, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.common.files import FileUnusableError
from app.rules.identity import onbehalf as rules
from app.rules.identity.access import Reach
from app.rules.identity.ages import TooYoungError
from app.rules.identity.people import PersonInvisibleError
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import ExpectedVersion
from app.schemas.identity.onbehalf import (
    AssistedActRead,
    AssistedPersonForm,
    AssistedPersonRead,
    OwnCodeForm,
    OwnCodeRead,
    OwnCodeSent,
    RepresentationClaim,
    RepresentationOffer,
    RepresentationOffered,
    RepresentationRead,
    RepresentationRecord,
)
from app.services.identity import assisted, onbehalf, undo
from app.services.identity.views import act_read, representation_read

router = make_router("identity")
Assistant = Annotated[Actor, require(Permission.PERSON_ASSIST)]
AssistantOf = Annotated[Actor, require(Permission.PERSON_ASSIST, Reach.TOWN)]
TERMS = (rules.RepresentationTextError, rules.RepresentationPeriodError, rules.RepresentationMethodError)


@router.get("/representations", responses=read_errors())
async def list_representations(actor: Self, session: Reads, now: Now) -> list[RepresentationRead]:
    """谁可以替我办事，我可以替谁办事。"""
    rows = await onbehalf.list_representations(session, actor, now=now)
    return [representation_read(row, actor) for row in rows]


@router.post("/representations", status_code=status.HTTP_201_CREATED, responses=write_errors(*TERMS))
async def offer_representation(
    actor: Self, form: RepresentationOffer, session: Unit, now: Now
) -> RepresentationOffered:
    """请亲属代办，或由未满14周岁的人请监护人：生成代办码，交给对方输入。"""
    terms = onbehalf.Terms(form.scopes, form.text_version, form.valid_to)
    row, code = await onbehalf.offer(session, actor, form.kind, terms, now=now)
    return RepresentationOffered(representation=representation_read(row, actor), code=code)


@router.post(
    "/representations/claims",
    dependencies=[limited(RateKind.CLAIM)],
    responses=write_errors(
        rules.RepresentationCodeError, rules.SelfRepresentationError, rules.GuardianAgeError, TooManyRequestsError
    ),
)
async def accept_representation(
    actor: Self, form: RepresentationClaim, session: Unit, runtime: RuntimeDep, now: Now
) -> RepresentationRead:
    """输入代办码，成为代办人。"""
    return representation_read(await onbehalf.accept(session, runtime.crypto, actor, code=form.code, now=now), actor)


@router.post(
    "/representations/recorded",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(
        *TERMS, rules.EvidenceNeededError, rules.SelfRepresentationError, PersonInvisibleError, FileUnusableError
    ),
)
async def record_representation(
    actor: AssistantOf, form: RepresentationRecord, session: Unit, runtime: RuntimeDep, now: Now
) -> RepresentationRead:
    """网格员或窗口人员登记本人的口头、签字或录音同意；本人会收到通知，可随时撤销。"""
    row = await onbehalf.record_staff(
        session,
        runtime.crypto,
        actor,
        form.person_id,
        onbehalf.Terms(form.scopes, form.text_version, form.valid_to),
        method=form.method,
        note=form.note,
        evidence_file_id=form.evidence_file_id,
        now=now,
    )
    return representation_read(row, actor)


@router.post(
    "/representations/{representation_id}/revoke",
    responses=write_errors(rules.RepresentationNotFoundError, StaleError),
)
async def revoke_representation(
    actor: SelfRow, representation_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> RepresentationRead:
    """撤销代办授权，任何一方随时可以，下一次请求起无效。"""
    row = await onbehalf.revoke(
        session, runtime.crypto, actor, representation_id, expected_version=form.expected_version, now=now
    )
    return representation_read(row, actor)


@router.post(
    "/representations/{representation_id}/own-codes",
    status_code=status.HTTP_201_CREATED,
    dependencies=[limited(RateKind.OWN_CODE)],
    responses=write_errors(rules.RepresentationNotFoundError, TooManyRequestsError),
)
async def send_own_code(
    actor: SelfRow, representation_id: UUID, form: OwnCodeForm, session: Unit, runtime: RuntimeDep, now: Now
) -> OwnCodeSent:
    """把本人验证码发给本人（短信和本人的小程序），由本人告诉代办人。"""
    own = await onbehalf.send_own_code(session, runtime.crypto, actor, representation_id, form.operation, now=now)
    return OwnCodeSent(expires_at=own.expires_at)


@router.get("/me/own-codes", responses=read_errors())
async def list_my_own_codes(actor: Self, session: Reads, runtime: RuntimeDep, now: Now) -> list[OwnCodeRead]:
    """等我确认的验证码；同意才告诉代办人。"""
    found = await onbehalf.list_own_codes(session, runtime.crypto, actor, now=now)
    return [OwnCodeRead(operation=row.operation, code=code, expires_at=row.expires_at) for row, code in found]


@router.post("/assisted-people", status_code=status.HTTP_201_CREATED, responses=write_errors(TooYoungError))
async def register_assisted_person(
    actor: Assistant, form: AssistedPersonForm, session: Unit, runtime: RuntimeDep, now: Now
) -> AssistedPersonRead:
    """为没有微信的人建立档案；随后登记其同意即可代办。"""
    person = await onbehalf.register_person(
        session, runtime.crypto, actor, name=form.name, birth_date=form.birth_date, phone=form.phone, now=now
    )
    return AssistedPersonRead(person_id=person.id)


@router.get("/me/assisted-acts", responses=read_errors())
async def list_my_assisted_acts(actor: Self, session: Reads) -> list[AssistedActRead]:
    """别人替我办了什么。"""
    return [act_read(row) for row in await assisted.list_acts(session, actor)]


@router.post(
    "/me/assisted-acts/{act_id}/undo",
    responses=write_errors(rules.AssistedActNotFoundError, rules.AlreadyUndoneError, rules.NotUndoableError),
)
async def undo_assisted_act(
    actor: SelfRow, act_id: UUID, session: Unit, runtime: RuntimeDep, now: Now
) -> AssistedActRead:
    """撤销代办人替我办的一件事，恢复原样。"""
    return act_read(await undo.undo(session, runtime.crypto, actor, act_id, now=now))
