"""零工配产：零工登记、企业名单、订单与班次、邀约与接单、到岗与评价、签到、工时、工资。"""

from fastapi import APIRouter

from app.routers.gigs import attendance, offers, orders, pay, profiles, rosters, runs, sharing, shifts, site, timesheets

ROUTERS: tuple[APIRouter, ...] = (
    profiles.router,
    rosters.router,
    orders.router,
    shifts.router,
    offers.router,
    attendance.router,
    site.router,
    timesheets.router,
    pay.router,
    runs.router,
    sharing.router,
)
