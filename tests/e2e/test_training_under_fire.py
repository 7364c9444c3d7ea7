"""Enrolment through two server processes: sixty people at once for two seats, one key many times, a line that breaks."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from demo import steps
from demo.client import Caller, Sandbox
from demo.stack import Stack
from tests.conftest import MISSING, PG_ENV, Databases
from tests.support.proxy import Proxy
from tests.support.recipes.training import course_form, session_form

PEOPLE, SEATS = 60, 2
V1 = "/api/v1"
SETTINGS = {"SANQU_LOCK_WAIT_SECONDS": "20", "SANQU_DATABASE_TIMEOUT_SECONDS": "20"}


@dataclass
class Office:
    """A training office over two processes; every caller is closed at the end."""

    stack: Stack
    sandbox: Sandbox
    officer: Caller
    course_id: str
    callers: list[Caller]

    def person(self, name: str) -> Caller:
        caller = steps.login(self.stack, self.sandbox, "zhipin", name)
        self.callers.append(caller)
        for missing in caller.get("/me")["missing_consents"]:
            caller.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
        return caller

    def open_class(self, capacity: int, days: int) -> str:
        session = session_form(days)
        form = {
            "course_id": self.course_id, "title": f"第{days}期", "capacity": capacity, "sessions": [session],
            "enrol_until": session["starts_at"],
        }  # fmt: skip
        made = self.officer.post_keyed("/training/classes", **form)
        for verb in ("approve", "open"):
            made = self.officer.post_keyed(f"/training/classes/{made['id']}/{verb}", expected_version=made["version"])
        return str(made["id"])

    async def race(self, callers: list[Caller], path: str, keys: list[str]) -> list[httpx.Response]:
        """All at once, half of them at each process."""
        ports = self.stack.api_ports
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=60, trust_env=False, limits=limits) as client:
            answers = await asyncio.gather(
                *(
                    client.post(
                        f"http://127.0.0.1:{ports[number % len(ports)]}{V1}{path}",
                        headers={"Authorization": caller._http.headers["Authorization"], "Idempotency-Key": key},
                    )
                    for number, (caller, key) in enumerate(zip(callers, keys, strict=True))
                )
            )  # fmt: skip
        assert [answer.text for answer in answers if answer.status_code >= 500] == []
        return answers


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    if request.param == "postgresql" and PG_ENV not in os.environ:
        pytest.skip(MISSING)
    url = databases.make(request.param, seeded=True)
    folder: Path = tmp_path_factory.mktemp("training")
    with Stack(folder, environment=SETTINGS | {"SANQU_DATABASE_URL": url}, apis=2) as stack:
        sandbox = Sandbox(stack.sandbox_url)
        admin, officer = [steps.login(stack, sandbox, "zhipin", name) for name in ("admin", "培训专员")]
        steps.claim_first_admin(stack, admin)
        steps.appoint(admin, officer, "training_officer", "town", None)
        course: dict[str, Any] = officer.post_keyed("/training/courses", **course_form())
        officer.post_keyed(f"/training/courses/{course['id']}/publish", expected_version=course["version"])
        made = Office(stack, sandbox, officer, course["id"], [admin, officer])
        yield made
        for caller in made.callers:
            caller.close()
        sandbox.close()
    databases.drop(url)


async def test_sixty_at_once_for_two_seats_through_two_processes(office: Office) -> None:
    class_id = office.open_class(SEATS, 30)
    people = await asyncio.to_thread(lambda: [office.person(f"学员{number}") for number in range(PEOPLE)])
    path = f"/training/classes/{class_id}/enrol"
    keys = [uuid4().hex for _ in people]
    answers = await office.race(people, path, keys)
    assert Counter(answer.json()["state"] for answer in answers) == {"enrolled": SEATS, "waitlisted": PEOPLE - SEATS}
    listed = office.officer.get(f"/training/classes/{class_id}/enrolments")["items"]
    assert sorted(one["ahead"] for one in listed if one["ahead"] is not None) == list(range(PEOPLE - SEATS))
    # The same keys again: the same answers, and nobody twice.
    again = await office.race(people, path, keys)
    assert [answer.json()["id"] for answer in again] == [answer.json()["id"] for answer in answers]
    seated = [one for one in listed if one["state"] == "enrolled"]
    by_id = {person.person_id: person for person in people}
    for one in seated:
        by_id[one["person_id"]].post_keyed(
            f"/training/enrolments/{one['id']}/withdraw", expected_version=one["version"]
        )
    after = office.officer.get(f"/training/classes/{class_id}/enrolments")["items"]
    first = [one["id"] for one in sorted((x for x in listed if x["ahead"] is not None), key=lambda x: x["ahead"])]
    assert sorted(one["id"] for one in after if one["state"] == "offered") == sorted(first[:SEATS])


async def test_one_key_many_times_is_one_enrolment(office: Office) -> None:
    class_id = office.open_class(SEATS, 40)
    person = office.person("林小梅")
    path, key = f"/training/classes/{class_id}/enrol", uuid4().hex
    answers = await office.race([person] * 32, path, [key] * 32)
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert {answer.json()["code"] for answer in waiting} <= {"in_progress"}
    done = [answer for answer in answers if answer.status_code != 409]
    assert len({answer.content for answer in done}) == 1
    assert office.officer.get(f"/training/classes/{class_id}")["free"] == SEATS - 1


def test_an_answer_that_was_cut_off_is_given_again(office: Office) -> None:
    class_id = office.open_class(SEATS, 50)
    person = office.person("吴金针")
    path = f"/training/classes/{class_id}/enrol"
    headers = {"Authorization": person._http.headers["Authorization"], "Idempotency-Key": uuid4().hex}
    with Proxy(office.stack.api_ports[0]) as proxy, httpx.Client(timeout=10, trust_env=False) as client:
        url = f"http://127.0.0.1:{proxy.port}{V1}"
        client.get(f"{url}/me", headers=headers).raise_for_status()
        proxy.lose_answers()
        with pytest.raises(httpx.HTTPError):
            client.post(url + path, headers=headers, timeout=2)
    (mine,) = person.get("/training/my-enrolments")["items"]
    again = person._http.post(path, headers=headers)
    assert (again.status_code, again.headers["Idempotent-Replayed"], again.json()["id"]) == (201, "true", mine["id"])
    assert office.officer.get(f"/training/classes/{class_id}")["free"] == SEATS - 1
