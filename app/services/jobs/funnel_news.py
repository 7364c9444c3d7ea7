"""The words in which people are told of invitations, interviews, waiting applications and hires."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import subscribe
from app.rules.common.notices import NoticeKind
from app.rules.identity.roles import Permission
from app.rules.jobs.interviews import InterviewState
from app.rules.jobs.invitations import InvitationState
from app.services.common.notices import notify
from app.services.events import (
    ApplicationsUntouched,
    InterviewChanged,
    InterviewComing,
    InvitationAnswered,
    KeptAsked,
    LiaisonDigest,
    OfferAnswered,
    SeekerInvited,
)
from app.services.identity.members import people_with

# WeChat's `thing` values hold at most 20 characters, a notice's text at most 300.
THING, BODY = 20, 300
MOST_REASONS, MOST_FIRMS = 3, 6
S = InterviewState


def register() -> None:
    subscribe(SeekerInvited, tell_invited)
    subscribe(InvitationAnswered, tell_answer)
    subscribe(OfferAnswered, tell_offer_answer)
    subscribe(InterviewChanged, tell_interview)
    subscribe(InterviewComing, remind_of_interview)
    subscribe(ApplicationsUntouched, tell_untouched)
    subscribe(KeptAsked, ask_kept)
    subscribe(LiaisonDigest, tell_cadre)


async def tell_invited(session: AsyncSession, event: SeekerInvited) -> None:
    because = f"合适的理由：{'；'.join(event.because[:MOST_REASONS])}。" if event.because else ""
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.INVITATION, now=event.at, title="有企业邀请您",
        body=f"“{event.enterprise_name}”邀请您应聘“{event.title}”。{because}对方还不知道您是谁，您接受后才提供姓名和手机号；7天内答复有效。"[:BODY],
        page=f"pages/invitation/detail?id={event.invitation_id}",
        template_data={"thing1": event.title[:THING], "phrase2": "待答复"},
    )  # fmt: skip


async def tell_answer(session: AsyncSession, event: InvitationAnswered) -> None:
    """Whoever did not do it: the person of a withdrawal, the firm of a refusal or a silence."""
    if event.state is InvitationState.WITHDRAWN:
        await notify(
            session, person_id=event.person_id, kind=NoticeKind.INVITATION, now=event.at, title="邀请已收回",
            body=f"“{event.enterprise_name}”收回了“{event.title}”的邀请。",
            page=f"pages/invitation/detail?id={event.invitation_id}",
            template_data={"thing1": event.title[:THING], "phrase2": "已收回"},
        )  # fmt: skip
        return
    why = f"，原因：{event.reason.label}" if event.reason else ""
    await _tell_firm(
        session, event.enterprise_id, NoticeKind.INVITATION, event, title="邀请的答复",
        body=f"岗位“{event.title}”的一份邀请{event.state.label}{why}。",
        page=f"pages/invitation/sent?vacancy={event.vacancy_id}", phrase=event.state.label,
    )  # fmt: skip


async def tell_offer_answer(session: AsyncSession, event: OfferAnswered) -> None:
    why = f"，原因：{event.reason.label}" if event.reason else ""
    said = "接受了录用意向，请安排到岗，到岗后登记“已录用”" if event.accepted else f"谢绝了录用意向{why}"
    await _tell_firm(
        session, event.enterprise_id, NoticeKind.OFFER_ANSWERED, event, title="录用意向的答复",
        body=f"岗位“{event.title}”的一位求职者{said}。", page=f"pages/candidates/detail?id={event.application_id}",
        phrase="已接受" if event.accepted else "已谢绝",
    )  # fmt: skip


# How each side reads a change that the other one, or time, has made. {when}: the times in words.
FOR_SEEKER = {
    S.PROPOSED: "请您面试，可选时间：{when}。请尽快选定，都不合适可以请求另约",
    S.CANCELLED: "的面试已取消",
    S.LAPSED: "的面试没有约成：给出的时间都已过去，可以请企业另约",
    S.PASSED: "的面试通过",
    S.FAILED: "的面试未通过",
    S.NO_SHOW: "的面试，企业登记为未到场；如有误，请联系企业，或通过“举报”反映",
}
FOR_FIRM = {
    S.CONFIRMED: "一位求职者约定了面试时间：{when}",
    S.OTHER_ASKED: "一位求职者请求另约面试时间，请查看并给出新的时间",
    S.CANCELLED: "一次面试已取消：这份应聘已有结果或已撤回",
    S.LAPSED: "一次面试没有约成：给出的时间都已过去",
}


async def tell_interview(session: AsyncSession, event: InterviewChanged) -> None:
    to_person, to_firm = FOR_SEEKER.get(event.state), FOR_FIRM.get(event.state)
    if event.by_firm is not False and to_person is not None:
        await notify(
            session, person_id=event.person_id, kind=NoticeKind.INTERVIEW, now=event.at, title="面试安排",
            body=f"“{event.title}”（{event.enterprise_name}）{to_person.format(when=event.when)}。"[:BODY],
            page=f"pages/interview/detail?id={event.interview_id}",
            template_data={"thing1": event.title[:THING], "thing2": event.state.label[:THING]},
        )  # fmt: skip
    if event.by_firm is not True and to_firm is not None:
        await _tell_firm(
            session, event.enterprise_id, NoticeKind.INTERVIEW, event, title="面试安排",
            body=f"岗位“{event.title}”：{to_firm.format(when=event.when)}。"[:BODY],
            page=f"pages/candidates/detail?id={event.application_id}", phrase="面试变动",
        )  # fmt: skip


async def remind_of_interview(session: AsyncSession, event: InterviewComing) -> None:
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.INTERVIEW_SOON, now=event.at, title="面试提醒",
        body=f"{event.when} 有面试：“{event.title}”（{event.enterprise_name}），{event.place}。去不了请提前请求另约。"[:BODY],
        page=f"pages/interview/detail?id={event.interview_id}",
        template_data={"thing1": event.title[:THING], "thing2": event.when[:THING]},
    )  # fmt: skip
    await _tell_firm(
        session, event.enterprise_id, NoticeKind.INTERVIEW_SOON, event, title="面试提醒",
        body=f"{event.when} 有一场“{event.title}”的面试，{event.place}。"[:BODY],
        page=f"pages/interview/detail?id={event.interview_id}", phrase="即将面试",
    )  # fmt: skip


async def tell_untouched(session: AsyncSession, event: ApplicationsUntouched) -> None:
    parts = [f"{event.waiting} 份应聘超过7天没有处理"] if event.waiting else []
    parts += [f"{event.offered} 份拟录用超过7天没有落实"] if event.offered else []
    await _tell_firm(
        session, event.enterprise_id, NoticeKind.APPLICATIONS_WAITING, event, title="有应聘在等您答复",
        body=f"岗位“{event.title}”有{'，'.join(parts)}，请给出下一步或说明原因。",
        page=f"pages/candidates/list?vacancy={event.vacancy_id}", phrase="待处理",
    )  # fmt: skip
    for person_id in event.people:
        await notify(
            session, person_id=person_id, kind=NoticeKind.APPLICATIONS_WAITING, now=event.at, title="拟录用还没有落实",
            body=f"“{event.title}”（{event.enterprise_name}）拟录用您已超过7天，企业已收到提醒；请与企业确认到岗，不去请撤回应聘。",
            page="pages/application/mine", template_data={"thing1": event.title[:THING], "phrase2": "待落实"},
        )  # fmt: skip


async def ask_kept(session: AsyncSession, event: KeptAsked) -> None:
    if event.ask_firm:
        await _tell_firm(
            session, event.enterprise_id, NoticeKind.KEPT_ASKED, event, title="请确认是否在岗",
            body=f"岗位“{event.title}”有一位员工录用满{event.days}天，请确认是否仍在岗。",
            page=f"pages/candidates/detail?id={event.application_id}", phrase="待确认",
        )  # fmt: skip
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.KEPT_ASKED, now=event.at, title="您还在岗吗",
        body=f"您被“{event.enterprise_name}”录用为“{event.title}”已满{event.days}天。请说明是否仍在岗；与企业说法不一时由镇里核对。",
        page=f"pages/application/detail?id={event.application_id}",
        template_data={"thing1": event.title[:THING], "phrase2": "待确认"},
    )  # fmt: skip


async def tell_cadre(session: AsyncSession, event: LiaisonDigest) -> None:
    """Counts of firms whose names are public; no person is named."""
    listed = "、".join(f"{name} {count} 份" for name, count in event.firms[:MOST_FIRMS])
    more = "等" if len(event.firms) > MOST_FIRMS else ""
    total = sum(count for _, count in event.firms)
    await notify(
        session, person_id=event.cadre_id, kind=NoticeKind.LIAISON_DIGEST, now=event.at, title="挂钩企业每周提示",
        body=f"您挂钩的 {len(event.firms)} 家企业共有 {total} 份应聘超过7天没有处理：{listed}{more}。"[:BODY],
        page="pages/liaison/firms", template_data={"thing1": "应聘超过7天未处理", "phrase2": "请关注"},
    )  # fmt: skip


async def _tell_firm(
    session: AsyncSession, enterprise_id: UUID, kind: NoticeKind, event: InvitationAnswered | InterviewChanged
    | InterviewComing | ApplicationsUntouched | KeptAsked | OfferAnswered, *, title: str, body: str, page: str, phrase: str,
) -> None:  # fmt: skip
    for person_id in await people_with(session, Permission.APPLICATION_MANAGE, enterprise_id, now=event.at):
        await notify(
            session, person_id=person_id, kind=kind, now=event.at, title=title, body=body, page=page,
            template_data={"thing1": event.title[:THING], "phrase2": phrase},
        )  # fmt: skip
