"""菜单式培训：课程、点单、班次、报名、考勤、证书、申报、竞赛。"""

from fastapi import APIRouter

from app.routers.training import (
    attendance,
    catalogue,
    certificates,
    classes,
    competitions,
    declarations,
    demands,
    enrolments,
)

ROUTERS: tuple[APIRouter, ...] = (
    catalogue.router, demands.router, classes.router, enrolments.router, attendance.router, certificates.router, certificates.pages,
    declarations.router, competitions.router,
)  # fmt: skip
