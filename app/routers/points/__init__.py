"""文明积分：账户、明细、试算平衡。"""

from fastapi import APIRouter

from app.routers.points import ledger

ROUTERS: tuple[APIRouter, ...] = (ledger.router,)
