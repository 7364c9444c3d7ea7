"""kill -9 in the middle of a stream of keyed writes and of an import: nothing acknowledged is lost, nothing is half done.

`SANQU_KILLS` kills per database (default 2); `./dev faults` gives a long dose.
"""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.clock import china_date
from demo import steps
from demo.client import Caller, Sandbox
from demo.stack import BIN, Stack
from demo.steps import vacancy_form
from tests.conftest import MISSING, PG_ENV, Databases
from tests.support.workbooks import lawful_on, sheet
from tests.support.writers import KeyedWriter, acknowledged, await_progress

KILLS = int(os.environ.get("SANQU_KILLS", "2"))
WRITERS = 4
# Answers between two kills; the kill comes whenever that many are there, amid whatever is running then.
BETWEEN = 25
# The goal is 5 s (SQLite) and 10 s (PostgreSQL) on a machine of its own: `./dev faults` holds it to 10.
# Rows of the sheet, of which every tenth has a fault, and how many of them are done when the worker is killed.
SHEET_ROWS = 300
FAULTY = 10
KILLED_AT = (30, 110, 190)
READY_SECONDS = float(os.environ.get("SANQU_READY_SECONDS", "30"))
# What must be 0 at any time: rows that another row of the same transaction belongs to, without it.
HALF_DONE = {
    "应聘没有步骤": "SELECT count(*) FROM application a WHERE NOT EXISTS (SELECT 1 FROM application_step s WHERE s.application_id = a.id)",
    "撤回没有步骤": """SELECT count(*) FROM application a WHERE a.state = 'withdrawn' AND NOT EXISTS
        (SELECT 1 FROM application_step s WHERE s.application_id = a.id AND s.state = 'withdrawn')""",
    "撤回后仍有联系方式": "SELECT count(*) FROM application WHERE state = 'withdrawn' AND contact_released",
    "应聘没有留痕": """SELECT count(*) FROM application a WHERE NOT EXISTS
        (SELECT 1 FROM audit_entry e WHERE e.act = 'applied' AND replace(e.subject_id, '-', '') = replace(CAST(a.id AS text), '-', ''))""",
    "通知没有待发消息": "SELECT (SELECT count(*) FROM notice) - (SELECT count(*) FROM outbox_message)",
    "应聘没有通知企业": """SELECT (SELECT count(*) FROM application) -
        (SELECT count(*) FROM notice WHERE kind = 'application_received')""",
    "幂等记录没有答复": "SELECT count(*) FROM idempotency_record WHERE response IS NULL OR status IS NULL",
    "一个人同时两次应聘": """SELECT count(*) FROM (SELECT 1 FROM application WHERE state NOT IN ('rejected', 'withdrawn')
        GROUP BY person_id, vacancy_id HAVING count(*) > 1) AS twice""",
}


@dataclass
class Writer(KeyedWriter):
    """One person who applies, changes their profile, withdraws."""

    vacancy_id: str = ""

    def round(self) -> None:
        number = len(self.acknowledged)
        form = {"vacancy_id": self.vacancy_id, "release_contact": True}
        mine = self.write("POST", "/applications", f"apply-{number}", form)
        version = self.write(
            "PUT", "/me/seeker-profile", f"profile-{number}",
            {"commute_limit_m": 1000 + number, "expected_version": 1 + number // 3},
        )["version"]  # fmt: skip
        assert version == 2 + number // 3
        path = f"/me/applications/{mine['id']}/withdraw"
        self.write("POST", path, f"withdraw-{number}", {"expected_version": mine["version"]})


@pytest.fixture(params=["sqlite", "postgresql"])
def stack(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Stack]:
    if request.param == "postgresql" and PG_ENV not in os.environ:
        pytest.skip(MISSING)
    url = databases.make(request.param, seeded=True)
    # A short lease: whoever takes over from a killed worker waits for its end.
    environment = {
        "SANQU_DATABASE_URL": url, "SANQU_WORKER_POLL_SECONDS": "0.1", "SANQU_WORKER_LEASE_SECONDS": "6",
        "SANQU_WECHAT_TIMEOUT_SECONDS": "2",
    }  # fmt: skip
    with Stack(tmp_path, environment=environment) as running:
        yield running
    databases.drop(url)


def seeker(stack: Stack, sandbox: Sandbox, name: str) -> Caller:
    caller = steps.login(stack, sandbox, "zhipin", name)
    for missing in caller.get("/me")["missing_consents"]:
        caller.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
    caller.put("/me/seeker-profile", commute_limit_m=500)
    caller.put("/me/profile", name="林小梅", birth_date="1988-03-12", expected_version=1)
    caller.give_phone("13850000001")
    return caller


def rows(stack: Stack, statement: str) -> list[Any]:
    async def ask() -> list[Any]:
        engine = create_async_engine(stack.environment["SANQU_DATABASE_URL"])
        async with engine.connect() as connection:
            found = (await connection.execute(text(statement))).all()
        await engine.dispose()
        return list(found)

    return asyncio.run(ask())


def hiring_firm(stack: Stack, sandbox: Sandbox) -> tuple[Caller, Caller, Caller, str]:
    """Administrator, officer, recruiter, and the approved firm that the last one hires for."""
    admin = steps.login(stack, sandbox, "zhipin", "admin")
    steps.claim_first_admin(stack, admin)
    officer, recruiter = (steps.login(stack, sandbox, "zhipin", name) for name in ("officer", "recruiter"))
    steps.claim_and_appoint(admin, officer, steps.OFFICER, "jobs_officer")
    claim = steps.claim_firm(recruiter, steps.FIRM)
    steps.approve_claim(officer, claim)
    return admin, officer, recruiter, str(claim["enterprise_id"])


def test_kill_minus_nine_loses_nothing_that_was_acknowledged(stack: Stack) -> None:
    sandbox = Sandbox(stack.sandbox_url)
    admin, officer, recruiter, firm_id = hiring_firm(stack, sandbox)
    vacancy = recruiter.post("/vacancies", **vacancy_form(recruiter, firm_id))["vacancy"]
    stop = threading.Event()
    writers = [Writer(seeker(stack, sandbox, f"应聘者{index}"), stop, vacancy["id"]) for index in range(WRITERS)]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        for kill in range(KILLS):
            goal = acknowledged(writers) + BETWEEN
            await_progress(writers, goal)
            stack.kill("api0")
            if kill % 2:
                stack.kill("worker")
                stack.start("worker", [str(BIN / "sanqu"), "worker"])
            began = time.monotonic()
            stack.start_api()
            stack.await_api()
            assert time.monotonic() - began < READY_SECONDS, "重启后没有及时就绪"
        await_progress(writers, acknowledged(writers) + BETWEEN)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert [writer.failed for writer in writers] == [None] * WRITERS
    # A kill in a quiet moment proves nothing: requests were cut off.
    assert sum(writer.retried for writer in writers) > 0
    check(stack, writers)
    for caller in (admin, officer, recruiter, *(writer.caller for writer in writers)):
        caller.close()
    sandbox.close()


def check(stack: Stack, writers: list[Writer]) -> None:
    for writer in writers:
        writer.check_answers()
        # Every application that was acknowledged, and not one more.
        mine, cursor = set(), None
        while True:
            page = writer.caller.get("/me/applications", limit=100, **({"cursor": cursor} if cursor else {}))
            mine |= {(row["id"], row["state"]) for row in page["items"]}
            if (cursor := page["next_cursor"]) is None:
                break
        assert mine == {(row["id"], "withdrawn") for row in writer.told("/withdraw")}
        assert writer.caller.get("/me/seeker-profile") == writer.told("/me/seeker-profile")[-1]
    wrong = {name: rows(stack, statement)[0][0] for name, statement in HALF_DONE.items()}
    assert wrong == dict.fromkeys(HALF_DONE, 0)
    keyed = acknowledged(writers)
    assert rows(stack, "SELECT count(*) FROM idempotency_record")[0][0] == keyed


def test_kill_minus_nine_of_the_worker_does_each_row_of_an_import_once(stack: Stack) -> None:
    sandbox = Sandbox(stack.sandbox_url)
    *office, recruiter, firm_id = hiring_firm(stack, sandbox)
    job = start_import(recruiter, firm_id)
    cut_off = 0
    for goal in KILLED_AT:
        job = await_rows(recruiter, job, goal)
        assert job["finished_at"] is None, "导入在断电之前就完成了"
        stack.kill("worker")
        # The rows, the progress and the postings are of one transaction, whichever moment it was.
        (told,) = rows(stack, PROGRESS)
        assert told.done == told.rows_done == told.made + told.refused >= goal
        assert (told.made, told.refused) == (told.postings, told.refused_rows)
        cut_off += rows(stack, HELD_BY_THE_DEAD)[0][0]
        stack.start("worker", [str(BIN / "sanqu"), "worker"])
    # A kill between two slices proves less: at least one came while the worker had the import in its hands.
    assert cut_off > 0
    job = await_rows(recruiter, job, SHEET_ROWS)
    while job["finished_at"] is None:
        job = recruiter.get(f"/vacancy-imports/{job['id']}")
    faulty = SHEET_ROWS // FAULTY
    assert (job["state"], job["rows"], job["done"], job["refused"]) == ("done", SHEET_ROWS, SHEET_ROWS, faulty)
    assert job["created"] + job["held"] == SHEET_ROWS - faulty
    titles = [title for (title,) in rows(stack, "SELECT title FROM vacancy")]
    assert sorted(titles) == sorted(f"平车工第{n}组" for n in range(1, SHEET_ROWS + 1) if n % FAULTY)
    (told,) = rows(stack, PROGRESS)
    assert (told.postings, told.refused_rows, told.rows_done) == (SHEET_ROWS - faulty, faulty, SHEET_ROWS)
    wrong = {name: rows(stack, statement)[0][0] for name, statement in ONCE.items()}
    assert wrong == dict.fromkeys(ONCE, 0)
    for caller in (*office, recruiter):
        caller.close()
    sandbox.close()


# What the import says of itself beside what is there, in one statement: a look at one moment.
PROGRESS = """SELECT i.done, i.created + i.held AS made, i.refused,
    (SELECT count(*) FROM vacancy_import_row r WHERE r.import_id = i.id AND r.state <> 'waiting') AS rows_done,
    (SELECT count(*) FROM vacancy_import_row r WHERE r.import_id = i.id AND r.state = 'refused') AS refused_rows,
    (SELECT count(*) FROM vacancy v WHERE v.enterprise_id = i.enterprise_id) AS postings
    FROM vacancy_import i"""
HELD_BY_THE_DEAD = """SELECT count(*) FROM outbox_message
    WHERE topic = 'jobs.vacancy_import' AND state = 'pending' AND leased_by IS NOT NULL"""
# What must be 0 once the import is done.
ONCE = {
    "岗位没有导入行": """SELECT count(*) FROM vacancy v
        WHERE (SELECT count(*) FROM vacancy_import_row r WHERE r.vacancy_id = v.id) <> 1""",
    "岗位的版本不止一个": """SELECT count(*) FROM vacancy v
        WHERE (SELECT count(*) FROM vacancy_version x WHERE x.vacancy_id = v.id) <> 1""",
    "导入行仍有原文": "SELECT count(*) FROM vacancy_import_row WHERE cells_sealed IS NOT NULL",
    "完成通知不是一条": "SELECT count(*) - 1 FROM notice WHERE kind = 'import_done'",
}


def start_import(recruiter: Caller, firm_id: str) -> dict[str, Any]:
    today = china_date(datetime.now(UTC))
    content = sheet(
        [
            lawful_on(today, 岗位名称=f"平车工第{n}组", 招聘人数=2 if n % FAULTY else "两个")
            for n in range(1, SHEET_ROWS + 1)
        ]
    )
    file_id = recruiter.upload("岗位.xlsx", content, "vacancy_import")["file_id"]
    job: dict[str, Any] = recruiter.post_keyed(f"/enterprises/{firm_id}/vacancy-imports", file_id=file_id, submit=True)
    return job


def await_rows(recruiter: Caller, job: dict[str, Any], goal: int) -> dict[str, Any]:
    deadline = time.monotonic() + 90
    while job["done"] < goal:
        assert time.monotonic() < deadline, "导入停住了"
        time.sleep(0.01)
        job = recruiter.get(f"/vacancy-imports/{job['id']}")
    return job
