"""The dated numbers behind clocks and rights."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.core.errors import UnavailableError
from app.models.disputes import DisputePolicyRow
from app.rules.disputes.clocks import CasePolicy, policies_of
from app.services.organisation.seed_files import read_csv, typed_rows
from app.services.organisation.seed_sync import DatasetOutcome, sync_rows


async def policies_on(session: AsyncSession | ReadSession, day: date) -> Mapping[str, CasePolicy]:
    """In force on a day: some twenty rows, read once in a transaction."""
    kept: dict[date, Mapping[str, CasePolicy]] = session.sync_session.info.setdefault("dispute_policies", {})
    if day not in kept:
        kept[day] = policies_of(await list_policies(session), day)
    if not kept[day]:
        # Migrated and not yet seeded: no number is invented, and the caller may come again.
        raise UnavailableError
    return kept[day]


async def are_loaded(session: AsyncSession | ReadSession) -> bool:
    return (await session.exec(select(col(DisputePolicyRow.id)).limit(1))).one_or_none() is not None


async def list_policies(session: AsyncSession | ReadSession) -> Sequence[DisputePolicyRow]:
    order = (col(DisputePolicyRow.key), col(DisputePolicyRow.effective_from))
    return (await session.exec(select(DisputePolicyRow).order_by(*order))).all()


async def load_dispute_policies(session: AsyncSession, *, directory: Path, now: datetime) -> DatasetOutcome:
    """Columns as in the table. Rows that staff edited stay theirs."""
    rows = typed_rows("dispute_policies.csv", DisputePolicyRow, read_csv(directory, "dispute_policies.csv"))
    return await sync_rows(session, "dispute_policies", DisputePolicyRow, rows, key=("key", "effective_from"), now=now)
