"""A browser without a screen for the console's pages: cookies, form marks, and an account to sign in with."""

import html
import re
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import httpx
import pyotp

from app.rules.identity.console import TOTP_STEP_SECONDS
from app.rules.identity.roles import Role
from tests.factories.world import Someone, World, ok

SIGN_IN = "/console/sign-in"
PASSWORD = "三区联创的一句长话 2026"
MARK = re.compile(r'name="csrftoken" value="([^"]+)"')
STEP = timedelta(seconds=TOTP_STEP_SECONDS)


@dataclass
class Account:
    username: str
    password: str
    totp: pyotp.TOTP


async def open_account(world: World, someone: Someone, username: str = "cai.leiting") -> Account:
    """Opened in the mini-program and confirmed with the code before the present one, so that the present one is fresh."""
    form = {"username": username, "password": PASSWORD}
    enrolment = ok(await someone.post("/me/console-account", form))
    totp = pyotp.TOTP(enrolment["secret"])
    ok(await someone.post("/me/console-account/confirm", {"totp": totp.at(world.clock.now() - STEP)}))
    return Account(username, PASSWORD, totp)


async def staff(world: World, username: str = "yang.lingling") -> tuple[Someone, Account]:
    """A mediator of the town with an account."""
    person = await world.person()
    await world.appoint(person, Role.MEDIATOR)
    return person, await open_account(world, person, username)


class Browser:
    """Keeps cookies, follows nothing by itself. `scheme`: how the request reached the process."""

    def __init__(self, world: World, *, scheme: str = "http", address: str = "203.0.113.7") -> None:
        self.world = world
        transport = httpx.ASGITransport(
            app=world.api.app,  # type: ignore[attr-defined]
            raise_app_exceptions=False,
            client=(address, 40000),
        )
        self.http = httpx.AsyncClient(transport=transport, base_url=f"{scheme}://console.test")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    async def get(self, path: str = "/console/", **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    async def post(self, path: str, mark: str | None = None, **fields: str) -> httpx.Response:
        """With the mark of a page seen before, if one was."""
        return await self.http.post(path, data=fields | ({"csrftoken": mark} if mark else {}))

    async def mark(self, path: str = SIGN_IN) -> str:
        return mark_of(await self.get(path))

    async def sign_in(self, account: Account, **changes: str) -> httpx.Response:
        """With the present one-time code, unless told otherwise."""
        typed = {
            "username": account.username,
            "password": account.password,
            "totp": account.totp.at(self.world.clock.now()),
        } | changes
        return await self.post(SIGN_IN, await self.mark(), **typed)

    async def enter(self, account: Account) -> httpx.Response:
        """Signed in, on the first page."""
        answer = await self.sign_in(account)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/"), answer.text
        page = await self.get()
        assert page.status_code == 200, page.text
        return page


def mark_of(page: httpx.Response) -> str:
    found = MARK.search(page.text)
    assert found, page.text
    return html.unescape(found[1])


def error_of(page: httpx.Response) -> str:
    """The sentence on the sign-in page or on the page of a failure."""
    found = re.search(r'id="(?:error|failure)">([^<]*)<', page.text)
    assert found, page.text
    return html.unescape(found[1])


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    """Name → the whole line."""
    return {line.split("=", 1)[0]: line for line in answer.headers.get_list("set-cookie")}


def signed_out(answer: httpx.Response, after: str = "") -> None:
    """Sent to the sign-in page."""
    assert (answer.status_code, answer.headers["location"]) == (303, SIGN_IN + after), answer.text
