"""The machinery alone: an empty migrated database of either kind, and a small application around the real parts."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlmodel import func, select

from app.core.clock import FixedClock
from app.core.db import Database, WriteSession
from app.core.errors import ConflictError
from app.core.ids import new_id
from app.core.logging import configure_logging
from app.core.middleware import Edge
from app.core.security import TokenClaims
from app.core.settings import Settings
from app.models.identity import AuditEntry, LoginSession, Person
from app.routers import failures
from app.routers.deps import Now, Reads, Self, Unit, unit
from app.routers.routing import make_router
from app.rules.identity.apps import ClientApp, WechatApp
from app.rules.identity.roles import Actor
from app.schemas.base import Input, Output
from app.services.identity import audit
from app.services.runtime import Runtime, open_runtime

SECRET_WORD = "绝密的回答"


@pytest.fixture
def core_settings(empty_database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=empty_database_url, data_dir=tmp_path, log_level="CRITICAL", reader_pool=8, writer_pool=8
    )


@pytest.fixture
async def core(core_settings: Settings, clock: FixedClock) -> AsyncIterator[Runtime]:
    async with open_runtime(core_settings, clock) as opened:
        yield opened


@pytest.fixture
def db(core: Runtime) -> Database:
    return core.db


class NoteForm(Input):
    text: str
    refuse: bool = False


class NoteRead(Output):
    id: UUID
    text: str
    secret: str


def small_app(runtime: Runtime, body_limit: int = 100_000) -> FastAPI:
    """Real dependencies, route class, error handlers and edge; routes that only a test can want."""
    configure_logging(runtime.settings.log_level)
    app = FastAPI()
    app.state.runtime = runtime
    failures.install(app)
    router = make_router("test")

    @router.post("/places/{place}/notes", status_code=201)
    async def add_note(actor: Self, place: str, form: NoteForm, session: Unit, now: Now) -> NoteRead:
        note_id = new_id()
        await _write(session, actor, note_id, place, form, now)
        return NoteRead(id=note_id, text=form.text, secret=SECRET_WORD)

    @router.post("/other-notes", status_code=201)
    async def add_other_note(actor: Self, form: NoteForm, session: Unit, now: Now) -> NoteRead:
        note_id = new_id()
        await _write(session, actor, note_id, "other", form, now)
        return NoteRead(id=note_id, text=form.text, secret=SECRET_WORD)

    @router.post("/soft-refusals")
    async def refuse_softly(actor: Self, form: NoteForm, session: Unit, now: Now) -> JSONResponse:
        """A refusal that is returned, not raised: its writes stay, its answer is not for keeping."""
        await _write(session, actor, new_id(), "soft", form, now)
        return JSONResponse({"code": "soft"}, 409)

    @router.post("/promises")
    async def break_promise(actor: Self, session: Unit) -> dict[str, str]:
        """The statement succeeds, the commit cannot."""
        await session.exec(text("INSERT INTO promise (id, person_id) VALUES (1, :id)"), params={"id": new_id().hex})
        return {"status": "kept"}

    @router.post("/late-promises")
    async def break_promise_late(
        actor: Self, session: Annotated[WriteSession, Depends(unit)]
    ) -> dict[str, str]:  # FastAPI's default scope: what the house forbids
        await session.exec(text("INSERT INTO promise (id, person_id) VALUES (1, :id)"), params={"id": new_id().hex})
        return {"status": "kept"}

    @router.get("/write-while-reading")
    async def write_while_reading(actor: Self, session: Reads, now: Now) -> dict[str, str]:
        audit.record(session, "sneaked", actor_id=None, subject_kind="test", subject_id="1", now=now)
        await session.flush()
        return {"status": "written"}

    @router.post("/crash")
    async def crash() -> None:
        raise RuntimeError("身份证号 350581199001011234")

    app.include_router(router)
    app.add_middleware(Edge, body_limit=body_limit)
    return app


async def _write(session: WriteSession, actor: Actor, note_id: UUID, place: str, form: NoteForm, now: Any) -> None:
    audit.record(session, "noted", actor_id=actor.person_id, subject_kind=place, subject_id=note_id, now=now)
    await session.flush()
    if form.refuse:
        raise ConflictError


@dataclass
class Small:
    """A client of the small application, with people who are signed in."""

    http: httpx.AsyncClient
    runtime: Runtime

    async def person(self) -> dict[str, str]:
        """Headers of somebody new."""
        now = self.runtime.clock.now()
        person = Person(created_at=now, updated_at=now)
        session_row = LoginSession(
            person_id=person.id, app=ClientApp.ZHIPIN, created_at=now,
            expires_at=now + timedelta(hours=2), latest_at=now + timedelta(hours=2),
        )  # fmt: skip
        async with self.runtime.db.unit_of_work() as session:
            session.add(person)
            await session.flush()
            session.add(session_row)
        token = self.runtime.tokens.issue(TokenClaims(WechatApp.ZHIPIN, person.id, session_row.id), now)
        return {"Authorization": f"Bearer {token}"}

    async def note(
        self, who: dict[str, str], key: str | None, text: str = "甲", path: str = "/places/a/notes", **more: Any
    ) -> httpx.Response:
        headers = who | ({"Idempotency-Key": key} if key else {})
        return await self.http.post(f"/api/v1{path}", headers=headers, json={"text": text} | more)

    async def notes(self) -> int:
        async with self.runtime.db.reading() as session:
            return (await session.exec(select(func.count()).select_from(AuditEntry))).one()


@pytest.fixture
async def small(core: Runtime) -> AsyncIterator[Small]:
    transport = httpx.ASGITransport(app=small_app(core), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api", timeout=60) as http:
        yield Small(http, core)
