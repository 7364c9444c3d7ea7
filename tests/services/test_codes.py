"""The code tables of the dictionary, as loaded from the seed files."""

import asyncio
import csv
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlmodel import col, func, select

from app.core.db import Database, ReadSession
from app.core.settings import Settings
from app.models.common import CodeEntry, OccupationAlias
from app.rules.common.codes import CodeTableNotFoundError
from app.services.common.codes import (
    DIVISION,
    INDUSTRY,
    OCCUPATION,
    aliases_of,
    code_name,
    code_revision,
    find_occupations,
    list_codes,
    list_revisions,
    load_codes,
    occupation_tree,
    renew_revisions,
    revision_of,
)

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """Loaded once: the tests read, and the one that writes rolls back."""
    folder = tmp_path_factory.mktemp("codes")
    url = f"sqlite+aiosqlite:///{folder / 'sanqu.sqlite3'}"
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = url
    await asyncio.to_thread(command.upgrade, config, "head")
    database = Database(Settings(data_dir=folder, database_url=url))
    async with database.unit_of_work() as session:
        await load_codes(session, directory=ROOT / "seeds", now=NOW)
    yield database
    await database.close()


@pytest.fixture
async def reads(database: Database) -> AsyncIterator[ReadSession]:
    async with database.reading() as session:
        yield session


async def test_whole_tables(reads: ReadSession) -> None:
    assert len(await list_codes(reads, INDUSTRY)) == 1967
    assert len(await list_codes(reads, DIVISION)) == 189
    occupations = await list_codes(reads, OCCUPATION)
    assert [sum(row.level == level for row in occupations if not row.ours) for level in (1, 2, 3)] == [8, 69, 441]
    assert all(row.level == 4 and row.code.startswith(f"{row.parent}.") for row in occupations if row.ours)


async def test_children_of_a_parent(reads: ReadSession) -> None:
    towns = await list_codes(reads, DIVISION, parent="350581")
    assert {row.code: row.name for row in towns}["350581101"] == "宝盖镇"
    assert len(towns) == 10
    assert await list_codes(reads, DIVISION, parent="999999") == []


async def test_search_by_name_or_code(reads: ReadSession) -> None:
    assert "C1811" in {row.code for row in await list_codes(reads, INDUSTRY, q="c181")}
    assert "宝盖镇" in {row.name for row in await list_codes(reads, DIVISION, q="宝盖")}
    # A person who types a wildcard looks for the sign itself.
    assert await list_codes(reads, INDUSTRY, q="%") == []


async def test_unknown_table(reads: ReadSession) -> None:
    with pytest.raises(CodeTableNotFoundError):
        await list_codes(reads, "nonsense")
    with pytest.raises(CodeTableNotFoundError):
        await revision_of(reads, "nonsense")


async def test_tree(reads: ReadSession) -> None:
    tree = await occupation_tree(reads)
    node = tree["61101.01"]
    assert (node.name, node.level, node.ours, node.ancestors) == ("平缝工", 4, True, ("6", "611", "61101"))
    assert tree["6"].ancestors == ()
    assert all(ancestor in tree for node in tree.values() for ancestor in node.ancestors)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("平车工", "平缝工"), ("平车", "平缝工"), ("车工", "平缝工"), ("锁边工", "包缝工"), ("拷边", "包缝工"),
        ("四线", "四线包缝工"), ("双针", "双针车工"), ("裁床", "裁剪工"), ("大烫", "整烫工"), ("后道", "后道工"),
        ("剪线头", "后道工"), ("打包", "打包工"), ("样衣", "样衣工"), ("qc", "质检员"), ("横机", "针织横机工"),
        ("印花", "印花工"), ("绣花", "绣花工"), ("针车", "针车工"), ("注塑", "注塑工"), ("吹膜", "吹膜工"),
        ("印刷", "胶印工"), ("冲床", "冲床工"), ("电子厂装配", "电子装配工"), ("食品加工", "食品加工工"), ("普工", "普工"),
        ("仓管", "仓管员"), ("叉车", "叉车工"), ("搬运", "装卸搬运工"), ("分拣", "快递分拣员"), ("电工", "电工"),
        ("保安", "保安员"), ("保洁", "保洁员"), ("文员", "文员"), ("跟单", "跟单员"), ("设计师", "服装设计师"),
        ("打版", "服装制版师"), (" 平车 ", "平缝工"),
    ],
)  # fmt: skip
async def test_the_towns_words_find_their_trade_first(reads: ReadSession, text: str, name: str) -> None:
    found = await find_occupations(reads, text)
    assert (found[0].name, found[0].exact) == (name, True)
    assert len({match.code for match in found}) == len(found) <= 20


async def test_part_of_a_word_finds_too(reads: ReadSession) -> None:
    assert "打包工" in {match.name for match in await find_occupations(reads, "打")}
    assert [match.name for match in await find_occupations(reads, "海德堡")] == ["胶印工"]
    assert await find_occupations(reads, "  ") == []
    assert await find_occupations(reads, "_") == []


async def test_an_alias_means_one_code_and_is_no_other_trades_name(reads: ReadSession) -> None:
    aliases = dict((await reads.exec(select(col(OccupationAlias.alias), col(OccupationAlias.code)))).all())
    names = {row.name: row.code for row in await list_codes(reads, OCCUPATION)}
    assert len(aliases) >= 120
    assert not [alias for alias, code in aliases.items() if names.get(alias, code) != code]
    with (ROOT / "seeds" / "occupation_aliases.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(aliases)


async def test_names_and_aliases(reads: ReadSession) -> None:
    assert await code_name(reads, OCCUPATION, "61101.01") == "平缝工"
    assert await code_name(reads, OCCUPATION, "nonsense") is None
    assert {"平车", "平车工", "车工"} <= set(await aliases_of(reads, "61101.01"))


async def test_revision_follows_a_change(database: Database, reads: ReadSession) -> None:
    revisions = {row["name"]: row["revision"] for row in await list_revisions(reads)}
    assert set(revisions) == {INDUSTRY, DIVISION, OCCUPATION}
    assert await revision_of(reads, INDUSTRY) == revisions[INDUSTRY] != ""
    before = await code_revision(reads)
    async with database.unit_of_work() as session:
        row = (await session.exec(select(CodeEntry).where(CodeEntry.code == "61101.01"))).one()
        row.name = "平车缝制工"
        await session.flush()
        await renew_revisions(session)
        assert await code_revision(session) != before
        assert await revision_of(session, OCCUPATION) != revisions[OCCUPATION]
        assert await revision_of(session, INDUSTRY) == revisions[INDUSTRY]
        await session.rollback()


async def test_second_load_changes_nothing(database: Database) -> None:
    async with database.unit_of_work() as session:
        outcomes = await load_codes(session, directory=ROOT / "seeds", now=NOW)
        assert not [outcome for outcome in outcomes if outcome.changed or outcome.kept or outcome.missing]
        rows = await session.exec(select(func.count()).select_from(CodeEntry))
        assert rows.one() == 1967 + 189 + 518 + 160
