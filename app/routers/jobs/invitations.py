"""企业找人：推荐名单、邀请与答复。"""

from typing import Annotated
from uuid import UUID

from fastapi import Header, status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, assisted, limited, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.ages import TooYoungError
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope, OwnCodeNeededError, OwnCodeWrongError
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import applications as funnel
from app.rules.jobs import invitations as rules
from app.rules.jobs.vacancies import VacancyClosedError, VacancyNotFoundError
from app.schemas.base import ExpectedVersion
from app.schemas.jobs.applications import ApplicationRead
from app.schemas.jobs.invitations import (
    AcceptForm,
    DeclineForm,
    InvitationForm,
    InvitationRead,
    MyInvitation,
    SuggestedSeekers,
)
from app.schemas.jobs.seekers import FindableForm, SeekerRead
from app.services.jobs import completeness, findable, funnel_views, invitations, suggestions, views

router = make_router("jobs")
HirerOf = Annotated[Actor, require(Permission.APPLICATION_MANAGE, Reach.FIRM)]
Seeker = Annotated[Actor, assisted(AgentScope.JOBS)]
SeekerRow = Annotated[Actor, assisted(AgentScope.JOBS, Reach.SELF)]
OwnCode = Annotated[
    str | None,
    Header(alias="X-Own-Code", max_length=20, description="代办时：本人收到并告诉您的验证码"),
]
OWN_WORD = (*AGENT_ERRORS, OwnCodeNeededError, OwnCodeWrongError)


@router.put(
    "/me/findable",
    responses=write_errors(
        *OWN_WORD,
        ConsentMissingError,
        TooYoungError,
        funnel.SeekerProfileMissingError,
        rules.FindableTextError,
        rules.BirthDateNeededError,
    ),
)
async def set_findable(
    actor: Seeker, form: FindableForm, session: Unit, runtime: RuntimeDep, now: Now, own_code: OwnCode = None
) -> SeekerRead:
    """是否允许企业在找人时看到我（不含姓名和联系方式）；默认关闭，打开须本人确认，随时可关。"""
    row = await findable.set_findable(
        session,
        runtime.crypto,
        actor,
        findable=form.findable,
        text_version=form.text_version,
        own_code=own_code,
        now=now,
    )
    return views.seeker_read(row, await completeness.assess_profile(session, runtime.crypto, row, now=now))


@router.get(
    "/vacancies/{vacancy_id}/suggested-seekers",
    dependencies=[limited(RateKind.SEARCH)],
    responses=read_errors(VacancyNotFoundError, TooManyRequestsError),
)
async def suggest_seekers(
    actor: HirerOf, vacancy_id: UUID, session: Reads, runtime: RuntimeDep, now: Now, limit: Limit = 20
) -> SuggestedSeekers:
    """适合这个岗位、并同意被企业找到的求职者：只有匹配理由，没有姓名和联系方式；岗位不在招聘中时为空。"""
    found = await suggestions.suggest(session, runtime.crypto, actor, vacancy_id, limit=limit, now=now)
    return SuggestedSeekers(items=[funnel_views.suggested_read(one) for one in found])


@router.post(
    "/vacancies/{vacancy_id}/invitations",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError,
        VacancyNotFoundError,
        VacancyClosedError,
        rules.InvitationLimitError,
        rules.SeekerRefError,
        rules.SeekerUnavailableError,
        rules.AlreadyInvitedError,
    ),
)
async def invite_seeker(
    actor: HirerOf, vacancy_id: UUID, form: InvitationForm, session: Unit, runtime: RuntimeDep, now: Now
) -> InvitationRead:
    """邀请一位求职者；对方接受后才能看到姓名和电话，7天不答复自动失效。"""
    row = await invitations.invite(session, runtime.crypto, actor, vacancy_id, seeker_ref=form.seeker_ref, now=now)
    return funnel_views.invitation_read(row, now)


@router.get("/vacancies/{vacancy_id}/invitations", responses=read_errors(VacancyNotFoundError, CursorInvalidError))
async def list_invitations(
    actor: HirerOf,
    vacancy_id: UUID,
    session: Reads,
    runtime: RuntimeDep,
    now: Now,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[InvitationRead]:
    """这个岗位发出的邀请及其状态。"""
    rows, following = await invitations.list_sent(
        session, runtime.cursors, actor, vacancy_id, cursor=cursor, limit=limit
    )
    return Page(items=[funnel_views.invitation_read(row, now) for row in rows], next_cursor=following)


@router.post(
    "/invitations/{invitation_id}/withdraw",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.InvitationNotFoundError, rules.InvitationStateError, StaleError
    ),
)
async def withdraw_invitation(
    actor: HirerOf, invitation_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> InvitationRead:
    """收回邀请。"""
    row = await invitations.withdraw(session, actor, invitation_id, expected_version=form.expected_version, now=now)
    return funnel_views.invitation_read(row, now)


@router.get("/me/invitations", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_invitations(
    actor: Seeker, session: Reads, runtime: RuntimeDep, now: Now, cursor: Cursor = None, limit: Limit = 20
) -> Page[MyInvitation]:
    """企业给我的邀请，附合适的理由和不合之处。"""
    found, following = await invitations.list_received(
        session, runtime.crypto, runtime.cursors, actor, cursor=cursor, limit=limit, now=now
    )
    return Page(items=[funnel_views.my_invitation(one, now) for one in found], next_cursor=following)


@router.get("/me/invitations/{invitation_id}", responses=read_errors(*AGENT_ERRORS, rules.InvitationNotFoundError))
async def get_my_invitation(
    actor: SeekerRow, invitation_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> MyInvitation:
    """一个邀请。"""
    found = await invitations.get_received(session, runtime.crypto, actor, invitation_id, now=now)
    return funnel_views.my_invitation(found, now)


@router.post(
    "/me/invitations/{invitation_id}/accept",
    dependencies=[KeyRequired, limited(RateKind.APPLY)],
    responses=write_errors(
        *OWN_WORD,
        IdempotencyKeyMissingError,
        TooManyRequestsError,
        funnel.ContactNotReleasedError,
        ConsentMissingError,
        funnel.ProfileIncompleteError,
        TooYoungError,
        rules.InvitationNotFoundError,
        rules.InvitationStateError,
        VacancyNotFoundError,
        VacancyClosedError,
        funnel.AlreadyAppliedError,
        StaleError,
    ),
)
async def accept_invitation(
    actor: SeekerRow,
    invitation_id: UUID,
    form: AcceptForm,
    session: Unit,
    runtime: RuntimeDep,
    now: Now,
    own_code: OwnCode = None,
) -> ApplicationRead:
    """接受邀请，成为一份应聘；姓名和手机号由本人同意后只提供给这一家企业，代办须本人验证码。"""
    tracked = await invitations.accept(
        session,
        runtime.crypto,
        actor,
        invitation_id,
        release_contact=form.release_contact,
        expected_version=form.expected_version,
        own_code=own_code,
        now=now,
    )
    return views.application_read(tracked)


@router.post(
    "/me/invitations/{invitation_id}/decline",
    dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS,
        IdempotencyKeyMissingError,
        rules.InvitationNotFoundError,
        rules.InvitationStateError,
        StaleError,
    ),
)
async def decline_invitation(
    actor: SeekerRow, invitation_id: UUID, form: DeclineForm, session: Unit, runtime: RuntimeDep, now: Now
) -> MyInvitation:
    """谢绝邀请，可以不说原因；这个岗位不会再邀请您。"""
    found = await invitations.decline(
        session,
        runtime.crypto,
        actor,
        invitation_id,
        reason=form.reason,
        expected_version=form.expected_version,
        now=now,
    )
    return funnel_views.my_invitation(found, now)
