"""零工配产：零工登记、企业名单。"""

from fastapi import APIRouter

from app.routers.gigs import profiles, rosters

ROUTERS: tuple[APIRouter, ...] = (
    profiles.router,
    rosters.router,
)
