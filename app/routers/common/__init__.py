"""所有领域共用：配置、字典、通知、待办、文件、举报、分享、微信推送。"""

from fastapi import APIRouter

from app.routers.common import clients, files, notices, push, reports

ROOT: APIRouter = clients.root
ROUTERS: tuple[APIRouter, ...] = tuple(module.router for module in (clients, notices, files, reports, push))
