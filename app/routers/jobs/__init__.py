"""宝盖职聘：岗位、求职登记、推荐、应聘。"""

from fastapi import APIRouter

from app.routers.jobs import applications, saved, search, seekers, vacancies, wages

ROUTERS: tuple[APIRouter, ...] = tuple(
    # Search first: `/vacancies/facets` is no vacancy's id.
    module.router
    for module in (search, vacancies, seekers, saved, applications, wages)
)
