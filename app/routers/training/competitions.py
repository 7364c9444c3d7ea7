"""菜单式培训：技能竞赛。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Self, Unit, assisted, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.rules.training import competitions as rules
from app.rules.training.courses import CourseOccupationError, EntrantAgeUnknownError, EntrantTooYoungError
from app.schemas.base import ExpectedVersion
from app.schemas.training.competitions import (
    CancelCompetitionForm,
    CheckEntryForm,
    CompetitionForm,
    CompetitionObjectionList,
    CompetitionObjectionRead,
    CompetitionRead,
    CompetitionUpdate,
    ContestantList,
    ContestantRead,
    EnterForm,
    ObjectForm,
    ObjectionAnswerForm,
    ResultList,
    ScoreList,
    ScoresForm,
)
from app.services.training import competitions, contestants, judging
from app.services.training.competition_views import (
    competition_read,
    entry_read,
    objection_read,
    objections_read,
    results_read,
    scores_read,
)

router = make_router("training")
Officer = Annotated[Actor, require(Permission.TRAINING_MANAGE)]
OfficerOf = Annotated[Actor, require(Permission.TRAINING_MANAGE, Reach.TOWN)]
SecondOfficer = Annotated[Actor, require(Permission.TRAINING_MANAGE, Reach.SECOND)]
Judge = Annotated[Actor, require(Permission.COMPETITION_JUDGE, Reach.SCOPE)]
EntryReader = Annotated[
    Actor, require(Permission.SELF, Reach.UNSEEN, (Permission.COMPETITION_JUDGE, Reach.SCOPE), (Permission.TRAINING_MANAGE, Reach.TOWN)),
]  # fmt: skip
Reader = Annotated[Actor, require(Permission.SELF, Reach.OPEN)]
ContestantAt = Annotated[Actor, assisted(AgentScope.TRAINING, Reach.OPEN)]
MOVE_ERRORS = (IdempotencyKeyMissingError, rules.CompetitionNotFoundError, rules.CompetitionStateError, StaleError)
FORM_ERRORS = (IdempotencyKeyMissingError, rules.CompetitionTimesError, CourseOccupationError)


@router.get("/training/competitions", responses=read_errors(CursorInvalidError))
async def list_competitions(
    actor: Self, session: Reads, runtime: RuntimeDep, now: Now, cursor: Cursor = None, limit: Limit = 20
) -> Page[CompetitionRead]:
    """技能竞赛，比赛日期晚的在前。"""
    found, following = await competitions.list_competitions(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[competition_read(one, actor, now) for one in found], next_cursor=following)


@router.post(
    "/training/competitions", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(*FORM_ERRORS),
)  # fmt: skip
async def announce_competition(actor: Officer, form: CompetitionForm, session: Unit, now: Now) -> CompetitionRead:
    """公告一场竞赛：组别、时间、计分办法、同分规则、奖项。"""
    return competition_read(await competitions.announce(session, actor, form, now=now), actor, now)


@router.get("/training/competitions/{competition_id}", responses=read_errors(rules.CompetitionNotFoundError))
async def get_competition(actor: Reader, competition_id: UUID, session: Reads, now: Now) -> CompetitionRead:
    """一场竞赛，以及我的报名。"""
    return competition_read(await competitions.look(session, actor, competition_id), actor, now)


@router.put(
    "/training/competitions/{competition_id}", dependencies=[KeyRequired],
    responses=write_errors(*FORM_ERRORS, rules.CompetitionNotFoundError, rules.CompetitionStateError, StaleError),
)  # fmt: skip
async def update_competition(
    actor: OfficerOf, competition_id: UUID, form: CompetitionUpdate, session: Unit, now: Now
) -> CompetitionRead:
    """修改公告；开始报名之后办法不再改。"""
    done = await competitions.change(
        session, actor, competition_id, form, expected_version=form.expected_version, now=now
    )
    return competition_read(done, actor, now)


@router.post(
    "/training/competitions/{competition_id}/open", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS),
)  # fmt: skip
async def open_competition(
    actor: OfficerOf, competition_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CompetitionRead:
    """开始报名。"""
    done = await competitions.open_registration(
        session, actor, competition_id, expected_version=form.expected_version, now=now
    )
    return competition_read(done, actor, now)


@router.post(
    "/training/competitions/{competition_id}/close", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS, rules.EntriesUncheckedError),
)  # fmt: skip
async def close_competition(
    actor: OfficerOf, competition_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CompetitionRead:
    """报名和资格审核结束；每个人的资格都要审过。"""
    done = await competitions.close_registration(
        session, actor, competition_id, expected_version=form.expected_version, now=now
    )
    return competition_read(done, actor, now)


@router.post(
    "/training/competitions/{competition_id}/theory", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS),
)  # fmt: skip
async def begin_theory(
    actor: OfficerOf, competition_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CompetitionRead:
    """开始理论考试。"""
    done = await competitions.begin_theory(
        session, actor, competition_id, expected_version=form.expected_version, now=now
    )
    return competition_read(done, actor, now)


@router.post(
    "/training/competitions/{competition_id}/practical", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS),
)  # fmt: skip
async def begin_practical(
    actor: OfficerOf, competition_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CompetitionRead:
    """开始实操比赛。"""
    done = await competitions.begin_practical(
        session, actor, competition_id, expected_version=form.expected_version, now=now
    )
    return competition_read(done, actor, now)


@router.post(
    "/training/competitions/{competition_id}/results", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS, rules.ScoresMissingError),
)  # fmt: skip
async def make_competition_results(
    actor: OfficerOf, competition_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CompetitionRead:
    """汇总成绩、排名次（尚不公布）；异议成立后改过分数的可重新汇总。"""
    done = await competitions.make_results(
        session, actor, competition_id, expected_version=form.expected_version, now=now
    )
    return competition_read(done, actor, now)


@router.post(
    "/training/competitions/{competition_id}/publish", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS, rules.ScoresMissingError),
)  # fmt: skip
async def publish_competition_results(
    actor: OfficerOf, competition_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CompetitionRead:
    """公示成绩，开始异议期（按工作日）。"""
    done = await competitions.publish_results(
        session, actor, competition_id, expected_version=form.expected_version, now=now
    )
    return competition_read(done, actor, now)


@router.post(
    "/training/competitions/{competition_id}/finalise", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS, rules.WindowOpenError, rules.ObjectionsOpenError),
)  # fmt: skip
async def finalise_competition(
    actor: OfficerOf, competition_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CompetitionRead:
    """异议期满、异议都已答复，成绩确定。"""
    done = await competitions.finalise(session, actor, competition_id, expected_version=form.expected_version, now=now)
    return competition_read(done, actor, now)


@router.post(
    "/training/competitions/{competition_id}/award", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS),
)  # fmt: skip
async def award_competition(
    actor: OfficerOf, competition_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CompetitionRead:
    """按名次颁奖。"""
    done = await competitions.award(session, actor, competition_id, expected_version=form.expected_version, now=now)
    return competition_read(done, actor, now)


@router.post(
    "/training/competitions/{competition_id}/cancel", dependencies=[KeyRequired], responses=write_errors(*MOVE_ERRORS)
)
async def cancel_competition(
    actor: OfficerOf, competition_id: UUID, form: CancelCompetitionForm, session: Unit, now: Now
) -> CompetitionRead:
    """取消竞赛并说明原因，参赛者会收到通知。"""
    done = await competitions.cancel(
        session, actor, competition_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return competition_read(done, actor, now)


@router.post(
    "/training/competitions/{competition_id}/enter", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, ConsentMissingError, rules.CompetitionNotFoundError,
        rules.CompetitionClosedError, rules.CategoryError, EntrantAgeUnknownError, EntrantTooYoungError,
        rules.CompetitionFullError, rules.CompetitionEntryStateError,
    ),
)  # fmt: skip
async def enter_competition(
    actor: ContestantAt, competition_id: UUID, form: EnterForm, session: Unit, now: Now
) -> ContestantRead:
    """报名参赛，选组别。"""
    return entry_read(await contestants.enter(session, actor, competition_id, category=form.category, now=now))


@router.post(
    "/training/competitions/{competition_id}/leave", dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, rules.CompetitionNotFoundError, rules.CompetitionClosedError,
        rules.CompetitionEntryNotFoundError, rules.CompetitionEntryStateError,
    ),
)  # fmt: skip
async def leave_competition(actor: ContestantAt, competition_id: UUID, session: Unit, now: Now) -> ContestantRead:
    """报名截止前退出。"""
    return entry_read(await contestants.leave(session, actor, competition_id, now=now))


@router.get("/training/competitions/{competition_id}/entries", responses=read_errors(rules.CompetitionNotFoundError))
async def list_competition_entries(actor: EntryReader, competition_id: UUID, session: Reads) -> ContestantList:
    """参赛者：培训专员看得到是谁，裁判只看到参赛号和组别。"""
    return ContestantList(
        items=[entry_read(one) for one in await contestants.list_entries(session, actor, competition_id)]
    )


@router.post(
    "/training/competition-entries/{entry_id}/check", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.CompetitionEntryNotFoundError, rules.OwnEntryError, rules.CompetitionClosedError,
        rules.CompetitionEntryStateError, rules.CompetitionFullError, StaleError,
    ),
)  # fmt: skip
async def check_competition_entry(
    actor: SecondOfficer, entry_id: UUID, form: CheckEntryForm, session: Unit, now: Now
) -> ContestantRead:
    """审核参赛资格，不符的写明理由。"""
    done = await contestants.check_eligibility(
        session, actor, entry_id, eligible=form.eligible, reason=form.reason, expected_version=form.expected_version,
        now=now,
    )  # fmt: skip
    return entry_read(done)


@router.post(
    "/training/competitions/{competition_id}/scores", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.CompetitionNotFoundError, rules.ScoringClosedError, rules.OwnEntryError,
        rules.ScoreTenthsError, rules.CompetitionEntryNotFoundError, rules.PanelFullError,
    ),
)  # fmt: skip
async def score_competition(actor: Judge, competition_id: UUID, form: ScoresForm, session: Unit, now: Now) -> ScoreList:
    """裁判按参赛号打分；再次提交即更正自己的分数。"""
    return scores_read(await judging.score(session, actor, competition_id, form, now=now))


@router.get("/training/competitions/{competition_id}/my-scores", responses=read_errors(rules.CompetitionNotFoundError))
async def list_my_competition_scores(actor: Judge, competition_id: UUID, session: Reads) -> ScoreList:
    """我打的分；看不到其他裁判的。"""
    return scores_read(await judging.my_scores(session, actor, competition_id))


@router.get("/training/competitions/{competition_id}/results", responses=read_errors(rules.CompetitionNotFoundError))
async def get_competition_results(actor: Reader, competition_id: UUID, session: Reads) -> ResultList:
    """各组成绩和名次，公示之后看得到；姓名隐去部分。"""
    del actor
    return results_read(*await competitions.results(session, competition_id))


@router.post(
    "/training/competitions/{competition_id}/objections", status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, rules.CompetitionNotFoundError, rules.CompetitionEntryNotFoundError,
        rules.ObjectionWindowError,
    ),
)  # fmt: skip
async def object_to_results(
    actor: ContestantAt, competition_id: UUID, form: ObjectForm, session: Unit, now: Now
) -> CompetitionObjectionRead:
    """参赛者在异议期内提出异议。"""
    return objection_read(await contestants.object_to(session, actor, competition_id, words=form.words, now=now))


@router.get("/training/competitions/{competition_id}/objections", responses=read_errors(rules.CompetitionNotFoundError))
async def list_competition_objections(actor: Reader, competition_id: UUID, session: Reads) -> CompetitionObjectionList:
    """异议和答复：培训专员看得到全部，参赛者看自己的。"""
    return objections_read(await contestants.list_objections(session, actor, competition_id))


@router.post(
    "/training/competition-objections/{objection_id}/answer", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.CompetitionObjectionNotFoundError, rules.OwnEntryError,
        rules.CompetitionObjectionAnsweredError, rules.CompetitionStateError,
    ),
)  # fmt: skip
async def answer_competition_objection(
    actor: SecondOfficer, objection_id: UUID, form: ObjectionAnswerForm, session: Unit, now: Now
) -> CompetitionObjectionRead:
    """答复异议；成立的，成绩退回更正后重新公示。"""
    done = await contestants.answer(session, actor, objection_id, uphold=form.uphold, text=form.answer, now=now)
    return objection_read(done)
