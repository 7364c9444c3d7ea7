"""Boolean keyword search over segmented tokens, alike on both databases.

The words come from one canonicaliser of ours, so neither database segments or stems. SQLite: an FTS5 table
(rowid = `seq` of the document). PostgreSQL: a tsvector made with `array_to_tsvector` (`to_tsvector` would cut the
words again) under GIN. Both are called `<table>_fts` and are made by the migrations. Matching is boolean AND; order is the caller's, never the engine's rank.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam, cast, column, literal_column, select, table, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.types import Text, UserDefinedType
from sqlmodel.ext.asyncio.session import AsyncSession


class TsQuery(UserDefinedType[Any]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "tsquery"


async def put(session: AsyncSession, name: str, seq: int, tokens: Sequence[str]) -> None:
    """Index document `seq` of `name`, replacing what was there; no tokens removes it."""
    connection = await session.connection()
    postgresql = connection.dialect.name == "postgresql"
    key = "seq" if postgresql else "rowid"
    # The names are our own constants, never a caller's.
    await connection.execute(text(f"DELETE FROM {name}_fts WHERE {key} = :seq"), {"seq": seq})  # noqa: S608
    if not tokens:
        return
    if postgresql:
        insert = text(f"INSERT INTO {name}_fts (seq, tokens) VALUES (:seq, array_to_tsvector(:tokens))")  # noqa: S608
        await connection.execute(
            insert.bindparams(bindparam("seq", seq), bindparam("tokens", list(tokens), type_=ARRAY(Text)))
        )
        return
    await connection.execute(
        text(f"INSERT INTO {name}_fts (rowid, tokens) VALUES (:seq, :tokens)"),  # noqa: S608
        {"seq": seq, "tokens": " ".join(tokens)},
    )


def expression(dialect: str, tokens: Sequence[str]) -> str:
    """What `matches` is bound to: every token, joined by AND. Tokens are `[0-9a-z一-龥]+`, so no operator can slip in."""
    if dialect == "postgresql":
        return " & ".join(f"'{token}'" for token in tokens)
    return " AND ".join(f'"{token}"' for token in tokens)


def matches(dialect: str, name: str, seq: Any, words: BindParameter[str]) -> Any:
    """Condition on `seq`: the document holds every token of the `expression` that `words` is bound to."""
    if dialect == "postgresql":
        source = table(f"{name}_fts", column("seq"), column("tokens", TSVECTOR)).alias()
        return seq.in_(select(source.c.seq).where(source.c.tokens.op("@@")(cast(words, TsQuery))))
    index = table(f"{name}_fts", column("rowid"))
    return seq.in_(select(index.c.rowid).where(literal_column(f"{name}_fts").op("MATCH")(words)))
