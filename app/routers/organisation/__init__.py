"""三区、网格、名册、挂钩、企业。"""

from fastapi import APIRouter

from app.routers.organisation import areas, enterprises, members

ROUTERS: tuple[APIRouter, ...] = tuple(module.router for module in (areas, enterprises, members))
