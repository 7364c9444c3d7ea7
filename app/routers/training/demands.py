"""菜单式培训：点单、合并、方案、缺工建议。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, assisted, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.rules.training import demands as rules
from app.schemas.base import ExpectedVersion
from app.schemas.training.demands import (
    AnswerQuoteForm,
    DemandForm,
    DemandRead,
    DemandUpdate,
    MatchForm,
    PoolRead,
    QuoteForm,
    ShortageRead,
    TakeShortageForm,
    TrainingReasonForm,
)
from app.services.training import demands, pools, shortages
from app.services.training.demand_views import demand_read, pool_read, shortage_read

router = make_router("training")
Asker = Annotated[Actor, assisted(AgentScope.TRAINING)]
AskerOf = Annotated[Actor, assisted(AgentScope.TRAINING, Reach.SELF)]
Officer = Annotated[Actor, require(Permission.TRAINING_MANAGE)]
OfficerOf = Annotated[Actor, require(Permission.TRAINING_MANAGE, Reach.TOWN)]
DemandReader = Annotated[
    Actor, require(Permission.SELF, Reach.SELF, (Permission.TRAINING_MANAGE, Reach.TOWN))
]  # fmt: skip
StateOf = Annotated[rules.DemandState | None, Query(description="只看这种状态")]
PoolStateOf = Annotated[rules.PoolState | None, Query(description="只看这种状态")]
ShortageStateOf = Annotated[rules.ShortageState | None, Query(description="只看这种状态")]
OWN_ERRORS = (
    *AGENT_ERRORS, IdempotencyKeyMissingError, rules.DemandNotFoundError, rules.DemandStateError, StaleError,
)  # fmt: skip


@router.get("/training/my-demands", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_demands(
    actor: Asker, session: Reads, runtime: RuntimeDep, now: Now, cursor: Cursor = None, limit: Limit = 20
) -> Page[DemandRead]:
    """我的点单，以及我负责的企业、网格的点单，新的在前。"""
    found, following = await demands.list_mine(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[demand_read(one, actor, now) for one in found], next_cursor=following)


@router.post(
    "/training/demands", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, ConsentMissingError, rules.AskerForbiddenError, rules.WishMissingError,
        rules.PersonalHeadsError, rules.DemandCourseError, rules.DemandTwiceError,
    ),
)  # fmt: skip
async def place_demand(actor: Asker, form: DemandForm, session: Unit, now: Now) -> DemandRead:
    """点单：从菜单选课程，或写明想学什么；同类的点单全镇合并，够人数就开班。"""
    return demand_read(await demands.place(session, actor, form, now=now), actor, now)


@router.get("/training/demands", responses=read_errors(CursorInvalidError))
async def list_demands(
    actor: Officer, session: Reads, runtime: RuntimeDep, now: Now, state: StateOf = None, pool_id: UUID | None = None,
    cursor: Cursor = None, limit: Limit = 20,
) -> Page[DemandRead]:  # fmt: skip
    """全镇已提交的点单。"""
    found, following = await demands.list_all(
        session, runtime.cursors, actor, state=state, pool_id=pool_id, cursor=cursor, limit=limit
    )
    return Page(items=[demand_read(one, actor, now) for one in found], next_cursor=following)


@router.get("/training/demands/{demand_id}", responses=read_errors(rules.DemandNotFoundError))
async def get_demand(actor: DemandReader, demand_id: UUID, session: Reads, now: Now) -> DemandRead:
    """一份点单：自己的、自己负责的企业或网格的；培训专员看得到全部。"""
    return demand_read(await demands.look(session, actor, demand_id), actor, now)


@router.put(
    "/training/demands/{demand_id}", dependencies=[KeyRequired],
    responses=write_errors(*OWN_ERRORS, rules.WishMissingError, rules.PersonalHeadsError, rules.DemandCourseError),
)  # fmt: skip
async def update_demand(actor: AskerOf, demand_id: UUID, form: DemandUpdate, session: Unit, now: Now) -> DemandRead:
    """修改草稿。"""
    return demand_read(await demands.update(session, actor, demand_id, form, now=now), actor, now)


@router.post(
    "/training/demands/{demand_id}/submit", dependencies=[KeyRequired],
    responses=write_errors(*OWN_ERRORS, rules.DemandCourseError, rules.DemandTwiceError),
)  # fmt: skip
async def submit_demand(actor: AskerOf, demand_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> DemandRead:
    """提交草稿。"""
    done = await demands.submit(session, actor, demand_id, expected_version=form.expected_version, now=now)
    return demand_read(done, actor, now)


@router.post(
    "/training/demands/{demand_id}/answer", dependencies=[KeyRequired],
    responses=write_errors(*OWN_ERRORS, rules.QuoteOverError),
)  # fmt: skip
async def answer_quote(actor: AskerOf, demand_id: UUID, form: AnswerQuoteForm, session: Unit, now: Now) -> DemandRead:
    """答复给出的方案：接受或谢绝。"""
    done = await demands.answer(
        session, actor, demand_id, accept=form.accept, expected_version=form.expected_version, now=now
    )
    return demand_read(done, actor, now)


@router.post("/training/demands/{demand_id}/drop", dependencies=[KeyRequired], responses=write_errors(*OWN_ERRORS))
async def drop_demand(actor: AskerOf, demand_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> DemandRead:
    """不再需要，收回点单。"""
    done = await demands.drop(session, actor, demand_id, expected_version=form.expected_version, now=now)
    return demand_read(done, actor, now)


@router.post(
    "/training/demands/{demand_id}/match", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.DemandNotFoundError, rules.DemandStateError, rules.DemandCourseError,
        rules.DemandTwiceError, StaleError,
    ),
)  # fmt: skip
async def match_demand(actor: OfficerOf, demand_id: UUID, form: MatchForm, session: Unit, now: Now) -> DemandRead:
    """把自由填写的点单归到一门课程，与同类合并。"""
    done = await demands.match(
        session, actor, demand_id, course_id=form.course_id, expected_version=form.expected_version, now=now
    )
    return demand_read(done, actor, now)


@router.post(
    "/training/demands/{demand_id}/decline", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.DemandNotFoundError, rules.DemandStateError, StaleError),
)  # fmt: skip
async def decline_demand(
    actor: OfficerOf, demand_id: UUID, form: TrainingReasonForm, session: Unit, now: Now
) -> DemandRead:
    """办不了，写明理由；点单人会收到通知。"""
    done = await demands.decline(
        session, actor, demand_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return demand_read(done, actor, now)


@router.get("/training/pools", responses=read_errors(CursorInvalidError))
async def list_pools(
    actor: Officer, session: Reads, runtime: RuntimeDep, state: PoolStateOf = None, cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[PoolRead]:  # fmt: skip
    """合并后的点单，和各有多少人。"""
    found, following = await pools.list_pools(session, runtime.cursors, actor, state=state, cursor=cursor, limit=limit)
    return Page(items=[pool_read(one) for one in found], next_cursor=following)


@router.get("/training/pools/{pool_id}", responses=read_errors(rules.PoolNotFoundError))
async def get_pool(actor: OfficerOf, pool_id: UUID, session: Reads) -> PoolRead:
    """一组点单。"""
    return pool_read(await pools.look(session, actor, pool_id))


@router.post(
    "/training/pools/{pool_id}/quote", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.PoolNotFoundError, rules.PoolStateError, rules.QuoteUntilError, StaleError
    ),
)  # fmt: skip
async def quote_pool(actor: OfficerOf, pool_id: UUID, form: QuoteForm, session: Unit, now: Now) -> PoolRead:
    """给出课程、教师、时间、费用的方案，请每位点单人在期限内答复。"""
    return pool_read(await pools.quote(session, actor, pool_id, form, now=now))


@router.post(
    "/training/pools/{pool_id}/close", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.PoolNotFoundError, rules.PoolStateError, StaleError),
)  # fmt: skip
async def close_pool(actor: OfficerOf, pool_id: UUID, form: TrainingReasonForm, session: Unit, now: Now) -> PoolRead:
    """开不成班，写明理由，逐个答复点单人。"""
    done = await pools.close(
        session, actor, pool_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return pool_read(done)


@router.get("/training/shortages", responses=read_errors(CursorInvalidError))
async def list_shortages(
    actor: Officer, session: Reads, runtime: RuntimeDep, state: ShortageStateOf = None, cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ShortageRead]:  # fmt: skip
    """由长期招不满的岗位和排班缺人推出的培训建议，附依据的数字。"""
    rows, following = await shortages.list_shortages(
        session, runtime.cursors, actor, state=state, cursor=cursor, limit=limit
    )
    names = await shortages.names_for(session, rows)
    return Page(items=[shortage_read(row, names) for row in rows], next_cursor=following)


@router.post(
    "/training/shortages/{shortage_id}/take", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.ShortageNotFoundError, rules.ShortageStateError, rules.DemandCourseError, StaleError
    ),
)  # fmt: skip
async def take_shortage(
    actor: OfficerOf, shortage_id: UUID, form: TakeShortageForm, session: Unit, now: Now
) -> DemandRead:
    """采纳建议，以镇里的名义点单。"""
    return demand_read(await shortages.take(session, actor, shortage_id, form, now=now), actor, now)


@router.post(
    "/training/shortages/{shortage_id}/dismiss", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.ShortageNotFoundError, rules.ShortageStateError, StaleError
    ),
)  # fmt: skip
async def dismiss_shortage(
    actor: OfficerOf, shortage_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> ShortageRead:
    """不采纳建议。"""
    row = await shortages.dismiss(session, actor, shortage_id, expected_version=form.expected_version, now=now)
    return shortage_read(row, await shortages.names_for(session, [row]))
