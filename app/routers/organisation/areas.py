"""三区、网格、名册与挂钩联系。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.routers.deps import Now, Reads, Unit, require
from app.routers.routing import make_router, public_errors, read_errors, write_errors
from app.rules import organisation as rules
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission, RosterPersonNotFoundError
from app.rules.organisation import LiaisonState
from app.schemas.organisation.areas import (
    AreaRead,
    GridForm,
    GridRead,
    LiaisonConfirmForm,
    LiaisonRead,
    PartyOrganisationRead,
    RosterRead,
    SecretaryPhoneForm,
)
from app.services.organisation import facts, liaison, roster
from app.services.organisation.views import grid_read, party_read

router = make_router("organisation")
Staff = Annotated[Actor, require(Permission.ORGANISATION_READ)]
Confirmer = Annotated[Actor, require(Permission.LIAISON_CONFIRM, Reach.TOWN)]
Completer = Annotated[Actor, require(Permission.GRID_COMPLETE, Reach.TOWN)]


@router.get("/areas", responses=public_errors())
async def list_areas(session: Reads) -> list[AreaRead]:
    """三个片区及其网格数。"""
    return [AreaRead.model_validate(row) for row in await liaison.list_areas(session)]


@router.get("/grids", responses=read_errors())
async def list_grids(actor: Staff, session: Reads) -> list[GridRead]:
    """全部网格；名称和网格长为空表示方案未载、等待补全。"""
    return [grid_read(row, area, leader) for row, area, leader in await facts.list_grids(session, actor)]


@router.put("/grids/{grid_id}", responses=write_errors(rules.GridNotFoundError, RosterPersonNotFoundError, StaleError))
async def complete_grid(actor: Completer, grid_id: UUID, form: GridForm, session: Unit, now: Now) -> GridRead:
    """补全网格名称与网格长。"""
    await facts.complete_grid(session, actor, grid_id, now=now, **form.model_dump())
    return grid_read(*await facts.get_grid(session, grid_id))


@router.get("/party-organisations", responses=read_errors())
async def list_party_organisations(actor: Staff, session: Reads) -> list[PartyOrganisationRead]:
    """非公企业和社会组织党组织名单；书记电话为空表示公开名单未载、等待补全。"""
    return [party_read(row, secretary) for row, secretary in await facts.list_parties(session, actor)]


@router.put(
    "/party-organisations/{party_organisation_id}/secretary-phone",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(rules.PartyOrganisationNotFoundError, rules.PhoneShapeError, StaleError),
)
async def complete_secretary_phone(
    actor: Completer, party_organisation_id: UUID, form: SecretaryPhoneForm, session: Unit, now: Now
) -> None:
    """补全书记电话（公开名单此列为空）。"""
    await facts.complete_phone(session, actor, party_organisation_id, now=now, **form.model_dump())


@router.get("/roster", responses=read_errors())
async def list_roster(actor: Staff, session: Reads) -> list[RosterRead]:
    """公开名册上的人，专班成员在前；person_id 为空表示本人尚未认领。"""
    return [RosterRead.model_validate(row) for row in await roster.list_roster(session, actor)]


@router.get("/liaison-links", responses=read_errors())
async def list_liaison_links(
    actor: Staff, session: Reads, state: Annotated[LiaisonState | None, Query()] = None
) -> list[LiaisonRead]:
    """非公企业党组织挂钩联系名单；名单空白处标为未知并附推测，推测不是事实。"""
    return [LiaisonRead.model_validate(row) for row in await liaison.list_liaison(session, actor, state=state)]


@router.post(
    "/liaison-links/{link_id}/confirm",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(
        rules.LiaisonLinkNotFoundError, rules.LiaisonKnownError, RosterPersonNotFoundError, StaleError
    ),
)
async def confirm_liaison_link(
    actor: Confirmer, link_id: UUID, form: LiaisonConfirmForm, session: Unit, now: Now
) -> None:
    """确认名单空白处的挂钩领导或干部。"""
    await liaison.confirm_liaison(
        session,
        actor,
        link_id,
        roster_person_id=form.roster_person_id,
        expected_version=form.expected_version,
        now=now,
    )
