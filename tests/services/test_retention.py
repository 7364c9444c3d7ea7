"""`sanqu purge`: a day before its time a record stays, a day after it goes, and a second run finds nothing more."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.clock import china_date
from app.core.ids import new_id
from app.models.common import File, FileUse, Notice, NoticeDelivery, PushEvent, Report, ShareCode
from app.models.identity import AssistedAct, Consent, Representation, RetainedRecord
from app.models.jobs import Application, ApplicationStep
from app.models.organisation import EnterpriseClaim
from app.rules.common.files import FileKind, FilePurpose, FileState
from app.rules.common.notices import Channel, DeliveryState, NoticeKind
from app.rules.common.reports import ReportReason, ReportState, ReportSubject
from app.rules.common.sharing import ShareKind
from app.rules.identity.apps import ClientApp, WechatApp
from app.rules.identity.consents import ConsentMethod, ConsentPurpose
from app.rules.identity.onbehalf import RepresentationKind, RepresentationState
from app.rules.identity.privacy import (
    APPLICATIONS_KEPT,
    IMPORT_ROWS_KEPT,
    LOGS_KEPT,
    NOTICES_KEPT,
    PUSH_EVENTS_KEPT,
    RETENTION,
    RetentionClass,
)
from app.rules.jobs.applications import ApplicationState
from app.rules.organisation import CLAIM_PAPERS, EnterpriseClaimState
from app.tasks.retention import Purged, purge
from app.tasks.sweeps import sweep
from tests.factories.world import World, ok, refused
from tests.support.api import count
from tests.support.jobs import Hiring
from tests.support.privacy import acting, acts, edges, put_rows, relative_of, rows, table_of
from tests.support.workbooks import imported, lawful, rows_of, run, sheet, start

DAY = timedelta(days=1)
PAPERS_KEPT = timedelta(days=3 * 366)
# What stands there for each line, once the rows below lie in the database.
EXPECTED = {
    **{f"封存的{kind.label}": 1 for kind in RetentionClass}, "应聘记录": 1,
    "同意记录": 1, "代办授权": 1, "办结的举报": 1, "通知": 1, "微信推送原文": 1, "过期分享码": 1, "退回的认领所附材料": 1, "没有登记的存储文件": 0, "审计记录": 0,
}  # fmt: skip


async def _pairs(world: World, hiring: Hiring, person_id: UUID) -> dict[str, tuple[UUID, UUID]]:
    """Two rows of each kind, one still within its time of keeping and one a day past it: table → (stays, goes)."""
    now, made = world.clock.now(), {}
    today, vacancy = china_date(now), UUID((await hiring.post())["id"])
    for kind in RetentionClass:
        records = [
            {"created_at": now, "person_id": person_id, "retention_class": kind, "content_sealed": b"", "keep_until": day}
            for day in (today, today - DAY)
        ]  # fmt: skip
        made[f"retained_record/{kind.value}"] = await put_rows(world, RetainedRecord, *records)
    application = {
        "person_id": person_id, "vacancy_id": vacancy, "vacancy_content_version": 1, "contact_released": False,
        "state": ApplicationState.WITHDRAWN, "version": 2,
    }  # fmt: skip
    times = edges(now, APPLICATIONS_KEPT)
    made["application"] = await put_rows(
        world, Application, *(application | {"created_at": at, "updated_at": at, "moved_at": at} for at in times)
    )
    notice = {
        "person_id": person_id, "kind": NoticeKind.APPLICATION_MOVED, "title": "应聘进展", "body": "已查看", "page": "p",
        "template_data": {},
    }  # fmt: skip
    made["notice"] = await put_rows(world, Notice, *(notice | {"created_at": at} for at in edges(now, NOTICES_KEPT)))
    claim = {
        "enterprise_id": UUID(hiring.firm_id), "person_id": person_id, "uscc": "x", "note": "", "version": 2,
        "state": EnterpriseClaimState.RETURNED, "role": "recruiter",
    }  # fmt: skip
    times = edges(now, PAPERS_KEPT)
    made["enterprise_claim"] = await put_rows(
        world, EnterpriseClaim, *(claim | {"created_at": at, "updated_at": at} for at in times)
    )
    made |= await _proofs(world, person_id)
    return {name: (ids[0], ids[1]) for name, ids in made.items()}


async def _proofs(world: World, person_id: UUID) -> dict[str, list[UUID]]:
    """Withdrawn consents, ended authorisations, settled reports."""
    now = world.clock.now()
    times = list(edges(now, PAPERS_KEPT))
    long_ago = now - 2 * PAPERS_KEPT
    consent = {
        "created_at": long_ago, "person_id": person_id, "purpose": ConsentPurpose.SERVICE, "policy_version": "2020-01",
        "app": ClientApp.ZHIPIN, "method": ConsentMethod.SELF,
    }  # fmt: skip
    standing = {
        "created_at": long_ago, "updated_at": long_ago, "version": 1, "person_id": person_id, "text_version": "2020-01",
        "kind": RepresentationKind.RELATIVE, "state": RepresentationState.REVOKED, "scopes": [], "valid_from": long_ago,
        "method": ConsentMethod.SELF, "valid_to": now,
    }  # fmt: skip
    report = {
        "created_at": long_ago, "updated_at": long_ago, "version": 2, "reporter_id": person_id, "subject_id": new_id(),
        "subject_kind": ReportSubject.VACANCY, "reason": ReportReason.FEE, "state": ReportState.UPHELD,
        "first_due_at": long_ago, "due_at": long_ago, "due_provisional": False,
    }  # fmt: skip
    made = {
        "consent": await put_rows(world, Consent, *(consent | {"withdrawn_at": at} for at in times)),
        "representation": await put_rows(world, Representation, *(standing | {"revoked_at": at} for at in times)),
        "report": await put_rows(world, Report, *(report | {"decided_at": at} for at in times)),
    }
    # One that would have gone as well, were it not what a consent rests on.
    (rested_on,) = await put_rows(world, Representation, standing | {"revoked_at": times[1]})
    await put_rows(world, Consent, consent | {"withdrawn_at": None, "representation_id": rested_on})
    act = {
        "created_at": long_ago, "person_id": person_id, "agent_id": person_id, "operation": "apply_to_vacancy",
        "subject_kind": "application", "subject_id": new_id(), "subject_version": 1,
    }  # fmt: skip
    await put_rows(world, AssistedAct, *(act | {"representation_id": row} for row in made["representation"]))
    return made


async def _hangers_on(world: World, person_id: UUID, pairs: dict[str, tuple[UUID, UUID]]) -> dict[str, UUID]:
    """What belongs to the rows above, and what has no id of its own; returns claim → its paper's file."""
    now = world.clock.now()
    for application_id in pairs["application"]:
        step = {"created_at": now, "application_id": application_id, "state": ApplicationState.WITHDRAWN}
        await put_rows(world, ApplicationStep, step)
    for notice_id in pairs["notice"]:
        sent = {"created_at": now, "notice_id": notice_id, "channel": Channel.WECHAT, "state": DeliveryState.SENT}
        await put_rows(world, NoticeDelivery, sent)
    files = {}
    for name, claim_id in zip(("stays", "goes"), pairs["enterprise_claim"], strict=True):
        paper = {
            "created_at": now, "updated_at": now, "version": 1, "owner_id": person_id, "app": ClientApp.ZHIPIN,
            "purpose": FilePurpose.LICENCE, "kind": FileKind.PDF, "state": FileState.READY, "media_type": "a/b",
            "size": 1, "bound": True,
        }  # fmt: skip
        (files[name],) = await put_rows(world, File, paper)
        async with world.runtime.db.unit_of_work() as session:
            session.add(FileUse(file_id=files[name], subject_kind=CLAIM_PAPERS, subject_id=claim_id))
    async with world.runtime.db.unit_of_work() as session:
        for index, at in enumerate(edges(now, PUSH_EVENTS_KEPT)):
            session.add(
                PushEvent(
                    created_at=at, app=WechatApp.ZHIPIN, event="e", dedupe_key=f"key-{index}", payload_sealed=b"", handled_at=at
                )
            )  # fmt: skip
        for index, at in enumerate(edges(now, LOGS_KEPT)):
            session.add(
                ShareCode(
                    code=f"CODE{index}", kind=ShareKind.VACANCY, target_id=new_id(), app=WechatApp.ZHIPIN,
                    created_by=person_id, created_at=at, expires_at=at,
                )
            )  # fmt: skip
    return files


def _found(lines: list[Purged]) -> dict[str, int]:
    assert all(line.why for line in lines)
    return {line.what: line.rows for line in lines}


async def test_each_record_goes_a_day_after_its_time_and_not_before(world: World, hiring: Hiring) -> None:
    person_id = UUID((await world.person()).id)
    pairs = await _pairs(world, hiring, person_id)
    files = await _hangers_on(world, person_id, pairs)
    before = await count(world, table_of("application_step"))
    dry = await purge(world.runtime, dry_run=True)
    found = _found(dry)
    assert {what: found[what] for what in EXPECTED} == EXPECTED
    # Further lines, of which nothing stands here, find nothing.
    assert sum(found.values()) == sum(EXPECTED.values())
    sources = {line.what: line.why for line in dry}
    for kind in RetentionClass:
        assert sources[f"封存的{kind.label}"] == RETENTION[kind].source
    # Counting takes nothing away and is no act.
    assert await count(world, table_of("application_step")) == before
    assert await acts(world, "purged") == []
    assert await purge(world.runtime, dry_run=False) == dry
    for name, (stays, goes) in pairs.items():
        table = table_of(name.split("/", maxsplit=1)[0])
        assert await count(world, table, table.c.id == stays) == 1, name
        # The claim itself is the firm's record; only its papers are let go.
        assert await count(world, table, table.c.id == goes) == (1 if name == "enterprise_claim" else 0), name
    for table_name, column, parent in (
        ("application_step", "application_id", "application"), ("notice_delivery", "notice_id", "notice"),
        ("assisted_act", "representation_id", "representation"),
    ):  # fmt: skip
        column_of: Any = table_of(table_name).c[column]
        held = {row[column] for row in await rows(world, table_name, column_of.in_(pairs[parent]))}
        assert held == {pairs[parent][0]}
    bound = {row["id"]: row["bound"] for row in await rows(world, "file")}
    assert (bound[files["stays"]], bound[files["goes"]]) == (True, False)
    assert [row["dedupe_key"] for row in await rows(world, "push_event")] == ["key-0"]
    assert [row["code"] for row in await rows(world, "share_code")] == ["CODE0"]
    assert set(_found(await purge(world.runtime, dry_run=False)).values()) == {0}
    assert [row["details"] for row in await acts(world, "purged")] == [
        {"rows": str(sum(EXPECTED.values()))},
        {"rows": "0"},
    ]


async def test_a_deleted_accounts_record_goes_after_its_last_day(world: World, hiring: Hiring) -> None:
    seeker = await world.seeker()
    await world.apply(seeker, (await hiring.post())["id"])
    assert (await seeker.post("/me/deletion", {"confirm": "注销"})).status_code == 204
    kept = (await rows(world, "retained_record"))[0]["keep_until"]
    world.clock.advance(kept - china_date(world.clock.now()))
    assert china_date(world.clock.now()) == kept
    assert _found(await purge(world.runtime, dry_run=True))["封存的招聘服务记录"] == 0
    world.clock.advance(DAY)
    done = _found(await purge(world.runtime, dry_run=True))
    assert (done["封存的招聘服务记录"], done["封存的同意与授权凭据"]) == (1, 1)


async def test_rows_of_an_import_go_after_90_days_and_its_counts_stay(world: World, hiring: Hiring) -> None:
    """A wrong cell is quoted, with whatever a firm has typed into it."""
    wrong = lawful(world, 招聘人数="问林小梅")
    job = await imported(world, hiring.recruiter, hiring.firm_id, sheet([lawful(world), wrong]))
    seen = await rows_of(hiring.recruiter, job)
    assert [row["state"] for row in seen] == ["published", "refused"]
    assert "林小梅" in seen[1]["issues"][0]["message"]
    world.clock.advance(IMPORT_ROWS_KEPT)
    running = await start(await world.person(hiring.recruiter.name), hiring.firm_id, sheet([lawful(world)]))
    what = "岗位导入的逐行结果"
    assert _found(await purge(world.runtime, dry_run=False))[what] == 0
    world.clock.advance(timedelta(seconds=1))
    assert _found(await purge(world.runtime, dry_run=True))[what] == 2
    recruiter = await world.person(hiring.recruiter.name)
    assert await rows_of(recruiter, job) == seen
    assert _found(await purge(world.runtime, dry_run=False))[what] == 2
    assert await rows_of(recruiter, job) == []
    assert ok(await recruiter.get(f"/vacancy-imports/{job['id']}")) == job
    assert ok(await recruiter.get(f"/vacancies/{seen[0]['vacancy_id']}"))["title"] == "平车工"
    # One that has not ended has no time of keeping yet.
    world.clock.advance(2 * IMPORT_ROWS_KEPT)
    assert _found(await purge(world.runtime, dry_run=False))[what] == 0
    done = await run(world, await world.person(recruiter.name), running)
    assert done["finished_at"] is not None


async def test_what_an_agent_replaced_is_kept_for_the_time_of_undoing(world: World) -> None:
    seeker, relative = await world.seeker(), await world.person()
    agent = acting(relative, await relative_of(seeker, relative))
    ok(await agent.put("/me/seeker-profile", {"wanted": [], "expected_version": 1}))
    act = (await rows(world, "assisted_act"))[0]
    assert act["before_sealed"] is not None
    world.clock.advance(timedelta(days=15))
    assert (await sweep(world.runtime))["undo_forgotten"] == 0
    world.clock.advance(timedelta(seconds=1))
    assert (await sweep(world.runtime))["undo_forgotten"] == 1
    assert (await sweep(world.runtime))["undo_forgotten"] == 0
    (after,) = await rows(world, "assisted_act")
    assert after == act | {"before_sealed": None}
    assert await count(world, table_of("assisted_act")) == 1
    seeker = await world.person(seeker.name)
    answer = await seeker.post(f"/me/assisted-acts/{act['id']}/undo")
    assert "已超过15天" in refused(answer, 409, "assisted_act_not_undoable")["message"]
