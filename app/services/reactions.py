"""Who reacts to which fact: the one place to read what follows from what. Runs at once, in the same transaction."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import subscribe
from app.rules.common import NoticeKind
from app.rules.identity import Permission
from app.services.common.notices import notify, notify_all
from app.services.events import (
    ApplicationMoved,
    ApplicationReceived,
    EnterpriseClaimReviewed,
    VacancyFilled,
    VacancyReviewed,
)
from app.services.identity.members import people_with

# WeChat's `thing` values hold at most 20 characters, `phrase` at most 5 Chinese ones.
THING = 20


def register() -> None:
    """Called by API, worker and CLI alike; calling it again changes nothing."""
    subscribe(EnterpriseClaimReviewed, tell_claimant)
    subscribe(VacancyReviewed, tell_recruiter)
    subscribe(ApplicationReceived, tell_firm)
    subscribe(ApplicationMoved, tell_seeker)
    subscribe(VacancyFilled, tell_waiting)


async def tell_claimant(session: AsyncSession, event: EnterpriseClaimReviewed) -> None:
    result = "已通过核对，可以发布岗位" if event.approved else f"已退回：{event.reason}"
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.ENTERPRISE_REVIEWED, now=event.at,
        title="企业认领结果", body=f"您对“{event.enterprise_name}”的认领{result}。", page="pages/enterprise/mine",
        template_data={
            "thing1": event.enterprise_name[:THING], "phrase2": "已通过" if event.approved else "已退回",
        },
    )  # fmt: skip


async def tell_recruiter(session: AsyncSession, event: VacancyReviewed) -> None:
    result = "已发布" if event.published else f"已退回：{event.note}"
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.VACANCY_REVIEWED, now=event.at,
        title="岗位复核结果", body=f"岗位“{event.title}”{result}。", page=f"pages/vacancy/mine?id={event.vacancy_id}",
        template_data={"thing1": event.title[:THING], "phrase2": "已发布" if event.published else "已退回"},
    )  # fmt: skip


async def tell_firm(session: AsyncSession, event: ApplicationReceived) -> None:
    for person_id in await people_with(session, Permission.APPLICATION_MANAGE, event.enterprise_id, now=event.at):
        await notify(
            session, person_id=person_id, kind=NoticeKind.APPLICATION_RECEIVED, now=event.at,
            title="收到新的应聘", body=f"岗位“{event.title}”收到一份新的应聘，请及时查看。",
            page=f"pages/candidates/list?vacancy={event.vacancy_id}",
            template_data={"thing1": event.title[:THING], "phrase2": "新应聘"},
        )  # fmt: skip


async def tell_seeker(session: AsyncSession, event: ApplicationMoved) -> None:
    why = f"，原因：{event.reason.label}" if event.reason else ""
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.APPLICATION_MOVED, now=event.at,
        title="应聘进展", body=f"您应聘的“{event.title}”（{event.enterprise_name}）：{event.state.label}{why}。",
        page=f"pages/application/detail?id={event.application_id}",
        template_data={"thing1": event.title[:THING], "thing2": event.state.label[:THING]},
    )  # fmt: skip


async def tell_waiting(session: AsyncSession, event: VacancyFilled) -> None:
    await notify_all(
        session, event.waiting, kind=NoticeKind.VACANCY_FILLED, now=event.at,
        title="岗位已招满",
        body=f"“{event.title}”（{event.enterprise_name}）招聘的 {event.headcount} 人已招满，可以看看其他岗位。",
        page="pages/vacancy/recommended",
        template_data={"thing1": event.title[:THING], "phrase2": "已招满"},
    )  # fmt: skip
