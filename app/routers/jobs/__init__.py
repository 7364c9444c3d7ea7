"""宝盖职聘：岗位、求职登记、推荐、应聘。"""

from fastapi import APIRouter

from app.routers.jobs import applications, interviews, invitations, kept, seekers, vacancies, wages

ROUTERS: tuple[APIRouter, ...] = tuple(
    module.router for module in (vacancies, seekers, applications, wages, invitations, interviews, kept)
)
