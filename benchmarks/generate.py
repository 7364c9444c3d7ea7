"""The data set of the benchmarks in a database of its own: migrated, seeded, then filled by COPY or `executemany`.

`python -m benchmarks.generate postgresql+asyncpg://…` or `… sqlite+aiosqlite:///file`. The same seed and size give the
same texts and instants relative to now; keys are random in their lower bits but seeded too.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer
from alembic import command
from alembic.config import Config
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlmodel import col, select

from app.core.settings import Settings
from app.models.common import OccupationAlias
from app.models.organisation import Area
from app.services.common.codes import OCCUPATION, list_codes
from app.services.organisation.seeding import load_seeds
from app.services.runtime import Runtime, open_runtime
from benchmarks.town import Codes, Columns, Maker, Size, Town

ROOT = Path(__file__).parents[1]
FTS = "vacancy_document_fts"


def migrate(url: str) -> None:
    """Outside any event loop: the migrations run their own."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, "head")


def fill(url: str, data_dir: Path, size: Size) -> Town:
    """Migrate, seed and fill; the keys that seal the people's data stand in `data_dir` as for the service itself."""
    settings = Settings(database_url=url, data_dir=data_dir)
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), transient=True) as progress:
        step = progress.add_task("", total=None)

        def tell(text: str) -> None:
            progress.update(step, description=text)

        tell("迁移")
        migrate(url)
        tell("载入种子")
        town = asyncio.run(_make(settings, size, tell))
        load = _load_sqlite if settings.is_sqlite else _load_postgresql
        load(url, town, tell)
    return town


async def _make(settings: Settings, size: Size, tell: Callable[[str], None]) -> Town:
    async with open_runtime(settings) as runtime:
        now = runtime.clock.now()
        async with runtime.db.unit_of_work() as session:
            await load_seeds(session, directory=ROOT / "seeds", now=now)
        codes = await _codes(runtime)
        tell(f"生成 {size.vacancies:,} 个岗位、{size.enterprises:,} 家企业、{size.seekers:,} 名求职者")
        return Maker(size, codes, runtime.crypto, now).make()


async def _codes(runtime: Runtime) -> Codes:
    """The town's own occupations: what firms here post."""
    async with runtime.db.reading() as session:
        entries = await list_codes(session, OCCUPATION)
        pairs = (await session.exec(select(col(OccupationAlias.code), col(OccupationAlias.alias)))).all()
        areas = (await session.exec(select(col(Area.id)).order_by(col(Area.name)))).all()
    aliases: dict[str, list[str]] = {}
    for code, alias in sorted(pairs, key=lambda pair: (len(pair[1]), pair[1])):
        aliases.setdefault(code, []).append(alias)
    return Codes([(entry.code, entry.name) for entry in entries if entry.ours], aliases, areas)


def _records(columns: Columns, convert: Callable[[Any], Any]) -> Iterator[tuple[Any, ...]]:
    return zip(*(map(convert, values) for values in columns.values()), strict=True)


# -- PostgreSQL ----------------------------------------------------------------------------------------------------


def _load_postgresql(url: str, town: Town, tell: Callable[[str], None]) -> None:
    asyncio.run(_copy(url.replace("postgresql+asyncpg", "postgresql"), town, tell))


async def _copy(dsn: str, town: Town, tell: Callable[[str], None]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for name, columns in town.tables.items():
            tell(f"写入 {name}")
            await connection.copy_records_to_table(
                name, records=_records(columns, _for_postgresql), columns=list(columns)
            )
        tell("写入全文索引")
        # array_to_tsvector runs in the server: COPY's binary format knows no tsvector of ours.
        await connection.execute("CREATE TEMP TABLE fresh (seq bigint, tokens text[])")
        await connection.copy_records_to_table("fresh", records=town.tokens)
        await connection.execute(f"INSERT INTO {FTS} SELECT seq, array_to_tsvector(tokens) FROM fresh")
        await connection.execute(
            "SELECT setval(pg_get_serial_sequence('vacancy_document', 'seq'), max(seq)) FROM vacancy_document"
        )
        tell("整理")
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


def _for_postgresql(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


# -- SQLite --------------------------------------------------------------------------------------------------------


def _load_sqlite(url: str, town: Town, tell: Callable[[str], None]) -> None:
    connection = sqlite3.connect(url.split("///", 1)[1], isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        for name, columns in town.tables.items():
            tell(f"写入 {name}")
            _insert(connection, name, list(columns), _records(columns, _for_sqlite))
        tell("写入全文索引")
        _insert(connection, FTS, ["rowid", "tokens"], ((seq, " ".join(tokens)) for seq, tokens in town.tokens))
        tell("整理")
        connection.execute(f"INSERT INTO {FTS} ({FTS}) VALUES ('optimize')")
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _insert(connection: sqlite3.Connection, table: str, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _for_sqlite(value: Any) -> Any:
    """As SQLAlchemy's types store them: keys as 32 hex digits, instants in UTC without zone, JSON as text."""
    match value:
        case StrEnum():
            return value.value
        case UUID():
            return value.hex
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        case date():
            return value.isoformat()
        case list() | dict():
            return json.dumps(value)
        case _:
            return value


def main(
    url: Annotated[str, typer.Argument(help="空数据库的地址")],
    data_dir: Annotated[Path, typer.Option(help="放密钥的目录，和服务的 SANQU_DATA_DIR 相同")] = Path("var"),
    vacancies: Annotated[int, typer.Option(help="岗位数")] = Size.vacancies,
    enterprises: Annotated[int, typer.Option(help="企业数")] = Size.enterprises,
    seekers: Annotated[int, typer.Option(help="求职者数")] = Size.seekers,
    seed: Annotated[int, typer.Option(help="随机种子")] = Size.seed,
) -> None:
    """把测量用的数据写进一个空数据库。"""
    town = fill(url, data_dir, Size(vacancies, enterprises, seekers, seed))
    for name, columns in town.tables.items():
        print(f"{name}: {len(next(iter(columns.values()))):,}")


if __name__ == "__main__":
    typer.run(main)
