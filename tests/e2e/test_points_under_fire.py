"""Points through two server processes: one effect of a key, one success of a balance, an answer that was cut off, kill -9.

`SANQU_KILLS` kills per database (default 2); what was acknowledged is written down by the clients, outside of what is killed.
"""

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from demo import steps
from demo.client import Caller, Sandbox
from demo.stack import BIN, Stack
from tests.conftest import MISSING, PG_ENV, Databases
from tests.support.proxy import Proxy
from tests.support.writers import KeyedWriter, acknowledged, await_progress

KILLS = int(os.environ.get("SANQU_KILLS", "2"))
MANY, WRITERS, BETWEEN = 64, 4, 25
PRICE, GIVEN = 100, 1000
V1 = "/api/v1"
DECISION = {"decided_by": "宝盖镇村民代表会议", "decision": "〔2026〕3号决议"}
SETTINGS = {
    "SANQU_LOCK_WAIT_SECONDS": "20", "SANQU_DATABASE_TIMEOUT_SECONDS": "20", "SANQU_WORKER_POLL_SECONDS": "0.2",
    "SANQU_RATE_LIMITS": '{"redeem": "100000/60", "apply": "100000/60"}',
}  # fmt: skip


@dataclass
class Programme:
    """A points office that gives a hundred points for each claim, and a reward for all of them."""

    stack: Stack
    sandbox: Sandbox
    first: Caller
    clerk: Caller
    rule_id: str
    reward_id: str
    site_id: str
    callers: list[Caller]

    def rich(self, name: str, points: int = PRICE) -> Caller:
        """Somebody with so many points, by claims that were approved."""
        person = steps.login(self.stack, self.sandbox, "zhipin", name)
        self.callers.append(person)
        for missing in person.get("/me")["missing_consents"]:
            person.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
        day = today_in_china()
        for _ in range(points // PRICE):
            claim = person.post_keyed("/me/points/claims", rule_id=self.rule_id, on_day=day, words="拾到钱包一只")
            self.first.post_keyed(f"/points/claims/{claim['id']}/review", approve=True, expected_version=1)
        return person

    @property
    def form(self) -> dict[str, Any]:
        return {"reward_id": self.reward_id, "site_id": self.site_id}

    async def race(self, caller: Caller, path: str, bodies: list[Any], keys: list[str]) -> list[httpx.Response]:
        """All at once, half of them at each process."""
        token = caller._http.headers["Authorization"]
        ports = self.stack.api_ports
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=60, trust_env=False, limits=limits) as client:
            answers = await asyncio.gather(
                *(
                    client.post(
                        f"http://127.0.0.1:{ports[number % len(ports)]}{V1}{path}", json=body,
                        headers={"Authorization": token, "Idempotency-Key": key},
                    )
                    for number, (body, key) in enumerate(zip(bodies, keys, strict=True))
                )
            )  # fmt: skip
        assert [answer.text for answer in answers if answer.status_code >= 500] == []
        return answers

    def verify(self) -> None:
        """`sanqu points verify` ends with 1 where anything does not add up."""
        assert self.stack.command("points", "verify").splitlines()[-1] == "相符"


def today_in_china() -> str:
    return str((datetime.now(UTC) + timedelta(hours=8)).date())


def arrange(stack: Stack, sandbox: Sandbox) -> Programme:
    callers = [steps.login(stack, sandbox, "zhipin", name) for name in ("admin", "积分专员", "第二位专员", "兑换员")]
    admin, first, second, clerk = callers
    steps.claim_first_admin(stack, admin)
    for officer in (first, second):
        steps.appoint(admin, officer, "points_officer", "town", None)
    steps.appoint(admin, clerk, "points_clerk", "town", None)
    rule = first.post_keyed(
        "/points/rules",
        code="under_fire",
        text="拾金不昧",
        fact="claim",
        points=PRICE,
        confirmed_by="专员",
        source="测试",
    )
    decided = DECISION | {"decided_on": "2026-01-01"}
    second.post_keyed(f"/points/rules/{rule['id']}/adopt", **decided, valid_from="2026-01-01", expected_version=1)
    first.post_keyed("/points/budgets", **decided, year=int(today_in_china()[:4]), points=10_000_000)
    site = first.post_keyed("/points/sites", name="兑换点", address="村委会", hours="每天")
    reward = first.post_keyed("/rewards", title="理发", kind="service", points=PRICE)
    first.post_keyed(
        f"/rewards/{reward['id']}/stock", site_id=site["id"], kind="receipt", quantity=50_000, reason="捐赠"
    )
    first.post_keyed(f"/rewards/{reward['id']}/move", state="offered", expected_version=1)
    return Programme(stack, sandbox, first, clerk, rule["id"], reward["id"], site["id"], callers)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def programme(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Programme]:
    if request.param == "postgresql" and PG_ENV not in os.environ:
        pytest.skip(MISSING)
    url = databases.make(request.param, seeded=True)
    folder: Path = tmp_path_factory.mktemp("points")
    with Stack(folder, environment=SETTINGS | {"SANQU_DATABASE_URL": url}, apis=2) as stack:
        sandbox = Sandbox(stack.sandbox_url)
        made = arrange(stack, sandbox)
        yield made
        for caller in made.callers:
            caller.close()
        sandbox.close()
    databases.drop(url)


async def test_many_at_once_through_two_processes(programme: Programme) -> None:
    """One after the other in one test: each worker of the run would start the processes anew."""
    await one_key_64_times_is_one_redemption(programme)
    await a_balance_of_100_and_64_redemptions_of_100(programme)
    await one_claim_is_credited_once_though_two_processes_review_it(programme)


async def one_key_64_times_is_one_redemption(programme: Programme) -> None:
    mei = await asyncio.to_thread(programme.rich, "林小梅", 3 * PRICE)
    key = uuid4().hex
    answers = await programme.race(mei, "/me/redemptions", [programme.form] * MANY, [key] * MANY)
    # Whoever waited too long is told to ask again, and then hears the same as all others.
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert {answer.json()["code"] for answer in waiting} <= {"in_progress"}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in waiting)
    answers = [answer for answer in answers if answer.status_code != 409]
    answers += await programme.race(mei, "/me/redemptions", [programme.form] * len(waiting), [key] * len(waiting))
    assert Counter(answer.status_code for answer in answers) == {201: MANY}
    assert len({answer.content for answer in answers}) == 1
    points = mei.get("/me/points")
    assert (points["available"], points["held"]) == (2 * PRICE, PRICE)
    other = programme.form | {"helper": "陈小芳"}
    (refused,) = await programme.race(mei, "/me/redemptions", [other], [key])
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    programme.verify()


async def a_balance_of_100_and_64_redemptions_of_100(programme: Programme) -> None:
    mei = await asyncio.to_thread(programme.rich, "陈美丽")
    answers = await programme.race(mei, "/me/redemptions", [programme.form] * MANY, [uuid4().hex for _ in range(MANY)])
    told = Counter(answer.json().get("code") if answer.status_code != 201 else "got" for answer in answers)
    assert told == {"got": 1, "points_not_enough": MANY - 1}
    programme.verify()


async def one_claim_is_credited_once_though_two_processes_review_it(programme: Programme) -> None:
    """Another person may not be quicker than the lock: each review under a key of its own."""
    mei = await asyncio.to_thread(programme.rich, "许淑贞", 0)
    claim = mei.post_keyed("/me/points/claims", rule_id=programme.rule_id, on_day=today_in_china(), words="拾到手机")
    form = {"approve": True, "expected_version": 1}
    path = f"/points/claims/{claim['id']}/review"
    answers = await programme.race(programme.first, path, [form] * MANY, [uuid4().hex for _ in range(MANY)])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: MANY - 1}
    assert mei.get("/me/points")["available"] == PRICE
    programme.verify()


def test_an_answer_that_was_cut_off_is_given_again(programme: Programme) -> None:
    """The line breaks when the transaction is committed and before the client has read anything."""
    mei = programme.rich("吴金针", 2 * PRICE)
    key = {"Authorization": mei._http.headers["Authorization"], "Idempotency-Key": uuid4().hex}
    with Proxy(programme.stack.api_ports[0]) as proxy, httpx.Client(timeout=10, trust_env=False) as client:
        url = f"http://127.0.0.1:{proxy.port}{V1}"
        client.get(f"{url}/me/points", headers=key).raise_for_status()
        proxy.lose_answers()
        with pytest.raises(httpx.HTTPError):
            client.post(f"{url}/me/redemptions", json=programme.form, headers=key, timeout=2)
    points = mei.get("/me/points")
    assert (points["available"], points["held"]) == (PRICE, PRICE)
    (made,) = mei.get("/me/redemptions")["items"]
    again = mei._http.post("/me/redemptions", json=programme.form, headers=key)
    assert (again.status_code, again.headers["Idempotent-Replayed"], again.json()["id"]) == (201, "true", made["id"])
    assert mei.get("/me/points") == points
    programme.verify()


@dataclass
class Redeemer(KeyedWriter):
    """Redeems, and in turn takes it back or fetches it."""

    programme: Programme = field(kw_only=True)

    def round(self) -> None:
        number = len(self.acknowledged)
        made = self.write("POST", "/me/redemptions", f"redeem-{number}", self.programme.form)
        if number % 4:
            path = f"/me/redemptions/{made['id']}/cancel"
            self.write("POST", path, f"cancel-{number}", {"expected_version": made["version"]})
        else:
            form = {"code": made["code"], "picked_up_by": "self"}
            self.write("POST", "/redemptions/fulfil", f"fulfil-{number}", form, by=self.programme.clerk)

    def check(self) -> None:
        self.check_answers()
        states = {row["id"]: "cancelled" for row in self.told("/cancel")}
        states |= {row["id"]: "fulfilled" for row in self.told("/fulfil")}
        made = {row["id"] for row in self.told("/me/redemptions")}
        found, cursor = {}, None
        while True:
            page = self.caller.get("/me/redemptions", limit=100, **({"cursor": cursor} if cursor else {}))
            found |= {row["id"]: row["state"] for row in page["items"]}
            if (cursor := page["next_cursor"]) is None:
                break
        assert found == dict.fromkeys(made, "ready") | states
        points = self.caller.get("/me/points")
        spent = sum(state != "cancelled" for state in found.values()) * PRICE
        assert points["available"] == GIVEN - spent


def test_kill_minus_nine_amid_redemptions_loses_nothing_and_doubles_nothing(programme: Programme) -> None:
    stack, stop = programme.stack, threading.Event()
    writers = [Redeemer(programme.rich(f"兑换人{index}", GIVEN), stop, programme=programme) for index in range(WRITERS)]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        for kill in range(KILLS):
            await_progress(writers, acknowledged(writers) + BETWEEN)
            stack.kill("api0")
            if kill % 2:
                stack.kill("worker")
                stack.start("worker", [str(BIN / "sanqu"), "worker"])
            stack.start_api()
            stack.await_api()
        await_progress(writers, acknowledged(writers) + BETWEEN)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert [writer.failed for writer in writers] == [None] * WRITERS
    # A kill in a quiet moment proves nothing: requests were cut off.
    assert sum(writer.retried for writer in writers) > 0
    for writer in writers:
        writer.check()
    programme.verify()
    assert programme.first.get("/points/trial-balance")["total"] == 0
