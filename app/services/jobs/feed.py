"""Every change of a public vacancy gets the number of its transaction, in the order of the commits.

Other processes keep the open vacancies in memory and ask for what changed since the number they have seen. A sequence would
not do: its numbers are handed out before the commit and become visible out of order. Here the number is taken by the last
statement before the commit, under the lock of one row that is held until the commit is done. Whoever reads number N of that
row therefore sees every change up to N, and nothing that gets a number up to N can appear later.

The session is watched instead of the services, so that no way of changing a vacancy can be forgotten: rows changed by the
unit of work are marked when they are flushed, `update(Vacancy)` statements when they are executed; the mark (0) is visible to
this transaction alone and is replaced by the number at its end. The lock is held for one commit, never while anything waits.
"""

from typing import Any

from sqlalchemy import Connection, event, inspect, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import ORMExecuteState, Session
from sqlmodel import col

from app.models.jobs import FeedHead, Vacancy
from app.rules.jobs.vacancies import OPEN

VACANCIES = "vacancy"
UNNUMBERED = 0
CHANGED = "feed_changed"
# What the index in memory does not know and need not.
SILENT = frozenset({"feed_seq", "version", "updated_at", "review_note", "closed_at"})


def head() -> Any:
    """The last number, as a scalar sub-query; NULL before the first change."""
    return select(col(FeedHead.seq)).where(col(FeedHead.name) == VACANCIES).scalar_subquery()


def _concerns(row: Vacancy) -> bool:
    """Public now, or public before this change."""
    state = inspect(row).attrs.state.history
    return bool(OPEN.intersection([*(state.added or ()), *(state.unchanged or ()), *(state.deleted or ())]))


def _changed(row: Vacancy) -> bool:
    attributes = inspect(row).attrs
    return any(attribute.history.has_changes() for attribute in attributes if attribute.key not in SILENT)


@event.listens_for(Session, "before_flush")
def mark_flushed(session: Session, context: Any, instances: Any) -> None:
    del context, instances
    for row in [*session.new, *session.dirty]:
        if isinstance(row, Vacancy) and _concerns(row) and _changed(row):
            row.feed_seq = UNNUMBERED
            session.info[CHANGED] = True


@event.listens_for(Session, "do_orm_execute")
def mark_executed(state: ORMExecuteState) -> None:
    if state.is_update and state.bind_mapper is not None and state.bind_mapper.class_ is Vacancy:
        statement: Any = state.statement
        state.statement = statement.values(feed_seq=UNNUMBERED)
        state.session.info[CHANGED] = True


@event.listens_for(Session, "before_commit")
def number_changes(session: Session) -> None:
    """The last statements of the transaction."""
    session.flush()
    if not session.info.pop(CHANGED, False):
        return
    connection = session.connection()
    number = _next(connection)
    connection.execute(
        update(Vacancy.__table__).where(col(Vacancy.feed_seq) == UNNUMBERED).values(feed_seq=number)  # type: ignore[attr-defined]
    )


def _next(connection: Connection) -> int:
    insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    statement = insert(FeedHead).values(name=VACANCIES, seq=1)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"seq": col(FeedHead.seq) + 1})
    return int(connection.execute(statement.returning(col(FeedHead.seq))).scalar_one())
