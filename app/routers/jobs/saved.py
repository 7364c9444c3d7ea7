"""收藏的岗位、保存的搜索。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, Limit, Now, Reads, RuntimeDep, Self, SelfRow, Unit, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.common.content import TextRiskyError
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import search as rules
from app.rules.jobs.vacancies import VacancyNotFoundError
from app.schemas.jobs.search import SavedSearchForm, SavedSearchRead, SavedSearchUpdate, SavedVacancyRead
from app.services.jobs import saved, saved_views

router = make_router("jobs")
# Any open posting may be kept, whosever it is.
Visitor = Annotated[Actor, require(Permission.SELF, Reach.OPEN)]
SEARCH_ERRORS = (ConsentMissingError, TextRiskyError, rules.SavedSearchNameTakenError)


@router.put(
    "/me/saved-vacancies/{vacancy_id}",
    responses=write_errors(VacancyNotFoundError, ConsentMissingError, rules.SavedVacanciesFullError),
)
async def save_vacancy(actor: Visitor, vacancy_id: UUID, session: Unit, now: Now) -> SavedVacancyRead:
    """收藏一个岗位；重复收藏不变。"""
    return saved_views.saved_vacancy_read(await saved.save_vacancy(session, actor, vacancy_id, now=now))


@router.get("/me/saved-vacancies", responses=read_errors(CursorInvalidError))
async def list_saved_vacancies(
    actor: Self, session: Reads, runtime: RuntimeDep, now: Now, cursor: Cursor = None, limit: Limit = 20
) -> Page[SavedVacancyRead]:
    """我收藏的岗位，后收藏的在前；已关闭的注明状态。"""
    found, following = await saved.list_saved_vacancies(
        session, runtime.cursors, actor, cursor=cursor, limit=limit, now=now
    )
    return Page(items=[saved_views.saved_vacancy_read(kept) for kept in found], next_cursor=following)


@router.delete(
    "/me/saved-vacancies/{vacancy_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(rules.SavedVacancyNotFoundError),
)
async def drop_saved_vacancy(actor: SelfRow, vacancy_id: UUID, session: Unit, now: Now) -> None:
    """取消收藏。"""
    await saved.drop_vacancy(session, actor, vacancy_id, now=now)


@router.post(
    "/me/saved-searches",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(*SEARCH_ERRORS, rules.SavedSearchesFullError),
)
async def save_search(actor: Self, form: SavedSearchForm, session: Unit, runtime: RuntimeDep) -> SavedSearchRead:
    """保存一个搜索（最多10个）；开启提醒后，每天告知一次新增的岗位数。"""
    return saved_views.saved_search_read(await saved.save_search(runtime, session, actor, form))


@router.get("/me/saved-searches", responses=read_errors())
async def list_saved_searches(actor: Self, session: Reads, runtime: RuntimeDep) -> list[SavedSearchRead]:
    """我保存的搜索。"""
    found = await saved.list_searches(session, runtime.crypto, actor)
    return [saved_views.saved_search_read(opened) for opened in found]


@router.put(
    "/me/saved-searches/{search_id}",
    responses=write_errors(*SEARCH_ERRORS, rules.SavedSearchNotFoundError, StaleError),
)
async def update_saved_search(
    actor: SelfRow, search_id: UUID, form: SavedSearchUpdate, session: Unit, runtime: RuntimeDep
) -> SavedSearchRead:
    """修改保存的搜索（整张表单），包括开关提醒。"""
    return saved_views.saved_search_read(await saved.update_search(runtime, session, actor, search_id, form))


@router.delete(
    "/me/saved-searches/{search_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(rules.SavedSearchNotFoundError),
)
async def drop_saved_search(actor: SelfRow, search_id: UUID, session: Unit, now: Now) -> None:
    """删除保存的搜索。"""
    await saved.drop_search(session, actor, search_id, now=now)
