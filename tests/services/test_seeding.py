"""The seeds on a real database: counts of the plan, idempotency, history, what the town edited, the report."""

import asyncio
import csv
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlmodel import SQLModel, col, func, select

from app.core.db import Database
from app.core.settings import Settings
from app.models.common import Task
from app.models.identity import Appointment, Person
from app.models.organisation import (
    Area,
    CivicBody,
    Enterprise,
    EnterpriseName,
    Grid,
    LiaisonLink,
    PartyOrganisation,
    PlanItem,
    RosterPerson,
    SeedHistory,
    SeedRecord,
    TaskForceMember,
)
from app.rules.common.tasks import TaskKind, TaskState
from app.rules.organisation import (
    CivicBodyKind,
    EnterpriseState,
    LiaisonRole,
    LiaisonState,
    PlanItemKind,
    TaskForceRole,
)
from app.services.common.codes import code_revision
from app.services.common.tasks import close_tasks
from app.services.organisation.enterprises import find_enterprises
from app.services.organisation.report import render_report, seed_report
from app.services.organisation.seed_files import typed_rows
from app.services.organisation.seeding import SeedFileError, SeedOutcome, load_seeds, sync_rows

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
HUALIAN = "福建省石狮市华联服装配件企业有限公司"
HONGZE = "石狮市宏泽服饰有限公司"
# Small stand-ins, so that these tests do not depend on how many rules the town has.
RULES = "rule_id,severity,title,law,article,mend,effective_from,effective_to,source\nsex,block,性别限制,妇女权益保障法,第四十三条,删去,2023-01-01,,法条\n"
TERMS = f"rule_id,pattern,kind,unless,effective_from,effective_to\nsex,限男性,word,,2023-01-01,\nsex,{'长' * 380},word,,2023-01-01,\n"
WAGES = (
    "division,monthly_fen,hourly_fen,effective_from,effective_to,source,verified_by\n"
    "350581,196000,,2022-04-01,2025-03-31,省政府文件,镇公共服务办公室\n350581,219500,,2025-04-01,,待核对,\n"
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schema as the migrations make it; copied for each test."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite3"
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = f"sqlite+aiosqlite:///{path}"
    command.upgrade(config, "head")
    return path


@pytest.fixture
async def database(template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "sanqu.sqlite3"
    await asyncio.to_thread(shutil.copy, template, path)
    database = Database(Settings(data_dir=tmp_path, database_url=f"sqlite+aiosqlite:///{path}"))
    yield database
    await database.close()


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    directory = tmp_path / "seeds"
    shutil.copytree(ROOT / "seeds", directory)
    for name, text in (("posting_rules", RULES), ("posting_terms", TERMS), ("minimum_wages", WAGES)):
        (directory / f"{name}.csv").write_text(text, encoding="utf-8")
    return directory


async def load(database: Database, seeds: Path, now: datetime = NOW) -> SeedOutcome:
    async with database.unit_of_work() as session:
        return await load_seeds(session, directory=seeds, now=now)


def edit(path: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = list(rows[0])
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def set_address(name: str, address: str) -> Callable[[list[dict[str, str]]], None]:
    def change(rows: list[dict[str, str]]) -> None:
        next(row for row in rows if row["name"] == name)["address"] = address

    return change


async def count(database: Database, model: type[SQLModel]) -> int:
    async with database.reading() as session:
        return (await session.exec(select(func.count()).select_from(model))).one()


async def named(database: Database, name: str) -> Enterprise:
    async with database.reading() as session:
        return (await session.exec(select(Enterprise).where(Enterprise.name == name))).one()


async def test_counts_of_the_plan(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    assert {model.__name__: await count(database, model) for model in (
        Area, Grid, TaskForceMember, Enterprise, EnterpriseName, CivicBody, PartyOrganisation, LiaisonLink, RosterPerson
    )} == {
        "Area": 3, "Grid": 24, "TaskForceMember": 31, "Enterprise": 14, "EnterpriseName": 3, "CivicBody": 6,
        "PartyOrganisation": 20, "LiaisonLink": 60, "RosterPerson": 66,
    }  # fmt: skip
    async with database.reading() as session:
        roles = (await session.exec(select(col(TaskForceMember.role)))).all()
        kinds = (await session.exec(select(col(CivicBody.kind)))).all()
        items = (await session.exec(select(col(PlanItem.kind)))).all()
    assert [roles.count(role) for role in TaskForceRole] == [1, 1, 13, 16]
    assert [kinds.count(kind) for kind in CivicBodyKind] == [1, 1, 4]
    assert [items.count(kind) for kind in PlanItemKind] == [4, 2, 4, 2, 6, 9, 7, 6, 4]


async def test_grids_are_numbered_and_otherwise_unknown(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    async with database.reading() as session:
        rows = await session.exec(
            select(
                col(Area.name),
                func.count(),
                func.max(col(Grid.number)),
                func.count(col(Grid.name)),
                func.count(col(Grid.leader_id)),
            )
            .join(Grid, col(Grid.area_id) == col(Area.id))
            .group_by(col(Area.id), col(Area.name))
            .order_by(col(Area.id))
        )
        assert [tuple(row) for row in rows] == [
            ("宝盖科技园", 8, 8, 0, 0),
            ("塘后村", 9, 9, 0, 0),
            ("仑后村", 7, 7, 0, 0),
        ]


async def test_blank_liaison_cells_are_unknown_with_the_row_above_as_suggestion(
    database: Database, seeds: Path
) -> None:
    await load(database, seeds)
    async with database.reading() as session:
        rows = (
            await session.exec(
                select(LiaisonLink, PartyOrganisation, col(RosterPerson.name))
                .join(PartyOrganisation, col(PartyOrganisation.id) == col(LiaisonLink.party_organisation_id))
                .outerjoin(RosterPerson, col(RosterPerson.id) == col(LiaisonLink.suggested_person_id))
                .where(LiaisonLink.state == LiaisonState.UNKNOWN)
                .order_by(col(PartyOrganisation.seq), col(LiaisonLink.id))
            )
        ).all()
    assert all(link.roster_person_id is None for link, _, _ in rows)
    assert [(party.seq, link.role, name) for link, party, name in rows] == [
        (seq, role, name)
        for seq, leader, cadre in (
            (2, "陈增坛", "高德坤"), (6, "卢俊杰", "王丽琴"), (8, "陈晓聪", "王题伟"), (9, "陈晓聪", "王题伟"),
            (12, "邱跃群", "李晓吟"), (14, "林再裕", "蔡胜利"), (19, "杨玲玲", "吴宏图"),
        )
        for role, name in ((LiaisonRole.LEADER, leader), (LiaisonRole.CADRE, cadre))
    ]  # fmt: skip


async def test_both_names_of_hualian_find_one_record(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    async with database.reading() as session:
        by_text_name = await find_enterprises(session, name=HUALIAN)
        by_annex_name = await find_enterprises(session, name=HUALIAN.removeprefix("福建省"))
        by_group_name = await find_enterprises(session, name="大帝集团")
    assert [firm.name for firm in by_text_name] == [firm.name for firm in by_annex_name] == [HUALIAN]
    assert by_text_name[0].state is EnterpriseState.DRAFT
    assert [firm.name for firm in by_group_name] == ["石狮市大帝集团公司"]


async def test_area_only_where_the_address_says_so(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    async with database.reading() as session:
        rows = await session.exec(
            select(col(Enterprise.address), col(Area.name)).outerjoin(Area, col(Area.id) == col(Enterprise.area_id))
        )
        for address, area in rows:
            assert area == ("宝盖科技园" if "科技园" in address else "仑后村" if "仑后" in address else None)
    assert (await named(database, HONGZE)).area_id is None


async def test_seeding_gives_nobody_a_right(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    assert await count(database, Person) == await count(database, Appointment) == 0


async def test_second_load_changes_nothing_in_few_statements(database: Database, seeds: Path) -> None:
    first = await load(database, seeds)
    assert first.changed
    assert first.tasks_opened == 14 + 24 + 20 + 1
    async with database.reading() as session:
        revision = await code_revision(session)
    statements: list[str] = []
    event.listen(database.writer.sync_engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    second = await load(database, seeds, LATER)
    assert not second.changed
    assert second.tasks_opened == 0
    assert all(done.unchanged and not (done.kept or done.missing) for done in second.datasets)
    assert await count(database, Task) == 59
    assert await count(database, SeedHistory) == 0
    # Twenty datasets with 3,900 rows; the rest are the tasks' own inserts.
    assert len(statements) - first.tasks_opened < 60
    async with database.reading() as session:
        assert await code_revision(session) == revision


async def test_a_changed_row_is_updated_with_history(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    before = await named(database, HONGZE)
    edit(seeds / "enterprises.csv", set_address(HONGZE, "宝盖镇东洋路 1 号"))
    outcome = (await load(database, seeds, LATER)).of("enterprises")
    assert (outcome.inserted, outcome.updated, outcome.unchanged, outcome.kept) == (0, 1, 13, 0)
    after = await named(database, HONGZE)
    assert (after.id, after.address, after.version, after.updated_at) == (before.id, "宝盖镇东洋路 1 号", 2, LATER)
    async with database.reading() as session:
        history = (await session.exec(select(SeedHistory))).one()
    assert (history.dataset, history.key) == ("enterprises", HONGZE)
    assert history.content["address"] == "宝盖镇龟湖东洋村"
    assert not (await load(database, seeds, LATER)).changed


async def test_a_row_edited_by_the_town_is_kept(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    async with database.unit_of_work() as session:
        firm = (await session.exec(select(Enterprise).where(Enterprise.name == HONGZE))).one()
        firm.address = "镇里核实的地址"
        firm.touch(LATER)
    edit(seeds / "enterprises.csv", set_address(HONGZE, "文件里的新地址"))
    for _ in range(2):
        outcome = (await load(database, seeds, LATER)).of("enterprises")
        assert (outcome.updated, outcome.kept) == (0, 1)
    assert (await named(database, HONGZE)).address == "镇里核实的地址"
    assert await count(database, SeedHistory) == 0


async def test_a_row_removed_by_the_town_stays_removed(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    async with database.unit_of_work() as session:
        await session.delete((await session.exec(select(PlanItem).where(PlanItem.name == "电工竞赛"))).one())
    outcome = (await load(database, seeds, LATER)).of("plan_items")
    assert (outcome.inserted, outcome.kept) == (0, 1)


async def test_a_row_that_vanished_from_the_file_is_left_and_reported(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    edit(seeds / "plan_items.csv", lambda rows: rows.pop(0) and None)
    outcome = (await load(database, seeds, LATER)).of("plan_items")
    assert outcome.missing == ("course_brand|宝盖大讲堂",)
    assert await count(database, PlanItem) == 44


async def test_a_row_that_the_town_made_first_is_adopted(database: Database, seeds: Path) -> None:
    async with database.unit_of_work() as session:
        session.add(Enterprise(name=HONGZE, address="镇里登记的地址", created_at=NOW, updated_at=NOW))
    outcome = (await load(database, seeds)).of("enterprises")
    assert (outcome.inserted, outcome.kept) == (13, 1)
    assert (await load(database, seeds, LATER)).of("enterprises").kept == 1
    assert (await named(database, HONGZE)).address == "镇里登记的地址"
    assert await count(database, PartyOrganisation) == 20


async def test_a_confirmed_link_is_not_asked_for_again(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    async with database.unit_of_work() as session:
        link = (await session.exec(select(LiaisonLink).where(LiaisonLink.state == LiaisonState.UNKNOWN).limit(1))).one()
        link.roster_person_id = link.suggested_person_id
        link.state = LiaisonState.CONFIRMED
        link.touch(LATER)
        await close_tasks(session, TaskKind.LIAISON_UNKNOWN, link.id, by=None, now=LATER)
    outcome = await load(database, seeds, LATER)
    assert outcome.tasks_opened == 0
    assert outcome.of("liaison_links").kept == 1
    async with database.reading() as session:
        report = await seed_report(session)
    assert report.unknowns.blank_links == 13


async def test_a_gap_filled_in_the_file_closes_its_task(database: Database, seeds: Path) -> None:
    def fill(rows: list[dict[str, str]]) -> None:
        next(row for row in rows if not row["printed"])["printed"] = "陈增坛"

    def verify(rows: list[dict[str, str]]) -> None:
        rows[-1]["verified_by"] = "镇公共服务办公室"

    await load(database, seeds)
    edit(seeds / "liaison_links.csv", fill)
    edit(seeds / "minimum_wages.csv", verify)
    outcome = await load(database, seeds, LATER)
    assert (outcome.of("liaison_links").updated, outcome.of("minimum_wages").updated) == (1, 1)
    async with database.reading() as session:
        done = (await session.exec(select(Task).where(Task.state == TaskState.DONE))).all()
    assert {task.kind for task in done} == {TaskKind.LIAISON_UNKNOWN, TaskKind.WAGE_UNVERIFIED}
    assert len(done) == 2


async def test_a_long_key_is_told_apart_by_its_hash(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    async with database.reading() as session:
        keys = (await session.exec(select(col(SeedRecord.key)).where(SeedRecord.dataset == "posting_terms"))).all()
    assert max(map(len, keys)) == 200


async def test_duplicate_keys_are_refused(database: Database) -> None:
    rows = typed_rows("areas.csv", Area, [{"name": "甲", "kind": "park", "section": "一"}] * 2)
    with pytest.raises(ValueError, match="areas"):
        async with database.unit_of_work() as session:
            await sync_rows(session, "areas", Area, rows, key=("name",), now=NOW)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("areas.csv", "name,kind,section\n甲,town,一\n", "areas.csv 第 2 行的列 kind 填写有误：town"),
        ("areas.csv", f"name,kind,section\n{'甲' * 61},park,一\n", "areas.csv 第 2 行的列 name 填写有误"),
        ("areas.csv", "name,kind,sektion\n甲,park,一\n", "areas.csv 的列 sektion 在数据表中不存在"),
        ("areas.csv", "name,kind,section\n甲,park\n", "areas.csv 第 2 行的列数与表头不符"),
        ("grids.csv", "area,number,section\n乙,1,一\n", "grids.csv 引用了没有登记的名称：乙"),
        ("occupation_aliases.csv", "alias,code\n某工,999\n", "没有对应的代码 999"),
        ("industries.csv", "code,name,parent,level\nA01,农业,A,2\n", "industries.csv 的代码 A01 没有上级 A"),
    ],
)
async def test_a_bad_file_stops_everything(database: Database, seeds: Path, file: str, text: str, message: str) -> None:
    (seeds / file).write_text(text, encoding="utf-8")
    with pytest.raises(SeedFileError, match=message):
        await load(database, seeds)
    assert await count(database, SeedRecord) == 0


async def test_a_missing_file_is_named(database: Database, seeds: Path) -> None:
    (seeds / "grids.csv").unlink()
    with pytest.raises(SeedFileError, match=r"缺少数据文件：grids\.csv"):
        await load(database, seeds)


async def test_a_changed_code_changes_the_revision(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    async with database.reading() as session:
        before = await code_revision(session)
    with (seeds / "occupation_aliases.csv").open("a", encoding="utf-8") as file:
        file.write("踩平车的,61101.01\n")
    assert (await load(database, seeds, LATER)).of("occupation_aliases").inserted == 1
    async with database.reading() as session:
        assert await code_revision(session) != before


async def test_report_before_the_first_load(database: Database) -> None:
    async with database.reading() as session:
        report = await seed_report(session)
    assert not report.complete
    assert report.discrepancies == ()


async def test_report(database: Database, seeds: Path) -> None:
    await load(database, seeds)
    async with database.reading() as session:
        report = await seed_report(session)
    assert report.complete
    unknowns = report.unknowns
    assert [pair.seq for pair in unknowns.blank_pairs] == [2, 6, 8, 9, 12, 14, 19]
    assert (unknowns.blank_links, unknowns.unnamed_grids, unknowns.grids_without_leader) == (14, 24, 24)
    assert (unknowns.unnamed_grid_members, unknowns.secretaries_without_phone, unknowns.unverified_wages) == (87, 20, 1)
    assert len(unknowns.firms_without_area) == 4
    text = render_report(report)
    for part in (
        "社会组织党支部：正文称3个，附件2列出4个",
        "企业14家、企业联合支部1个、文创园1个，合计与正文相符",
        "正文称41个，附件2只列其中20个",
        "入驻企业200多家、规上企业55家，附件2只出现14家",
        "8＋9＋7＝24个，正文三（五）1称24个，相符",
        "附件2第8、18、19行同为",
        "附件2第4、20行同为",
        f"三区之外：{HONGZE}",
        f"“{HUALIAN}”在附件2第1行写作“石狮市华联服装配件企业有限公司”",
        "有16人不在附件1工作专班名单内：挂钩领导卢俊杰、邱跃群、姜德勇；",
        "赖晓伟是附件2第4行的书记，又是第4、13行的党务",
        "第2行 中共卡宾服饰（中国）有限公司支部委员会：挂钩领导（推测陈增坛），挂钩干部（推测高德坤）",
        "网格员：正文称87名",
        "书记电话：20个未载",
    ):
        assert part in text, part


async def test_report_follows_the_rows(database: Database, seeds: Path) -> None:
    def drop_the_last_grid(rows: list[dict[str, str]]) -> None:
        del rows[-1]

    edit(seeds / "grids.csv", drop_the_last_grid)
    await load(database, seeds)
    async with database.reading() as session:
        report = await seed_report(session)
    assert not report.complete
    assert "8＋9＋6＝23个，正文三（五）1称24个，不符" in render_report(report)
    assert "仑后村网格：正文称7个，登记6个" in report.discrepancies
