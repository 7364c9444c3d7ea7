"""Marked personal values go through every operation, and through every way to be refused, against a real server and worker
with talkative logs; then they are looked for in all that stays behind. At the end one is planted in each place, and found.

What is not marked, because it stands in clear by design: the names of the public roster and of firms, credit codes, the
words and addresses of postings, the basis of a suspension (all of them shown to the public), a firm's claim as its licence
prints it. What is marked, and allowed in the database alone: `quiet_values`: openid and unionid (every login looks them
up; they mean nothing outside WeChat), and what staff note about their own work (task, review and account notes).
"""

import asyncio
import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

import httpx
import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject
from sqlalchemy import MetaData, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.core.columns import metadata
from app.core.settings import Settings
from demo.client import Sandbox
from demo.stack import Stack
from tests.support.canary import Listener, exercise, hidden_values, quiet_values
from tests.support.postgresql import Cluster, find_binaries
from tests.support.recipes import RECIPES, Town, Values
from tests.support.recipes.town import METRICS_TOKEN, id_number
from tests.support.served import bootstrap, execute
from tests.support.traces import Marks
from wechat_sandbox.sms import SECRET

MARKED = Values(
    name="欧阳鹿鸣", phone="13977264815", id_number=id_number(739), address="塘后村鹿鸣巷七十三号", handler="诸葛青禾",
    password="龙眼树下鹿鸣石凳 7391", words="青禾厂面试收了七百三十九元押金", answer="已责令退还七百三十九元并致歉",
    consent="本人在鹿鸣窗口当面答应", note="鹿鸣窗口已电话核对",
)  # fmt: skip
PLANTED = "种下的记号七三九一"
PLANT = f"UPDATE area SET name = '{PLANTED}' WHERE id = (SELECT id FROM area LIMIT 1)"  # noqa: S608  # a constant
TALKING = {
    "SANQU_LOG_LEVEL": "DEBUG", "SANQU_WORKER_POLL_SECONDS": "0.1", "SANQU_METRICS_TOKEN": METRICS_TOKEN,
    "SANQU_WECHAT_TEMPLATES": '{"zhipin": {"own_code": "TPL_CODE", "representation": "TPL_AGENT"}}',
    "SANQU_SMS_SECRET": SECRET, "SANQU_SMS_TEMPLATES": '{"account": "SMS_1", "own_code": "SMS_2"}',
    "SANQU_RATE_LIMITS": '{"claim": "10000/60", "sign_in": "10000/60"}',
}  # fmt: skip


class LoudStack(Stack):
    """A log for each process: the sandbox, which plays WeChat, may write what it likes."""

    logs: Path

    def start(self, name: str, words: list[str]) -> None:
        with (self.logs / f"{name}.log").open("a") as log:
            self._log: IO[str] | None = log
            super().start(name, words)


@dataclass
class Place:
    """A server on a database of its own, and all that it leaves behind."""

    stack: LoudStack
    url: str
    cluster: Cluster | None

    @property
    def logs(self) -> list[Path]:
        return [path for path in sorted(self.stack.logs.glob("*.log")) if path.name != "sandbox.log"]

    @property
    def folders(self) -> list[Path]:
        """Uploads and the database: the SQLite file with its journal, or the whole cluster with its own journal and log."""
        return [self.stack.data_dir] + ([] if self.cluster is None else [self.cluster.folder])

    def settle(self) -> None:
        if self.cluster is not None:
            self.cluster.sql("CHECKPOINT")

    @cached_property
    def sandbox(self) -> Sandbox:
        return Sandbox(self.stack.sandbox_url)

    def tables(self) -> dict[str, bytes]:
        """Everything that stands in them, as a program reads it: also what the database has packed."""

        async def read() -> dict[str, bytes]:
            engine = create_async_engine(self.url)
            async with engine.connect() as connection:
                found = await rows_of(connection)
            await engine.dispose()
            return found

        return asyncio.run(read())

    def stand_in_tables(self, marks: Marks) -> dict[str, set[str]]:
        return {name: found for name, rows in self.tables().items() if (found := marks.find(rows))}


async def rows_of(connection: AsyncConnection) -> dict[str, bytes]:
    bare = MetaData()
    await connection.run_sync(bare.reflect)
    assert set(bare.tables) >= set(metadata.tables)
    return {table.name: repr((await connection.execute(select(table))).all()).encode() for table in bare.sorted_tables}


@pytest.fixture
def place(kind: str, tmp_path: Path) -> Iterator[Place]:
    with contextlib.ExitStack() as opened:
        cluster, environment = None, dict(TALKING)
        if kind == "postgresql":
            binaries = find_binaries()
            assert binaries is not None
            cluster = Cluster(binaries, in_memory=True)
            opened.callback(cluster.stop)
            environment["SANQU_DATABASE_URL"] = cluster.start()
        (tmp_path / "logs").mkdir()
        stack = LoudStack(tmp_path / "data", environment=environment)
        stack.logs = tmp_path / "logs"
        stack.environment["SANQU_SMS_URL"] = f"{stack.sandbox_url}/sms/send"
        opened.enter_context(stack)
        url = environment.get("SANQU_DATABASE_URL", f"sqlite+aiosqlite:///{stack.data_dir / 'sanqu.sqlite3'}")
        found = Place(stack, url, cluster)
        opened.callback(found.sandbox.close)
        yield found


def marked_paper() -> bytes:
    """A page that shows the marks: they are in what is stored, so that only the sealing can hide them."""
    writer = PdfWriter()
    stream = DecodedStreamObject()
    stream.set_data(f"BT ({MARKED.phone} {MARKED.id_number}) Tj ET".encode())
    writer.add_blank_page(72, 72)[NameObject("/Contents")] = writer._add_object(stream)
    with io.BytesIO() as out:
        writer.write(out)
        return out.getvalue()


def lived(place: Place) -> tuple[Town, Listener]:
    """A town in which everything has happened once, well and badly."""
    settings = Settings(database_url=place.url, data_dir=place.stack.data_dir)
    town = Town(
        place.stack.api_url, place.sandbox, values=MARKED,
        bootstrap=lambda role, name: bootstrap(settings, role, name),
        restock=lambda statement: execute(place.url, statement),
    )  # fmt: skip
    listener = Listener()
    town.listeners.append(listener.hear)
    town.__dict__["document"] = marked_paper()
    document = httpx.get(town.url + "/openapi.json", timeout=60).json()
    with contextlib.closing(town):
        half = 0 if place.cluster is None else 1
        assert exercise(town, document, listener, half=half) == []
        call = RECIPES["get_file_content"](town)
        shown = httpx.get(
            f"{town.url}/api/v1/files/{call.path['file_id']}/content", params=call.query, timeout=30
        ).content
        assert Marks([("手机号", MARKED.phone)]).find(shown), "存下的文件里没有记号，找不到也不说明什么"
    return town, listener


def test_no_marked_value_stays_behind_anywhere(place: Place) -> None:
    town, listener = lived(place)
    hidden = Marks(hidden_values(town, listener))
    quiet = Marks([*hidden_values(town, listener), *quiet_values(town)])
    # Somebody was told each of these.
    assert {"login.access_token", "login.code", "phone.code", "refresh.refresh_token", "claim-codes.claim_code",
            "console-account.secret", "invites.code", "representations.code"} <= set(listener.confided)  # fmt: skip
    assert place.sandbox.get("/_sbx/secrets")["session_keys"]
    metrics = httpx.get(town.url + "/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}).content
    assert b"sanqu_outbox_pending" in metrics
    assert quiet.find(metrics) == set()
    assert len(listener.refusals) > 300
    assert {where: found for where, body in listener.refusals.items() if (found := quiet.find(body))} == {}
    if place.cluster is None:
        # Its journal and the index of that are there only while it is used.
        look_at_the_database(place, hidden, {"sanqu.sqlite3", "sanqu.sqlite3-wal", "sanqu.sqlite3-shm"})
    place.stack.stop()
    look_at_the_logs(place, quiet, listener)
    look_at_the_database(place, hidden, {"files"})
    # The same way of looking sees what does stand there by design.
    seen = place.stand_in_tables(Marks(quiet_values(town))).values()
    assert {name.split("（")[0] for name in set().union(*seen)} == {name for name, _ in quiet_values(town)}
    plant_and_find(place)


def look_at_the_database(place: Place, hidden: Marks, there: set[str]) -> None:
    place.settle()
    # Answers kept for a repeated call are among them.
    assert len(place.tables()["idempotency_record"]) > 1000
    assert place.stand_in_tables(hidden) == {}
    assert there <= {path.name for path in place.stack.data_dir.iterdir()}
    assert [hidden.find_in_files(folder) for folder in place.folders] == [{} for _ in place.folders]


def look_at_the_logs(place: Place, quiet: Marks, listener: Listener) -> None:
    written = b"".join(path.read_bytes() for path in place.logs)
    lines = [json.loads(line) for line in written.splitlines() if line.startswith(b"{")]
    # They talked: a line for each call at least, and the worker's own.
    assert sum(line["event"] == "request" for line in lines) >= listener.heard / 2
    assert {"outbox", "request", "worker started"} <= {line["event"] for line in lines}
    assert quiet.find(written) == set()


def plant_and_find(place: Place) -> None:
    """A value that does leak is seen in each of the places."""
    planted = Marks([("种下的", PLANTED)])
    places = [place.logs[0].parent, *place.folders]
    assert [planted.find_in_files(folder) for folder in places] == [{} for _ in places]
    execute(place.url, PLANT)
    place.settle()
    with place.logs[0].open("a") as log:
        log.write(json.dumps({"event": PLANTED}) + "\n")
    (place.stack.data_dir / "files" / PLANTED).write_bytes(b"-")
    assert place.stand_in_tables(planted) == {"area": {"种下的（utf-8）"}}
    found = [planted.find_in_files(folder) for folder in places]
    assert found[0] == {place.logs[0].name: {"种下的（escapes）"}}
    assert found[1][f"files/{PLANTED}"] == {"种下的（utf-8）"}
    database = found[-1]
    where = {"sanqu.sqlite3"} if place.cluster is None else {"data/base/", "data/pg_wal/"}
    assert all(any(name.startswith(start) for name in database) for start in where), database
