"""岗位检索与分面计数。"""

from typing import Annotated

from fastapi import Depends, Response

from app.core.clock import china_date
from app.core.errors import UnauthorisedError
from app.core.pages import CountedPage, CursorInvalidError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Now, Reads, Rows, RuntimeDep, limited
from app.routers.queries import QueryForm
from app.routers.routing import make_router, public_errors
from app.schemas.jobs.search import FacetParams, Facets, ListParams
from app.schemas.jobs.vacancies import VacancyListItem
from app.services.jobs import facets, search, views

router = make_router("jobs")
LIST, FACETS = QueryForm(ListParams), QueryForm(FacetParams)


@router.get(
    "/vacancies",
    dependencies=[limited(RateKind.SEARCH, only_searches=True)],
    responses=public_errors(CursorInvalidError, UnauthorisedError, TooManyRequestsError),
    response_model=CountedPage[VacancyListItem],
    openapi_extra=LIST.document(),
)
async def list_vacancies(
    connection: Rows, runtime: RuntimeDep, now: Now, params: Annotated[ListParams, Depends(LIST)]
) -> Response:
    """招聘中的岗位；可按关键词、职业、片区、企业、工资、班次、福利、距离筛选，按最新、最近或折合时薪排序。"""
    page = await search.list_vacancies(connection, runtime.cursors, params, today=china_date(now))
    return Response(views.list_page(page), media_type="application/json")


@router.get(
    "/vacancies/facets",
    dependencies=[limited(RateKind.SEARCH)],
    responses=public_errors(UnauthorisedError, TooManyRequestsError),
    openapi_extra=FACETS.document(),
)
async def count_vacancy_facets(session: Reads, now: Now, params: Annotated[FacetParams, Depends(FACETS)]) -> Facets:
    """同样的筛选条件下，各职业、片区、班次、福利、计薪方式各有多少岗位；每一类不受自身的筛选影响。"""
    return await facets.count_facets(session, params, today=china_date(now))
