"""The first page: who I am here, what waits for me, where I am signed in."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.flash import flash, get_flashed_messages
from starlette_admin.routing import route
from starlette_admin.views import CustomView

from app.console.places import HOME, go, to_sign_in
from app.console.visits import actor_of, forget, runtime_of
from app.core.db import ReadSession
from app.rules.identity.roles import Actor, Permission, ScopeKind, check_permission
from app.services.common.tasks import list_tasks
from app.services.identity import sessions
from app.services.identity.me import read_me
from app.services.organisation.roster import scope_names

TASKS_SHOWN = 20


class StaffView(CustomView):
    """Base of every page behind the gate: for staff once more, should a route ever be let through by mistake."""

    def is_accessible(self, request: Request) -> bool:
        actor: Actor | None = request.state.visit.actor
        return actor is not None and actor.is_staff

    def page(self, request: Request, template: str, context: dict[str, Any]) -> Response:
        assert self.templates is not None  # noqa: S101  # set when the view is added
        told = {"flashed_messages": get_flashed_messages(request)}
        return self.templates.TemplateResponse(request, template, told | context)


class HomeView(StaffView):
    menu_label = "首页"
    icon = "fa-solid fa-house"
    path = "/"

    @route("", methods=["GET"])
    async def index(self, request: Request) -> Response:
        runtime, actor = runtime_of(request), actor_of(request)
        now = runtime.clock.now()
        check_permission(actor, Permission.TASK_READ)
        async with runtime.db.reading() as session:
            me = await read_me(session, runtime.crypto, actor, now=now)
            tasks, more = await list_tasks(session, runtime.cursors, actor, kind=None, cursor=None, limit=TASKS_SHOWN)
            opened = await sessions.list_sessions(session, actor, now=now)
            offices = await _offices(session, actor)
        context = {
            "title": "首页",
            "who": me.roster_name or me.person.name or "（未填写姓名）",
            "offices": offices,
            "tasks": tasks,
            "more_tasks": more is not None,
            "open_tasks": me.open_tasks,
            "sessions": opened,
            "current_session": actor.session_id,
            "now": now,
        }
        return self.page(request, "home.html", context)

    @route("/sessions/{session_id:uuid}/end", methods=["POST"])
    async def end_session(self, request: Request) -> Response:
        runtime, actor = runtime_of(request), actor_of(request)
        session_id: UUID = request.path_params["session_id"]
        async with runtime.db.unit_of_work() as session:
            await sessions.end_one(session, actor, session_id, now=runtime.clock.now())
        flash(request, "已结束这个登录", "success")
        return go(HOME)

    @route("/sessions/end-all", methods=["POST"])
    async def end_all_sessions(self, request: Request) -> Response:
        runtime, actor = runtime_of(request), actor_of(request)
        async with runtime.db.unit_of_work() as session:
            await sessions.logout_everywhere(session, actor, now=runtime.clock.now())
        flash(request, "已退出所有设备和网页上的登录", "success")
        response = to_sign_in()
        forget(response)
        return response


async def _offices(session: ReadSession, actor: Actor) -> list[tuple[str, str]]:
    """(role, where): the town by its kind, everything else by name."""
    names = await scope_names(session, [(grant.scope_kind, grant.scope_id) for grant in actor.grants])
    return [(grant.role.label, _where(grant.scope_kind, grant.scope_id, names)) for grant in actor.grants]


def _where(kind: ScopeKind, scope_id: UUID | None, names: dict[UUID, str]) -> str:
    name = names.get(scope_id) if scope_id is not None else None
    return kind.label if name is None else f"{kind.label}：{name}"
