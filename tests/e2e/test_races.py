"""Many at once, through two server processes on one database: one winner, one effect, and nobody hears a 500."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from demo import steps
from demo.client import Caller, Sandbox
from demo.stack import Stack
from demo.steps import vacancy_form
from tests.conftest import MISSING, PG_ENV, Databases

MANY = 64
# Small enough to be used up by one race, slow enough to give nothing back during it.
SHARES = 20
# Patient: the subject is who wins, not how fast a busy machine is.
SETTINGS = {
    "SANQU_RATE_LIMITS": f'{{"share": "{SHARES}/36000"}}',
    "SANQU_LOCK_WAIT_SECONDS": "20",
    "SANQU_DATABASE_TIMEOUT_SECONDS": "20",
    "SANQU_WECHAT_TIMEOUT_SECONDS": "20",
}
V1 = "/api/v1"
Call = tuple[str, dict[str, Any] | None, dict[str, str]]


@dataclass
class Town:
    """A firm that hires, the administrator's code not yet claimed."""

    stack: Stack
    sandbox: Sandbox
    claim_code: str
    vacancy_id: str

    async def race(self, calls: list[Call]) -> list[httpx.Response]:
        """All at once, half of them at each process; a client that dials for each of its calls."""
        ports = self.stack.api_ports
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=60, trust_env=False, limits=limits) as client:
            answers = await asyncio.gather(
                *(
                    client.post(f"http://127.0.0.1:{ports[number % len(ports)]}{V1}{path}", json=body, headers=headers)
                    for number, (path, body, headers) in enumerate(calls)
                )
            )
        assert [answer.text for answer in answers if answer.status_code >= 500] == []
        return answers

    async def logins(self, names: list[str]) -> list[dict[str, Any]]:
        codes = [await asyncio.to_thread(self.sandbox.login_code, "zhipin", name) for name in names]
        answers = await self.race([("/auth/wechat/login", {"app": "zhipin", "code": code}, {}) for code in codes])
        assert Counter(answer.status_code for answer in answers) == {200: len(names)}
        return [answer.json() for answer in answers]

    async def at_each(self, path: str, token: str) -> list[Any]:
        """What either process says to this token."""
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            urls = [f"http://127.0.0.1:{port}{V1}{path}" for port in self.stack.api_ports]
            answers = [await client.get(url, headers=bearer(token)) for url in urls]
        assert [answer.status_code for answer in answers] == [200] * len(urls)
        return [answer.json() for answer in answers]

    async def value(self, statement: str, **values: Any) -> Any:
        engine = create_async_engine(self.stack.environment["SANQU_DATABASE_URL"])
        try:
            async with engine.connect() as connection:
                return (await connection.execute(text(statement), values)).scalar_one()
        finally:
            await engine.dispose()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def arrange(stack: Stack, sandbox: Sandbox) -> str:
    """The vacancy of an approved firm; the administrator and the officer are two people."""
    people = {name: steps.login(stack, sandbox, "zhipin", name) for name in ("admin", "officer", "recruiter")}
    admin, officer, recruiter = people.values()
    steps.claim_first_admin(stack, admin)
    steps.claim_and_appoint(admin, officer, steps.OFFICER, "jobs_officer")
    claim = steps.claim_firm(recruiter, steps.FIRM)
    steps.approve_claim(officer, claim)
    made = recruiter.post("/vacancies", **vacancy_form(recruiter, claim["enterprise_id"]))["vacancy"]
    for person in people.values():
        person.close()
    return str(made["id"])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def town(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    if request.param == "postgresql" and PG_ENV not in os.environ:
        pytest.skip(MISSING)
    url = databases.make(request.param, seeded=True)
    with ExitStack() as opened:
        opened.callback(databases.drop, url)
        environment = SETTINGS | {"SANQU_DATABASE_URL": url}
        stack = Stack(tmp_path_factory.mktemp("races"), environment=environment, apis=2)
        opened.callback(stack.stop)
        # The database is made already, and nothing here waits for the worker.
        stack.start_sandbox()
        for index in range(2):
            stack.start_api(index)
        for index in range(2):
            stack.await_api(index)
        sandbox = Sandbox(stack.sandbox_url)
        opened.callback(sandbox.close)
        vacancy = arrange(stack, sandbox)
        yield Town(stack, sandbox, stack.command("bootstrap", "--role", "auditor"), vacancy)
        assert stack.died() is None


async def test_a_newcomer_who_logs_in_64_times_at_once_is_one_person(town: Town) -> None:
    """With the number that both mini-programs share, and without it."""
    town.sandbox.post("/_sbx/persons", person="阿英", no_unionid=True)
    for name in ("陈秀英", "阿英"):
        answers = await town.logins([name] * MANY)
        (person_id,) = {answer["person_id"] for answer in answers}
        assert [answer["is_new"] for answer in answers].count(True) == 1
        # Each login is a session of its own, and good at the other process too.
        assert len({answer["refresh_token"] for answer in answers}) == MANY
        for answer in answers[:2]:
            assert [me["person"]["id"] for me in await town.at_each("/me", answer["access_token"])] == [person_id] * 2
    # Nor has a second record been left behind that nobody can log in to.
    people = "SELECT (SELECT count(*) FROM person) - (SELECT count(DISTINCT person_id) FROM wechat_identity)"
    assert await town.value(people) == 0


async def test_64_refreshes_of_one_token_make_one_chain_and_log_nobody_out(town: Town) -> None:
    (first,) = await town.logins(["林小梅"])
    tokens = await town.value("SELECT count(*) FROM refresh_token")
    sending: list[Call] = [("/auth/refresh", {"refresh_token": first["refresh_token"]}, {})] * MANY
    answers = await town.race(sending)
    assert Counter(answer.status_code for answer in answers) == {200: MANY}
    (successor,) = {answer.json()["refresh_token"] for answer in answers}
    assert successor != first["refresh_token"]
    assert await town.value("SELECT count(*) FROM refresh_token") == tokens + 1
    # Nobody has been taken for a thief: every access token that was handed out is good, the old one as well.
    for answer in [*answers[:4], *answers[-2:]]:
        await town.at_each("/me", answer.json()["access_token"])
    await town.at_each("/me", first["access_token"])
    reused = "SELECT count(*) FROM audit_entry WHERE act = 'refresh_reused'"
    assert await town.value(reused) == 0
    # The chain goes on from its one end.
    (following,) = await town.race([("/auth/refresh", {"refresh_token": successor}, {})])
    assert following.status_code == 200
    assert following.json()["refresh_token"] not in {successor, first["refresh_token"]}


async def test_one_claim_code_claimed_by_64_people_has_one_winner(town: Town) -> None:
    people = await town.logins([f"认领者{number}" for number in range(MANY)])
    form = {"code": town.claim_code, "name": "赖晓伟"}
    answers = await town.race([("/roster/claims", form, bearer(person["access_token"])) for person in people])
    assert Counter(answer.status_code for answer in answers)[200] == 1
    refusals = {(answer.status_code, answer.json()["code"]) for answer in answers if not answer.is_success}
    assert refusals <= {(422, "claim_code_invalid"), (409, "roster_person_taken")}
    # One office, held by the winner and known to both processes; nobody else has come by anything.
    held = "SELECT count(*) FROM appointment WHERE role = 'auditor'"
    assert await town.value(held) == 1
    winner = next(person for person, answer in zip(people, answers, strict=True) if answer.is_success)
    for me in await town.at_each("/me", winner["access_token"]):
        assert ([role["role"] for role in me["roles"]], me["roster_name"]) == (["auditor"], "赖晓伟")
    losers = [person for person in people if person is not winner]
    assert [me["roles"] for me in await town.at_each("/me", losers[0]["access_token"])] == [[], []]
    await town.at_each("/audit-entries", winner["access_token"])


async def test_64_repeats_of_one_keyed_call_have_one_effect_and_one_answer(town: Town) -> None:
    seeker = Caller(town.stack.api_url, town.sandbox, "zhipin", "应聘者")
    token = await asyncio.to_thread(ready_to_apply, seeker)
    headers = bearer(token) | {"Idempotency-Key": uuid4().hex}
    form = {"vacancy_id": town.vacancy_id, "release_contact": True}
    sending: list[Call] = [("/applications", form, headers)] * MANY
    answers = await town.race(sending)
    # Whoever waited too long is told to ask again, and then hears the same as all others.
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert {answer.json()["code"] for answer in waiting} <= {"in_progress"}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in waiting)
    answers = [answer for answer in answers if answer.status_code != 409]
    answers += await town.race(sending[: len(waiting)])
    assert Counter(answer.status_code for answer in answers) == {201: MANY}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers].count("true") == MANY - 1
    mine = answers[0].json()["id"]
    page = await town.at_each("/me/applications", token)
    assert [[row["id"] for row in half["items"]] for half in page] == [[mine]] * 2
    told = "SELECT count(*) FROM notice WHERE kind = 'application_received'"
    assert await town.value(told) == 1
    # The key is taken: another form under it is refused, and not carried out.
    other = ("/applications", form | {"release_contact": False}, headers)
    (refused,) = await town.race([other])
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def ready_to_apply(seeker: Caller) -> str:
    token = str(seeker.login()["access_token"])
    for missing in seeker.get("/me")["missing_consents"]:
        seeker.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
    seeker.put("/me/seeker-profile", commute_limit_m=500)
    seeker.put("/me/profile", name="林小梅", birth_date="1988-03-12", expected_version=1)
    seeker.give_phone("13850000001")
    seeker.close()
    return token


async def test_an_allowance_is_one_for_both_processes(town: Town) -> None:
    one, other = await town.logins(["海报甲", "海报乙"])
    form = {"kind": "vacancy", "target_id": town.vacancy_id, "app": "zhipin"}
    answers = await town.race([("/share-codes", form, bearer(one["access_token"]))] * MANY)
    assert Counter(answer.status_code for answer in answers) == {201: SHARES, 429: MANY - SHARES}
    for answer in answers:
        if answer.status_code == 429:
            assert answer.json()["code"] == "too_many_requests"
            # A call that looked at the clock a moment before the one that took the last place waits that moment longer.
            assert 1 <= int(answer.headers["Retry-After"]) <= 36000 // SHARES + 1
    assert [len(half) for half in await town.at_each("/me/share-codes", one["access_token"])] == [SHARES] * 2
    # Used up at one process is used up at the other, and nobody else pays for it.
    again = await town.race([("/share-codes", form, bearer(one["access_token"]))] * 2)
    assert [answer.status_code for answer in again] == [429, 429]
    theirs = await town.race([("/share-codes", form, bearer(other["access_token"]))] * 2)
    assert [answer.status_code for answer in theirs] == [201, 201]
