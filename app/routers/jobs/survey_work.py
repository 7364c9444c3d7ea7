"""就业摸底：网格员的走访、答卷、登记。"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, status
from pydantic import ValidationError

from app.core.errors import StaleError
from app.core.field_issues import field_issues
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, limited, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.common.files import FileUnusableError
from app.rules.identity import onbehalf
from app.rules.identity.access import Reach
from app.rules.identity.ages import TooYoungError
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.people import NothingToRevealError
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import surveys as rules
from app.schemas.base import ExpectedVersion
from app.schemas.jobs.surveys import (
    HouseholdForm,
    HouseholdRead,
    HouseholdSaved,
    HouseholdUpdate,
    SurveyAnswerItem,
    SurveyAnswerRead,
    SurveyAnswerSaved,
    SurveyAnswerUpdate,
    SurveyBatch,
    SurveyBatchResult,
    SurveyRegistered,
    SurveyRegisterForm,
    SurveyRevealForm,
    SurveyRevealRead,
    SurveyWorkList,
    UnreadableItem,
    WaveHousehold,
)
from app.services.jobs import survey_answers, survey_register, survey_views, survey_work, surveys

router = make_router("jobs")
Member = Annotated[Actor, require(Permission.SURVEY_ANSWER)]
MemberOf = Annotated[Actor, require(Permission.SURVEY_ANSWER, Reach.SCOPE)]
Revealer = Annotated[Actor, require(Permission.PERSON_REVEAL, Reach.SCOPE)]
SAID = (
    rules.SurveyAnswerNotFoundError, rules.SurveyOutcomeError, StaleError,
)  # fmt: skip


def read_items(batch: SurveyBatch) -> list[SurveyAnswerItem | UnreadableItem]:
    """Each by itself: one that is badly filled in must not send the others back."""
    return [_read_item(raw) for raw in batch.items]


def _read_item(raw: dict[str, Any]) -> SurveyAnswerItem | UnreadableItem:
    try:
        return SurveyAnswerItem.model_validate(raw)
    except ValidationError as exc:
        return UnreadableItem(_id_of(raw), field_issues(exc.errors(), raw))


def _id_of(raw: dict[str, Any]) -> UUID | None:
    try:
        return UUID(str(raw.get("client_id")))
    except ValueError:
        return None


@router.get("/me/survey-work", responses=read_errors())
async def list_my_survey_work(actor: Member, session: Reads) -> SurveyWorkList:
    """分派给我的摸底：进行中的轮次、我的网格、各走访到哪里。"""
    return await survey_views.work_read(session, actor, await survey_work.list_work(session, actor))


@router.get(
    "/survey-waves/{wave_id}/households",
    responses=read_errors(rules.SurveyWaveNotFoundError, rules.SurveyGridError, CursorInvalidError),
)
async def list_wave_households(
    actor: MemberOf,
    wave_id: UUID,
    session: Reads,
    runtime: RuntimeDep,
    grid_id: Annotated[UUID | None, Query(description="Only this grid of mine")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[WaveHousehold]:
    """我的网格里的各户：本轮走访结果，上一轮的回答供预填。"""
    found, following = await survey_work.list_households(
        session, runtime.cursors, actor, wave_id, grid_id=grid_id, cursor=cursor, limit=limit
    )
    wave = await surveys.get_wave(session, actor, wave_id)
    items = await survey_views.households_read(session, runtime.crypto, wave.questions_version, found)
    return Page(items=items, next_cursor=following)


@router.post(
    "/survey-households",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(rules.SurveyGridError, rules.ClientIdTakenError),
)
async def add_survey_household(
    actor: Member, form: HouseholdForm, session: Unit, runtime: RuntimeDep, now: Now
) -> HouseholdSaved:
    """登记一户；重复提交或同一地址已有，返回已有的那一户。"""
    row = await survey_work.add_household(session, runtime.crypto, actor, form, now=now)
    return survey_views.household_saved(row)


@router.get("/survey-households/{household_id}", responses=read_errors(rules.HouseholdNotFoundError))
async def get_survey_household(
    actor: MemberOf, household_id: UUID, session: Reads, runtime: RuntimeDep
) -> HouseholdRead:
    """一户的地址和来源。"""
    return survey_views.household_read(runtime.crypto, await survey_work.get_household(session, actor, household_id))


@router.put(
    "/survey-households/{household_id}",
    responses=write_errors(rules.HouseholdNotFoundError, rules.HouseholdKnownError, StaleError),
)
async def update_survey_household(
    actor: MemberOf, household_id: UUID, form: HouseholdUpdate, session: Unit, runtime: RuntimeDep, now: Now
) -> HouseholdSaved:
    """更正地址，或登记已搬离。"""
    row = await survey_work.update_household(session, runtime.crypto, actor, household_id, form, now=now)
    return survey_views.household_saved(row)


@router.post(
    "/survey-waves/{wave_id}/answers",
    responses=write_errors(rules.SurveyWaveNotFoundError, rules.SurveyNotOpenError),
)
async def send_survey_answers(
    actor: MemberOf, wave_id: UUID, batch: SurveyBatch, session: Unit, runtime: RuntimeDep, now: Now
) -> SurveyBatchResult:
    """成批提交离线填写的答卷（最多100份），每份各有结果：收下、重复或未收下（指明哪一项）；可以放心重发。"""
    results = await survey_answers.take_batch(session, runtime.crypto, actor, wave_id, read_items(batch), now=now)
    return survey_views.batch_read(results)


@router.get("/survey-answers/{answer_id}", responses=read_errors(rules.SurveyAnswerNotFoundError))
async def get_survey_answer(actor: MemberOf, answer_id: UUID, session: Reads, runtime: RuntimeDep) -> SurveyAnswerRead:
    """一份答卷，只有负责这个网格的网格员看得到。"""
    return survey_views.answer_read(await survey_answers.read_answer(session, runtime.crypto, actor, answer_id))


@router.put(
    "/survey-answers/{answer_id}",
    responses=write_errors(
        *SAID,
        rules.SurveyNotOpenError,
        rules.SurveyAnswersError,
        rules.SurveyConsentTextError,
        rules.SurveyTooYoungError,
    ),
)
async def correct_survey_answer(
    actor: MemberOf, answer_id: UUID, form: SurveyAnswerUpdate, session: Unit, runtime: RuntimeDep, now: Now
) -> SurveyAnswerSaved:
    """更正一份答卷，成为新的版本；本轮结束前可以更正。"""
    row = await survey_answers.correct(session, runtime.crypto, actor, answer_id, form, now=now)
    return survey_views.answer_saved(row)


@router.post("/survey-answers/{answer_id}/withdraw", responses=write_errors(*SAID))
async def withdraw_survey_answer(
    actor: MemberOf, answer_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> SurveyAnswerSaved:
    """受访人撤回同意：回答和个人信息立即清除，只留走访过的记录。"""
    row = await survey_answers.withdraw(session, actor, answer_id, expected_version=form.expected_version, now=now)
    return survey_views.answer_saved(row)


@router.post(
    "/survey-answers/{answer_id}/register",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(
        *SAID,
        IdempotencyKeyMissingError,
        rules.SurveyRegisteredError,
        rules.SurveyPersonMissingError,
        rules.SurveyPersonDiffersError,
        TooYoungError,
        ConsentMissingError,
        onbehalf.RepresentationTextError,
        onbehalf.EvidenceNeededError,
        onbehalf.SelfRepresentationError,
        FileUnusableError,
    ),
)
async def register_survey_answer(
    actor: MemberOf, answer_id: UUID, form: SurveyRegisterForm, session: Unit, runtime: RuntimeDep, now: Now
) -> SurveyRegistered:
    """经本人同意，把答卷登记为求职信息；手机号已有档案且是同一人的，关联而不重复建档；未满16周岁不登记。"""
    done = await survey_register.register(runtime, session, actor, answer_id, form, now=now)
    return survey_views.registered_read(done)


@router.post(
    "/survey-answers/{answer_id}/reveal",
    dependencies=[limited(RateKind.REVEAL)],
    responses=write_errors(rules.SurveyAnswerNotFoundError, NothingToRevealError, TooManyRequestsError),
)
async def reveal_survey_answer(
    actor: Revealer, answer_id: UUID, form: SurveyRevealForm, session: Unit, runtime: RuntimeDep, now: Now
) -> SurveyRevealRead:
    """说明理由后查看住址、姓名、手机号或出生日期；每次都有记录，本人看得到。"""
    return SurveyRevealRead(
        values=await survey_answers.reveal(session, runtime.crypto, actor, answer_id, form, now=now)
    )
