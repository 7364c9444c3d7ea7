"""文明积分：账本、规则、活动、申报、礼遇、公示。"""

from fastapi import APIRouter

from app.routers.points import activities, ledger, own, programme, publication, rewards

ROUTERS: tuple[APIRouter, ...] = (
    own.router, ledger.router, programme.router, activities.router, rewards.router, publication.router,
)  # fmt: skip
