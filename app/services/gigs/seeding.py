"""The dated rows of the law of hours and ages, loaded from the seed file."""

from datetime import datetime
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.gigs import LabourLimitRow
from app.services.organisation.seed_files import read_csv, typed_rows
from app.services.organisation.seed_sync import DatasetOutcome, sync_rows

LIMIT_KEY = ("limit_id", "effective_from")


async def load_labour_limits(session: AsyncSession, *, directory: Path, now: datetime) -> DatasetOutcome:
    """Columns as in the table. Rows that staff edited stay theirs."""
    rows = typed_rows("labour_limits.csv", LabourLimitRow, read_csv(directory, "labour_limits.csv"))
    return await sync_rows(session, "labour_limits", LabourLimitRow, rows, key=LIMIT_KEY, now=now)
