"""Code tables of the dictionary: industries, divisions, occupations with the town's own words for trades."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.upsert import upsert
from app.models.common import CodeEntry, CodeTableVersion, OccupationAlias
from app.rules.common.codes import CodeTableNotFoundError
from app.services.organisation.seed_files import SeedFileError, read_csv, typed_rows
from app.services.organisation.seed_sync import DatasetOutcome, sync_rows

# GB/T 4754-2017; GB/T 2260 with townships; the three levels of GB/T 6565 with our own finer codes below.
INDUSTRY = "industry"
DIVISION = "division"
OCCUPATION = "occupation"
CODE_TABLES = (INDUSTRY, DIVISION, OCCUPATION)
ALIASES = "occupation_alias"

FILES = {
    "industries": INDUSTRY,
    "divisions": DIVISION,
    "occupations": OCCUPATION,
    "occupations_town": OCCUPATION,
}
FOUND_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class OccupationNode:
    code: str
    name: str
    level: int
    ours: bool
    # From the major group down to the parent.
    ancestors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OccupationMatch:
    code: str
    name: str
    # The word that matched: the name itself or an alias.
    matched: str
    exact: bool


async def list_codes(
    session: AsyncSession, code_table: str, *, parent: str | None = None, q: str | None = None
) -> Sequence[CodeEntry]:
    """Rows of one table by code: all of them, the children of `parent`, or those matching `q` (name or code prefix)."""
    if code_table not in CODE_TABLES:
        raise CodeTableNotFoundError
    statement = select(CodeEntry).where(CodeEntry.code_table == code_table)
    if parent is not None:
        statement = statement.where(CodeEntry.parent == parent)
    if q and (text := q.strip()):
        by_name = col(CodeEntry.name).contains(text, autoescape=True)
        statement = statement.where(or_(by_name, col(CodeEntry.code).startswith(text.upper(), autoescape=True)))
    # Sorted here: databases disagree about where the dot of our finer codes belongs.
    return sorted((await session.exec(statement)).all(), key=lambda row: row.code)


async def occupation_tree(session: AsyncSession) -> dict[str, OccupationNode]:
    """Every occupation with its line of ancestors, for distance between trades."""
    rows = {row.code: row for row in await list_codes(session, OCCUPATION)}
    return {
        code: OccupationNode(code, row.name, row.level, row.ours, _ancestors(row, rows)) for code, row in rows.items()
    }


async def find_occupations(session: AsyncSession, text: str) -> Sequence[OccupationMatch]:
    """Occupations whose name or alias contains `text`, exact words first, then short words; at most 20, one per code."""
    text = text.strip()
    if not text:
        return []
    word = col(CodeEntry.name)
    named = select(col(CodeEntry.code), word, word).where(
        CodeEntry.code_table == OCCUPATION, word.icontains(text, autoescape=True)
    )
    alias = col(OccupationAlias.alias)
    called = (
        select(col(CodeEntry.code), word, alias)
        .join(OccupationAlias, col(OccupationAlias.code) == col(CodeEntry.code))
        .where(CodeEntry.code_table == OCCUPATION, alias.icontains(text, autoescape=True))
    )
    rows: list[tuple[str, str, str]] = []
    for statement, matched in ((named, word), (called, alias)):
        # The shortest words are nearest to the text, the exact one first of all.
        shortest = statement.order_by(func.length(matched), col(CodeEntry.code)).limit(2 * FOUND_AT_MOST)
        rows += (await session.exec(shortest)).all()
    best: dict[str, OccupationMatch] = {}
    for code, name, matched_word in sorted(rows, key=lambda row: (len(row[2]), row[2] != row[1], row[0])):
        exact = matched_word.casefold() == text.casefold()
        best.setdefault(code, OccupationMatch(code, name, matched_word, exact=exact))
    return list(best.values())[:FOUND_AT_MOST]


async def code_name(session: AsyncSession, code_table: str, code: str) -> str | None:
    """None where the table has no such code."""
    found = await session.exec(
        select(col(CodeEntry.name)).where(CodeEntry.code_table == code_table, CodeEntry.code == code)
    )
    return found.one_or_none()


async def names_of(session: AsyncSession, code_table: str, codes: Iterable[str]) -> dict[str, str]:
    """Code → name of those that the table has; one statement."""
    found = await session.exec(
        select(col(CodeEntry.code), col(CodeEntry.name)).where(
            CodeEntry.code_table == code_table, col(CodeEntry.code).in_(sorted(codes))
        )
    )
    return dict(found.all())


async def known_codes(session: AsyncSession, code_table: str, codes: Iterable[str]) -> set[str]:
    """Which of these the table has; one statement."""
    found = await session.exec(
        select(col(CodeEntry.code)).where(CodeEntry.code_table == code_table, col(CodeEntry.code).in_(sorted(codes)))
    )
    return set(found.all())


async def code_names(session: AsyncSession, code_table: str, codes: Sequence[str]) -> dict[str, str]:
    """The names of those that the table has."""
    found = await session.exec(
        select(col(CodeEntry.code), col(CodeEntry.name)).where(
            CodeEntry.code_table == code_table, col(CodeEntry.code).in_(codes)
        )
    )
    return dict(found.all())


async def aliases_of(session: AsyncSession, code: str) -> Sequence[str]:
    """What people call this occupation; the shortest word first."""
    found = await session.exec(select(col(OccupationAlias.alias)).where(OccupationAlias.code == code))
    return sorted(found.all(), key=lambda alias: (len(alias), alias))


async def all_aliases(session: AsyncSession) -> Sequence[str]:
    return (await session.exec(select(col(OccupationAlias.alias)))).all()


async def list_revisions(session: AsyncSession) -> list[dict[str, str]]:
    """`[{name, revision}]` of the tables that `list_codes` reads; before the first load a revision is empty."""
    rows = await session.exec(select(col(CodeTableVersion.code_table), col(CodeTableVersion.revision)))
    known = dict(rows.all())
    return [{"name": code_table, "revision": known.get(code_table, "")} for code_table in CODE_TABLES]


async def revision_of(session: AsyncSession, code_table: str) -> str:
    for row in await list_revisions(session):
        if row["name"] == code_table:
            return row["revision"]
    raise CodeTableNotFoundError


async def code_revision(session: AsyncSession) -> str:
    """Changes whenever a code table or an alias changes: part of the dictionary's ETag."""
    found = await session.exec(
        select(col(CodeTableVersion.code_table), col(CodeTableVersion.revision)).order_by(
            col(CodeTableVersion.code_table)
        )
    )
    return _digest(found.all())


async def load_codes(session: AsyncSession, *, directory: Path, now: datetime) -> list[DatasetOutcome]:
    """Load the code tables and aliases from their files and renew the revisions."""
    files = {dataset: read_csv(directory, f"{dataset}.csv") for dataset in FILES}
    _check_parents(files)
    outcomes = []
    for dataset, code_table in FILES.items():
        rows = [{**row, "code_table": code_table} for row in files[dataset]]
        typed = typed_rows(f"{dataset}.csv", CodeEntry, rows)
        outcomes.append(await sync_rows(session, dataset, CodeEntry, typed, key=("code_table", "code"), now=now))
    words = read_csv(directory, "occupation_aliases.csv")
    _check_aliases(words, files)
    aliases = typed_rows("occupation_aliases.csv", OccupationAlias, words)
    outcomes.append(await sync_rows(session, "occupation_aliases", OccupationAlias, aliases, key=("alias",), now=now))
    await renew_revisions(session)
    return outcomes


async def renew_revisions(session: AsyncSession) -> None:
    """Compute each table's revision from its rows; to be called after any change to them."""
    for code_table in CODE_TABLES:
        rows = await list_codes(session, code_table)
        revision = _digest((row.code, row.name, row.parent, row.level, row.ours) for row in rows)
        await upsert(session, CodeTableVersion, {"code_table": code_table, "revision": revision}, keys=["code_table"])
    aliases = (await session.exec(select(col(OccupationAlias.alias), col(OccupationAlias.code)))).all()
    revision = _digest(sorted(tuple(row) for row in aliases))
    await upsert(session, CodeTableVersion, {"code_table": ALIASES, "revision": revision}, keys=["code_table"])


def _digest(rows: Iterable[Any]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()[:32]


def _ancestors(row: CodeEntry, rows: Mapping[str, CodeEntry]) -> tuple[str, ...]:
    line: list[str] = []
    parent = row.parent
    while parent is not None:
        line.append(parent)
        parent = rows[parent].parent
    return tuple(reversed(line))


def _check_parents(files: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
    codes: dict[str, set[str]] = {table: set() for table in CODE_TABLES}
    for dataset, rows in files.items():
        codes[FILES[dataset]].update(row["code"] for row in rows)
    for dataset, rows in files.items():
        for row in rows:
            if row["parent"] and row["parent"] not in codes[FILES[dataset]]:
                raise SeedFileError(f"{dataset}.csv 的代码 {row['code']} 没有上级 {row['parent']}")


def _check_aliases(words: Sequence[Mapping[str, str]], files: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
    codes = {row["code"] for dataset, table in FILES.items() if table == OCCUPATION for row in files[dataset]}
    for row in words:
        if row["code"] not in codes:
            raise SeedFileError(f"occupation_aliases.csv 的别名“{row['alias']}”没有对应的代码 {row['code']}")
