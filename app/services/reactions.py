"""Who reacts to which fact: the one place to read what follows from what. Runs at once, in the same transaction."""

from datetime import timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.events import subscribe
from app.rules.common.files import FileKind
from app.rules.common.notices import NoticeKind
from app.rules.common.reports import ReportSubject
from app.rules.identity.consents import ConsentPurpose
from app.rules.identity.privacy import HeldData
from app.rules.identity.roles import Permission
from app.rules.jobs.applications import ENDED, ApplicationSource
from app.rules.jobs.fairs import BoothState
from app.rules.jobs.kept import DAYS_OF
from app.services.common import files
from app.services.common.notices import notify, notify_all
from app.services.disputes import life as disputes_life
from app.services.disputes import news as disputes_news
from app.services.events import (
    AccountDeleted,
    ApplicationMoved,
    ApplicationReceived,
    ApplicationSettled,
    ConsentWithdrawn,
    ContentReviewed,
    EnterpriseClaimReviewed,
    EnterpriseRestored,
    EnterpriseSuspended,
    EnterpriseVerified,
    FairBoothMoved,
    FairCancelled,
    PapersExpiring,
    PermitEnded,
    PersonMerged,
    ReportUpheld,
    SavedSearchesMatched,
    SurveyOpened,
    TakedownAnswered,
    VacancyFilled,
    VacancyImportEnded,
    VacancyReviewed,
    VacancyTakenDown,
    WechatAccountCancelled,
    WechatDataRevoked,
)
from app.services.gigs import news as gig_news
from app.services.gigs import profile_life
from app.services.gigs import proven as gig_proven
from app.services.identity import people, wechat_accounts
from app.services.identity.members import people_with
from app.services.jobs import (
    applications,
    fair_booths,
    fair_entries,
    findable,
    funnel_news,
    interview_news,
    invitations,
    kept,
    saved,
    seekers,
    survey_answers,
    takedowns,
    vacancies,
)
from app.services.jobs import proven as job_proven
from app.services.points import life as points_life
from app.services.points import news as points_news
from app.services.training import life as training_life
from app.services.training import news as training_news

# WeChat's `thing` values hold at most 20 characters, `phrase` at most 5 Chinese ones.
THING = 20
# Of the evidence in a notice; the whole of it stands on the page.
EVIDENCE_TOLD = 80


def register() -> None:
    """Called by API, worker and CLI alike; calling it again changes nothing."""
    subscribe(EnterpriseClaimReviewed, tell_claimant)
    subscribe(VacancyReviewed, tell_recruiter)
    subscribe(VacancyTakenDown, tell_taken_down)
    subscribe(TakedownAnswered, tell_answered)
    subscribe(VacancyImportEnded, tell_import_ended)
    subscribe(ApplicationReceived, tell_firm)
    subscribe(ApplicationMoved, tell_seeker)
    subscribe(ApplicationReceived, answer_invitation)
    subscribe(ApplicationMoved, kept.note_step)
    subscribe(ApplicationSettled, end_interviews)
    subscribe(VacancyFilled, tell_waiting)
    subscribe(ContentReviewed, settle_content)
    subscribe(ReportUpheld, take_down_reported)
    subscribe(WechatDataRevoked, erase_revoked)
    subscribe(WechatAccountCancelled, forget_wechat)
    subscribe(ConsentWithdrawn, erase_unconsented)
    subscribe(AccountDeleted, leave_applications)
    subscribe(PersonMerged, leave_doubles)
    subscribe(EnterpriseVerified, relabel_postings)
    subscribe(EnterpriseSuspended, take_off_the_lists)
    subscribe(EnterpriseRestored, tell_restored)
    subscribe(PapersExpiring, tell_expiring)
    subscribe(PermitEnded, tell_permit_ended)
    subscribe(SurveyOpened, tell_surveyors)
    # Who is told of invitations, interviews, waiting applications and hires: words only.
    funnel_news.register()
    subscribe(EnterpriseSuspended, drop_from_fairs)
    subscribe(AccountDeleted, forget_check_ins)
    subscribe(FairBoothMoved, tell_booth)
    subscribe(FairCancelled, tell_fair_cancelled)
    subscribe(SavedSearchesMatched, tell_searcher)
    subscribe(PersonMerged, forget_doubly_saved)
    # Per domain: `life` is what it sets going and what ends in it, `news` who is told of what, in words only.
    for domain in (
        profile_life, gig_news, points_life, points_news, training_life, training_news, job_proven, gig_proven,
        disputes_life, disputes_news,
    ):  # fmt: skip
        domain.register()


async def tell_claimant(session: AsyncSession, event: EnterpriseClaimReviewed) -> None:
    result = "已通过核对，可以发布岗位" if event.approved else f"已退回：{event.reason}"
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.ENTERPRISE_REVIEWED, now=event.at,
        title=f"企业{event.what}结果", body=f"您对“{event.enterprise_name}”的{event.what}{result}。", page="pages/enterprise/mine",
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


async def tell_taken_down(session: AsyncSession, event: VacancyTakenDown) -> None:
    """Rule, law, facts, and until when and where to answer: told before anything else can follow from it."""
    last = (event.appeal_until - timedelta(seconds=1)).astimezone(CHINA)
    facts = f"事实：{event.evidence[:EVIDENCE_TOLD]}。" if event.evidence else ""
    body = (
        f"岗位“{event.title}”已下架。依据：{event.basis[:EVIDENCE_TOLD]}。{facts}"
        f"如有异议，请在{last.month}月{last.day}日前在岗位页面提出申诉（一次），由另一位专员答复。"
    )
    for person_id in await people_with(session, Permission.VACANCY_WRITE, event.enterprise_id, now=event.at):
        await notify(
            session, person_id=person_id, kind=NoticeKind.VACANCY_TAKEN_DOWN, now=event.at, title="岗位已下架", body=body,
            page=f"pages/vacancy/takedown?id={event.vacancy_id}", deadline_at=event.appeal_until,
            template_data={"thing1": event.title[:THING], "phrase2": "已下架"},
        )  # fmt: skip


async def tell_answered(session: AsyncSession, event: TakedownAnswered) -> None:
    """Both sides hear the result: the firm, and who took the posting down."""
    result = f"申诉成立，下架已撤销，岗位现为“{event.vacancy_state}”" if event.overturned else "申诉不成立，维持下架"
    firm = await people_with(session, Permission.VACANCY_WRITE, event.enterprise_id, now=event.at)
    await notify_all(
        session, sorted({*firm, event.taken_by}), kind=NoticeKind.VACANCY_TAKEN_DOWN, now=event.at,
        title="下架申诉结果", body=f"岗位“{event.title}”：{result}。理由可在岗位页面查看。",
        page=f"pages/vacancy/takedown?id={event.vacancy_id}",
        template_data={"thing1": event.title[:THING], "phrase2": "已撤销" if event.overturned else "维持"},
    )  # fmt: skip


async def tell_import_ended(session: AsyncSession, event: VacancyImportEnded) -> None:
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.IMPORT_DONE, now=event.at, title="岗位导入结果",
        body=event.summary[:300], page=f"pages/vacancy/import?id={event.import_id}",
        template_data={"thing1": "岗位导入", "phrase2": "已结束"},
    )  # fmt: skip


async def tell_firm(session: AsyncSession, event: ApplicationReceived) -> None:
    for person_id in await people_with(session, Permission.APPLICATION_MANAGE, event.enterprise_id, now=event.at):
        await notify(
            session, person_id=person_id, kind=NoticeKind.APPLICATION_RECEIVED, now=event.at,
            title="收到新的应聘", body=f"岗位“{event.title}”{_received(event)}，请及时查看。",
            page=f"pages/candidates/list?vacancy={event.vacancy_id}",
            template_data={"thing1": event.title[:THING], "phrase2": "新应聘"},
        )  # fmt: skip


def _received(event: ApplicationReceived) -> str:
    invited = event.source is ApplicationSource.INVITATION
    return "的一份邀请已被接受，成为新的应聘" if invited else "收到一份新的应聘"


async def answer_invitation(session: AsyncSession, event: ApplicationReceived) -> None:
    await invitations.answer_by_applying(session, event.application_id, now=event.at)


async def end_interviews(session: AsyncSession, event: ApplicationSettled) -> None:
    over = event.state in ENDED
    await interview_news.end_of(session, event.application_id, erase=over, now=event.at)


async def tell_seeker(session: AsyncSession, event: ApplicationMoved) -> None:
    why = f"，原因：{event.reason.label}" if event.reason else ""
    if event.state in DAYS_OF:
        why = "；如与事实不符，请在应聘详情里说明"
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


async def settle_content(session: AsyncSession, event: ContentReviewed) -> None:
    """The second person's word: an image is shown or gone, a name likewise."""
    if event.subject_kind == people.NAME_REVIEW:
        await people.settle_name(session, event.subject_id, approved=event.approved, now=event.at)
        if not event.approved:
            await notify(
                session, person_id=event.subject_id, kind=NoticeKind.CONTENT_REVIEWED, now=event.at,
                title="姓名未通过复核", body=f"您填写的姓名未通过复核{_because(event.note)}，请重新填写真实姓名。",
                page="pages/me/profile", template_data={"thing1": "姓名", "phrase2": "未通过"},
            )  # fmt: skip
        return
    await files.settle_by_id(
        session, event.subject_id, ready=event.approved, because=f"未通过复核{_because(event.note)}", now=event.at
    )


async def take_down_reported(session: AsyncSession, event: ReportUpheld) -> None:
    """A posting leaves the lists, an image goes; firms and people are the office's own further acts."""
    if event.subject_kind is ReportSubject.VACANCY:
        await takedowns.take_down_reported(session, event)
    elif event.subject_kind is ReportSubject.FILE:
        await files.settle_by_id(session, event.subject_id, ready=False, because="经举报核实后删除", now=event.at)


async def erase_revoked(session: AsyncSession, event: WechatDataRevoked) -> None:
    """What the person took back in WeChat is erased here too."""
    if event.held is HeldData.PHONE:
        await people.erase_phone(session, event.person_id, now=event.at)
    elif event.held is HeldData.HOME:
        await seekers.erase_home(session, event.person_id, now=event.at)
        await saved.erase_points(session, event.person_id, now=event.at)
    else:
        kind = FileKind.IMAGE if event.held is HeldData.IMAGES else FileKind.PDF
        await files.erase_uploads(session, event.person_id, kind, because="本人在微信中收回授权", now=event.at)


async def forget_wechat(session: AsyncSession, event: WechatAccountCancelled) -> None:
    await wechat_accounts.forget(session, event.person_id, event.app, now=event.at)


async def erase_unconsented(session: AsyncSession, event: ConsentWithdrawn) -> None:
    """What only this purpose needed goes with it."""
    if event.purpose is ConsentPurpose.EXACT_LOCATION:
        await seekers.erase_home(session, event.person_id, now=event.at)
        await saved.erase_points(session, event.person_id, now=event.at)
    elif event.purpose is ConsentPurpose.ID_NUMBER:
        await people.erase_id_number(session, event.person_id, now=event.at)
    elif event.purpose is ConsentPurpose.SURVEY:
        await survey_answers.erase_answers_of(session, event.person_id, now=event.at)
    elif event.purpose is ConsentPurpose.SERVICE:
        await applications.leave_all(session, event.person_id, now=event.at)
        await interview_news.forget_words(session, event.person_id)
        await invitations.leave_all(session, event.person_id, now=event.at)
        await findable.hide(session, event.person_id, now=event.at)
        await fair_entries.forget_person(session, event.person_id)
        await saved.forget_all(session, event.person_id)


async def leave_applications(session: AsyncSession, event: AccountDeleted) -> None:
    await applications.leave_all(session, event.person_id, now=event.at)
    await survey_answers.erase_answers_of(session, event.person_id, now=event.at)
    await interview_news.forget_words(session, event.person_id)


async def leave_doubles(session: AsyncSession, event: PersonMerged) -> None:
    """What both records had running at the same posting stands there once."""
    await applications.leave_all(session, event.source_id, now=event.at)


async def tell_surveyors(session: AsyncSession, event: SurveyOpened) -> None:
    await notify_all(
        session, event.members, kind=NoticeKind.SURVEY_ASSIGNED, now=event.at, title="摸底任务",
        body=f"“{event.name}”已开始，请在{event.closes_on:%Y年%m月%d日}前走访您的网格；没有信号也可以填写，回来再提交。",
        page=f"pages/survey/work?wave={event.wave_id}",
        template_data={"thing1": event.name[:THING], "phrase2": "已开始"},
    )  # fmt: skip


async def relabel_postings(session: AsyncSession, event: EnterpriseVerified) -> None:
    await vacancies.relabel(session, event.enterprise_id, event.label)


async def take_off_the_lists(session: AsyncSession, event: EnterpriseSuspended) -> None:
    await vacancies.pause_all(session, event.enterprise_id, note="企业已被暂停", now=event.at)
    for person_id in await people_with(session, Permission.VACANCY_WRITE, event.enterprise_id, now=event.at):
        await notify(
            session, person_id=person_id, kind=NoticeKind.ENTERPRISE_SUSPENDED, now=event.at, title="企业已暂停",
            body=f"“{event.enterprise_name}”已暂停，依据：{event.basis}。招聘中的岗位已暂停；负责人可以提出申诉。"[:300],
            page="pages/enterprise/suspension", template_data={"thing1": event.enterprise_name[:THING], "phrase2": "已暂停"},
        )  # fmt: skip


async def tell_restored(session: AsyncSession, event: EnterpriseRestored) -> None:
    for person_id in await people_with(session, Permission.VACANCY_WRITE, event.enterprise_id, now=event.at):
        await notify(
            session, person_id=person_id, kind=NoticeKind.ENTERPRISE_SUSPENDED, now=event.at, title="企业已恢复",
            body=f"“{event.enterprise_name}”已恢复，暂停的岗位可以由您逐个恢复招聘。",
            page="pages/enterprise/mine", template_data={"thing1": event.enterprise_name[:THING], "phrase2": "已恢复"},
        )  # fmt: skip


async def tell_expiring(session: AsyncSession, event: PapersExpiring) -> None:
    for person_id in await people_with(session, Permission.VACANCY_WRITE, event.enterprise_id, now=event.at):
        await notify(
            session, person_id=person_id, kind=NoticeKind.PAPERS_EXPIRING, now=event.at, title="证照即将到期",
            body=f"“{event.enterprise_name}”的{event.paper}将于{event.valid_to}到期，请及时更新。",
            page="pages/enterprise/papers", template_data={"thing1": event.paper[:THING], "phrase2": "将到期"},
        )  # fmt: skip


async def tell_permit_ended(session: AsyncSession, event: PermitEnded) -> None:
    for person_id in await people_with(session, Permission.VACANCY_WRITE, event.enterprise_id, now=event.at):
        await notify(
            session, person_id=person_id, kind=NoticeKind.PAPERS_EXPIRING, now=event.at, title="许可证已到期",
            body=f"“{event.enterprise_name}”的许可证已到期，招聘中的 {event.postings} 个岗位已暂停。"
            "请更新许可证，专员核对后可逐个恢复招聘。",
            page="pages/enterprise/papers", template_data={"thing1": "许可证", "phrase2": "已到期"},
        )  # fmt: skip


async def drop_from_fairs(session: AsyncSession, event: EnterpriseSuspended) -> None:
    await fair_booths.drop_all(session, event.enterprise_id, now=event.at)


async def forget_check_ins(session: AsyncSession, event: AccountDeleted) -> None:
    await fair_entries.forget_person(session, event.person_id)


async def tell_booth(session: AsyncSession, event: FairBoothMoved) -> None:
    number = f"，展位号{event.number}" if event.number else ""
    told = {
        BoothState.INVITED: f"邀请您的企业参展{number}，请在招聘会页面接受或谢绝",
        BoothState.CONFIRMED: f"已确认参展{number}，请选择带到现场的岗位",
        BoothState.DECLINED: f"未通过参展报名{_because(event.reason)}",
        BoothState.DROPPED: "因企业被暂停，已移出参展名单",
    }[event.state]
    people_there = await people_with(session, Permission.VACANCY_WRITE, event.enterprise_id, now=event.at)
    await notify_all(
        session, people_there, kind=NoticeKind.FAIR, now=event.at, title="招聘会参展",
        body=f"“{event.fair_title}”：{told}。"[:300], page=f"pages/fair/detail?id={event.fair_id}",
        template_data={"thing1": event.fair_title[:THING], "phrase2": event.state.label[:5]},
    )  # fmt: skip


async def tell_fair_cancelled(session: AsyncSession, event: FairCancelled) -> None:
    for enterprise_id in event.firms:
        people_there = await people_with(session, Permission.VACANCY_WRITE, enterprise_id, now=event.at)
        await notify_all(
            session, people_there, kind=NoticeKind.FAIR, now=event.at, title="招聘会取消",
            body=f"“{event.title}”已取消，原因：{event.reason}。"[:300], page=f"pages/fair/detail?id={event.fair_id}",
            template_data={"thing1": event.title[:THING], "phrase2": "已取消"},
        )  # fmt: skip


async def tell_searcher(session: AsyncSession, event: SavedSearchesMatched) -> None:
    """One message for all of a person's searches."""
    told = [f"“{name}”有 {count} 个新岗位" for name, count in event.news]
    title = told[0] if len(told) == 1 else f"您保存的 {len(told)} 个搜索有新岗位"
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.SAVED_SEARCH, now=event.at, title=title[:40],
        body=("；".join(told) + "。")[:300], page="pages/search/saved",
        template_data={"thing1": event.news[0][0][:THING], "thing2": f"{sum(n for _, n in event.news)} 个新岗位"},
    )  # fmt: skip


async def forget_doubly_saved(session: AsyncSession, event: PersonMerged) -> None:
    """What both records had saved stays once, with the record that lives on."""
    await saved.forget_all(session, event.source_id)


def _because(note: str | None) -> str:
    return f"（{note}）" if note else ""
