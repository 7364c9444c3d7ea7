"""宝盖职聘：岗位、求职登记、推荐、应聘、招聘会。"""

from fastapi import APIRouter

from app.routers.jobs import applications, fair_booths, fair_entries, fairs, seekers, vacancies, wages

ROUTERS: tuple[APIRouter, ...] = tuple(
    module.router for module in (vacancies, seekers, applications, wages, fairs, fair_booths, fair_entries)
)
