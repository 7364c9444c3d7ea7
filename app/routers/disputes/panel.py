"""“1+N+X” 调解：调解小组。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.routers.deps import KeyRequired, Now, Reads, Unit, Witnessed, require
from app.routers.disputes.ways import KEY, MINE, STEP, InCase, Manager
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.disputes import panel as rules
from app.rules.disputes.access import CaseActError
from app.rules.disputes.panel import SeatState
from app.rules.disputes.parties import CasePartyNotFoundError, PartySpeaksError
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.schemas.disputes.cases import PartyWordForm
from app.schemas.disputes.desk import ReasonForm
from app.schemas.disputes.panel import (
    InviteSeatForm,
    SeatAnsweredRead,
    SeatAnswerForm,
    SeatInvitationList,
    SeatList,
    SeatProposals,
    SeatRead,
)
from app.services.disputes import panel, reading
from app.services.disputes.panel_views import invitations_read, proposals_read, seat_read, seats_read

router = make_router("disputes")
Invitee = Annotated[Actor, require(Permission.SELF)]
InviteeOf = Annotated[Actor, require(Permission.SELF, Reach.SELF)]


@router.get("/cases/{case_id}/seat-proposals", responses=read_errors(*MINE))
async def propose_seats(actor: Manager, case_id: UUID, session: Reads, now: Now) -> SeatProposals:
    """按类型提出席位和人选；与本案有关联的先标出来。"""
    return proposals_read(await panel.propose(session, actor, case_id, now=now))


@router.get("/cases/{case_id}/seats", responses=read_errors(*MINE))
async def list_case_seats(actor: InCase, case_id: UUID, session: Witnessed, now: Now) -> SeatList:
    """调解小组；当事人看得到就位的和需要自己表示意见的。"""
    _, found = await reading.seats(session, actor, case_id, now=now)
    return seats_read(found, await panel.seat_names(session, found), await panel.votes_of_case(session, case_id))


@router.post(
    "/cases/{case_id}/seats", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(*STEP, rules.SeatPersonError, rules.SeatTakenError, rules.MediatorTakenError),
)  # fmt: skip
async def invite_to_seat(actor: Manager, case_id: UUID, form: InviteSeatForm, session: Unit, now: Now) -> SeatRead:
    """邀请一位；与本案有关联的，须全体当事人同意之后才发出邀请。"""
    seat = await panel.invite(session, actor, case_id, form, now=now)
    return seat_read(seat, (await panel.seat_names(session, [seat]))[seat.id], 0)


@router.get("/case-invitations", responses=read_errors())
async def list_my_case_invitations(actor: Invitee, session: Reads) -> SeatInvitationList:
    """邀请我参加的调解：当事人是谁，以便判断是否回避；接受之前看不到内容。"""
    return invitations_read(await panel.invitations(session, actor))


@router.post(
    "/case-seats/{seat_id}/answer", dependencies=[KeyRequired],
    responses=write_errors(KEY, rules.SeatNotFoundError, rules.SeatStateError, StaleError),
)  # fmt: skip
async def answer_seat(
    actor: InviteeOf, seat_id: UUID, form: SeatAnswerForm, session: Unit, now: Now
) -> SeatAnsweredRead:
    """接受、谢绝或回避；就位之后也可以随时回避，回避后立即看不到案件。"""
    seat = await panel.answer(
        session, actor, seat_id, said=form.answer, reason=form.reason, expected_version=form.expected_version, now=now
    )
    seated = seat.state is SeatState.ACCEPTED
    return SeatAnsweredRead(
        id=seat.id, state=seat.state, state_label=seat.state.label, case_id=seat.case_id if seated else None
    )


@router.post(
    "/case-seats/{seat_id}/vote", dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, KEY, rules.SeatNotFoundError, CaseActError, rules.SeatStateError, rules.VoteSaidError,
        CasePartyNotFoundError, PartySpeaksError,
    ),
)  # fmt: skip
async def vote_on_seat(actor: InCase, seat_id: UUID, form: PartyWordForm, session: Unit, now: Now) -> SeatRead:
    """当事人对有关联的人选、对调解员表示同意或不同意；调解中也可以要求更换调解员。"""
    seat = await panel.vote(session, actor, seat_id, agree=form.agree, party_id=form.party_id, way=form.way, now=now)
    agreed = (await panel.votes_of_case(session, seat.case_id)).get(seat.id, 0)
    return seat_read(seat, (await panel.seat_names(session, [seat]))[seat.id], agreed)


@router.post(
    "/case-seats/{seat_id}/replace", dependencies=[KeyRequired],
    responses=write_errors(KEY, rules.SeatNotFoundError, CaseActError, rules.SeatStateError, StaleError),
)  # fmt: skip
async def replace_seat(actor: Manager, seat_id: UUID, form: ReasonForm, session: Unit, now: Now) -> SeatRead:
    """更换；被换下的人立即看不到案件。"""
    seat = await panel.replace(
        session, actor, seat_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return seat_read(seat, (await panel.seat_names(session, [seat]))[seat.id], 0)
