"""零工配产：零工登记、企业名单、邀约与接单、到岗与评价。"""

from fastapi import APIRouter

from app.routers.gigs import attendance, offers, profiles, rosters

ROUTERS: tuple[APIRouter, ...] = (
    profiles.router,
    rosters.router,
    offers.router,
    attendance.router,
)
