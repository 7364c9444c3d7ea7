"""可接的班次。"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Now, Reads, RuntimeDep, assisted, limited
from app.routers.queries import QueryForm
from app.routers.routing import AGENT_ERRORS, make_router, read_errors
from app.rules.gigs.orders import ShiftNotFoundError
from app.rules.identity.access import Reach
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor
from app.schemas.gigs.orders import ShiftDetail, ShiftListItem, ShiftSearch
from app.services.gigs import open_shifts, order_views
from app.services.gigs.open_shifts import Wanted

router = make_router("gigs")
SEARCH = QueryForm(ShiftSearch)
Worker = Annotated[Actor, assisted(AgentScope.GIGS)]
WorkerOpen = Annotated[Actor, assisted(AgentScope.GIGS, Reach.OPEN)]


@router.get(
    "/shifts",
    dependencies=[limited(RateKind.SEARCH, only_searches=True)],
    responses=read_errors(*AGENT_ERRORS, CursorInvalidError, TooManyRequestsError),
    openapi_extra=SEARCH.document(),
)
async def list_shifts(
    actor: Worker, session: Reads, runtime: RuntimeDep, now: Now, params: Annotated[ShiftSearch, Depends(SEARCH)]
) -> Page[ShiftListItem]:
    """可接的班次，开班早的在前；不含您避开的企业。"""
    wanted = Wanted(**params.model_dump(exclude={"cursor", "limit"}))
    found, following = await open_shifts.search(
        session, runtime.cursors, actor, wanted, cursor=params.cursor, limit=params.limit, now=now
    )
    return Page(items=[order_views.shift_item(one) for one in found], next_cursor=following)


@router.get("/shifts/{shift_id}", responses=read_errors(*AGENT_ERRORS, ShiftNotFoundError))
async def get_shift(actor: WorkerOpen, shift_id: UUID, session: Reads, now: Now) -> ShiftDetail:
    """一个班次：全部条件、保障、排队人数、用工提示（不作劳动关系认定），以及按法律现在能不能接。"""
    return order_views.shift_detail(await open_shifts.show(session, actor, shift_id, now=now))
