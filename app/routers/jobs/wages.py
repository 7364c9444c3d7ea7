"""最低工资标准。"""

from typing import Annotated
from uuid import UUID

from app.core.errors import StaleError
from app.routers.deps import (
    Now,
    Reads,
    Unit,
    require,
)
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import vacancies as rules
from app.schemas.jobs.vacancies import (
    WageForm,
    WageRead,
)
from app.services.jobs import wages

router = make_router("jobs")
WageReader = Annotated[Actor, require(Permission.WAGE_CONFIRM)]
WageConfirmer = Annotated[Actor, require(Permission.WAGE_CONFIRM, Reach.TOWN)]


@router.get("/minimum-wages", responses=read_errors())
async def list_minimum_wages(actor: WageReader, session: Reads) -> list[WageRead]:
    """最低工资标准及其来源；没有核对过的只提醒、不拦截。"""
    return [
        WageRead.model_validate(row.model_dump() | {"confirmed": row.verified_by is not None})
        for row in await wages.list_wages(session, actor)
    ]


@router.post(
    "/minimum-wages/{wage_id}/confirm",
    responses=write_errors(rules.WageNotFoundError, rules.WageConfirmedError, StaleError),
)
async def confirm_minimum_wage(
    actor: WageConfirmer, wage_id: UUID, form: WageForm, session: Unit, now: Now
) -> WageRead:
    """对照文件核对后生效，低于它的岗位从此不能发布。"""
    row = await wages.confirm_wage(session, actor, wage_id, now=now, **form.model_dump())
    return WageRead.model_validate(row.model_dump() | {"confirmed": True})
