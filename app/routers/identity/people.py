"""查找、查看、停用、合并。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Now, Reads, RuntimeDep, Unit, limited, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.common.tasks import TaskNotFoundError
from app.rules.identity import people as rules
from app.rules.identity.access import Reach
from app.rules.identity.people import PersonState
from app.rules.identity.roles import Actor, LastAdminError, Permission, SelfReviewError
from app.schemas.base import ExpectedVersion
from app.schemas.identity.people import (
    AccountStateForm,
    AccountStateRead,
    MergeForm,
    MergePairRead,
    PeopleFound,
    PersonSearchForm,
    RevealForm,
    RevealRead,
)
from app.services.identity import accounts, merges, reveal
from app.services.identity.views import account_read, merge_pair_read, person_masked

router = make_router("identity")
Assistant = Annotated[Actor, require(Permission.PERSON_ASSIST)]
Revealer = Annotated[Actor, require(Permission.PERSON_REVEAL, Reach.SCOPE)]
Manager = Annotated[Actor, require(Permission.PERSON_MANAGE, Reach.SECOND)]
MergeReader = Annotated[Actor, require(Permission.PERSON_MANAGE, Reach.TOWN)]


@router.post(
    "/people/search",
    dependencies=[limited(RateKind.REVEAL)],
    responses=write_errors(TooManyRequestsError),
)
async def find_people(
    actor: Assistant, form: PersonSearchForm, session: Unit, runtime: RuntimeDep, now: Now
) -> PeopleFound:
    """按手机号查找（代办前使用），只显示遮盖后的资料；每次查找都有记录。"""
    found = await reveal.find_by_phone(session, runtime.crypto, actor, phone=form.phone, now=now)
    return PeopleFound(items=[person_masked(facts) for facts in found])


@router.post(
    "/people/{person_id}/reveal",
    dependencies=[limited(RateKind.REVEAL)],
    responses=write_errors(rules.PersonInvisibleError, rules.NothingToRevealError, TooManyRequestsError),
)
async def reveal_person(
    actor: Revealer, person_id: UUID, form: RevealForm, session: Unit, runtime: RuntimeDep, now: Now
) -> RevealRead:
    """查看完整资料，须说明原因；写入审计，本人看得到。"""
    values = await reveal.reveal(
        session,
        runtime.crypto,
        actor,
        person_id,
        fields=form.fields,
        reason=form.reason,
        reference_id=form.reference_id,
        now=now,
    )
    return RevealRead(values=values)


@router.post(
    "/people/{person_id}/disable",
    responses=write_errors(
        rules.PersonInvisibleError, rules.PersonStateError, LastAdminError, SelfReviewError, StaleError
    ),
)
async def disable_person(
    actor: Manager, person_id: UUID, form: AccountStateForm, session: Unit, now: Now
) -> AccountStateRead:
    """停用账号；下一次请求起在所有进程上无效。"""
    row = await accounts.set_state(
        session,
        actor,
        person_id,
        PersonState.DISABLED,
        reason=form.reason,
        expected_version=form.expected_version,
        now=now,
    )
    return account_read(row)


@router.post(
    "/people/{person_id}/enable",
    responses=write_errors(rules.PersonInvisibleError, rules.PersonStateError, SelfReviewError, StaleError),
)
async def enable_person(
    actor: Manager, person_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> AccountStateRead:
    """恢复账号；本人须重新登录。"""
    row = await accounts.set_state(
        session, actor, person_id, PersonState.ACTIVE, reason=None, expected_version=form.expected_version, now=now
    )
    return account_read(row)


@router.get("/person-merges/{task_id}", responses=read_errors(TaskNotFoundError, rules.PersonInvisibleError))
async def get_person_merge(actor: MergeReader, task_id: UUID, session: Reads, runtime: RuntimeDep) -> MergePairRead:
    """待核对的两份档案，遮盖显示。"""
    return merge_pair_read(await merges.read_pair(session, runtime.crypto, actor, task_id))


@router.post(
    "/person-merges/{task_id}/dismiss",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(TaskNotFoundError, rules.PersonInvisibleError),
)
async def dismiss_person_merge(actor: MergeReader, task_id: UUID, session: Unit, now: Now) -> None:
    """核对后不是同一人。"""
    await merges.dismiss(session, actor, task_id, now=now)


@router.post(
    "/people/{person_id}/merge",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(
        rules.PersonInvisibleError,
        rules.PersonStateError,
        rules.MergeSelfError,
        rules.MergeConflictError,
        SelfReviewError,
    ),
)
async def merge_people(
    actor: Manager, person_id: UUID, form: MergeForm, session: Unit, runtime: RuntimeDep, now: Now
) -> None:
    """核对后是同一人：把这份档案并入另一份，本人会收到通知。"""
    await merges.merge(session, runtime.crypto, actor, person_id, into=form.into, now=now)
