"""登录、身份、授权、隐私。"""

from fastapi import APIRouter

from app.routers.identity import audit, console, me, onbehalf, people, sessions, staff

ROUTERS: tuple[APIRouter, ...] = tuple(
    module.router for module in (sessions, me, console, onbehalf, people, staff, audit)
)
