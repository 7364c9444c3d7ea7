"""本人资料、同意、我的数据。"""

from typing import Annotated

from fastapi import Header, status

from app.core.errors import StaleError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Now, Reads, RuntimeDep, Self, Unit, assisted, limited
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.common.content import TextRiskyError
from app.rules.identity.ages import BirthDateError, GuardianNeededError
from app.rules.identity.consents import ConsentMissingError, ConsentPurpose, PolicyVersionError
from app.rules.identity.id_numbers import IdNumberBirthDateError, IdNumberError
from app.rules.identity.onbehalf import AgentScope, OwnCodeNeededError, OwnCodeWrongError
from app.rules.identity.privacy import DeletionBlockedError, DeletionWordError
from app.rules.identity.roles import Actor
from app.rules.identity.sessions import PhoneCodeInvalidError, WechatAwayError
from app.schemas.identity.me import (
    AccessRead,
    ConsentForm,
    ConsentsRead,
    DeletionForm,
    ExportRead,
    IdNumberForm,
    MeRead,
    NightMessagesForm,
    PersonRead,
    PhoneForm,
    ProfileForm,
)
from app.services.identity import consents, deletion, export, people, reveal
from app.services.identity import me as me_service
from app.services.identity.views import accesses_read, consents_read, person_read

router = make_router("identity")
MyProfile = Annotated[Actor, assisted(AgentScope.PROFILE)]
OwnCode = Annotated[
    str | None,
    Header(alias="X-Own-Code", max_length=20, description="代办时：本人收到并告诉您的验证码"),
]


@router.get("/me", responses=read_errors(*AGENT_ERRORS))
async def get_me(actor: MyProfile, session: Reads, runtime: RuntimeDep, now: Now) -> MeRead:
    """我的角色、待办数、尚缺的同意和未读通知数。"""
    return await me_service.read_me(session, runtime.crypto, actor, now=now)


@router.put(
    "/me/profile",
    responses=write_errors(*AGENT_ERRORS, BirthDateError, IdNumberBirthDateError, TextRiskyError, StaleError),
)
async def save_my_profile(
    actor: MyProfile, form: ProfileForm, session: Unit, runtime: RuntimeDep, now: Now
) -> PersonRead:
    """填写或更正姓名和出生日期（第一次应聘前需要）。"""
    facts = await people.save_profile(
        runtime, session, actor, name=form.name, birth_date=form.birth_date, expected_version=form.expected_version
    )
    return person_read(facts, now)


@router.put("/me/id-number", responses=write_errors(ConsentMissingError, IdNumberError, BirthDateError, StaleError))
async def save_my_id_number(
    actor: Self, form: IdNumberForm, session: Unit, runtime: RuntimeDep, now: Now
) -> PersonRead:
    """登记身份证号（第一次上工前需要，须单独同意）；只核对校验位和日期，加密保存。"""
    facts = await people.save_id_number(
        session, runtime.crypto, actor, id_number=form.id_number, expected_version=form.expected_version, now=now
    )
    return person_read(facts, now)


@router.post(
    "/me/phone",
    dependencies=[limited(RateKind.PHONE)],
    responses=write_errors(PhoneCodeInvalidError, WechatAwayError, TooManyRequestsError),
)
async def save_my_phone(actor: Self, form: PhoneForm, runtime: RuntimeDep, now: Now) -> PersonRead:
    """以“获取手机号”按钮的一次性凭证登记手机号。"""
    return person_read(await people.save_phone(runtime, actor, code=form.code), now)


@router.put("/me/night-messages", status_code=status.HTTP_204_NO_CONTENT, responses=write_errors())
async def set_my_night_messages(actor: Self, form: NightMessagesForm, session: Unit, now: Now) -> None:
    """是否愿意在 21:00–07:00 收到消息；默认不打扰。"""
    await people.set_night_messages(session, actor, wanted=form.wanted, now=now)


@router.get("/me/consents", responses=read_errors(*AGENT_ERRORS))
async def list_my_consents(actor: MyProfile, session: Reads) -> ConsentsRead:
    """每一种用途现在是否同意，以及历次同意和撤回。"""
    return consents_read(await consents.history(session, actor.person_id))


@router.put(
    "/me/consents/{purpose}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(
        *AGENT_ERRORS, PolicyVersionError, GuardianNeededError, OwnCodeNeededError, OwnCodeWrongError
    ),
)
async def give_consent(
    actor: MyProfile,
    purpose: ConsentPurpose,
    form: ConsentForm,
    session: Unit,
    runtime: RuntimeDep,
    now: Now,
    own_code: OwnCode = None,
) -> None:
    """同意某一用途的现行条款；代办时需要本人验证码，未满14周岁由监护人同意。"""
    await consents.give_consent(
        session, runtime.crypto, actor, purpose, policy_version=form.policy_version, own_code=own_code, now=now
    )


@router.delete("/me/consents/{purpose}", status_code=status.HTTP_204_NO_CONTENT, responses=write_errors(*AGENT_ERRORS))
async def withdraw_consent(
    actor: MyProfile, purpose: ConsentPurpose, session: Unit, runtime: RuntimeDep, now: Now
) -> None:
    """撤回同意，与给出同样方便；只为这一用途保存的内容随即删除。"""
    await consents.withdraw_consent(session, runtime.crypto, actor, purpose, now=now)


@router.post("/me/export", dependencies=[limited(RateKind.EXPORT)], responses=write_errors(TooManyRequestsError))
async def export_my_data(actor: Self, session: Unit, runtime: RuntimeDep, now: Now) -> ExportRead:
    """我的全部数据，机器可读；只有自己的。"""
    return ExportRead.model_validate(await export.export_mine(session, runtime.crypto, actor, now=now))


@router.post(
    "/me/deletion",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(DeletionWordError, DeletionBlockedError),
)
async def delete_my_account(actor: Self, form: DeletionForm, session: Unit, runtime: RuntimeDep, now: Now) -> None:
    """注销账号：依法须保存的记录封存到期，其余立即删除，不能恢复。"""
    await deletion.delete_account(session, runtime.crypto, actor, confirm=form.confirm, now=now)


@router.get("/me/accesses", responses=read_errors())
async def list_my_accesses(actor: Self, session: Reads, runtime: RuntimeDep) -> list[AccessRead]:
    """谁在什么时候、因为什么看过我的完整资料。"""
    return await accesses_read(session, runtime.crypto, await reveal.accesses_of(session, actor))
