"""The dated rows of the posting rules and the minimum wages, loaded from the seed files."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.jobs import InternLimitRow, MinimumWageRow, PostingPolicyRow, PostingRuleRow, PostingTermRow
from app.rules.common.tasks import TaskKind
from app.services.common.tasks import close_tasks, open_task
from app.services.organisation.seed_files import read_csv, typed_rows
from app.services.organisation.seed_sync import DatasetOutcome, sync_rows

RULE_KEY = ("rule_id", "effective_from")
TERM_KEY = ("rule_id", "pattern", "effective_from")
POLICY_KEY = ("key", "effective_from")
WAGE_KEY = ("division", "effective_from")
LIMIT_KEY = ("limit_id", "effective_from")


async def load_posting_rules(session: AsyncSession, *, directory: Path, now: datetime) -> list[DatasetOutcome]:
    """The office's numbers, posting rules, their words, minimum wages: columns as in the tables. Rows that staff edited stay theirs."""
    rules = typed_rows("posting_rules.csv", PostingRuleRow, read_csv(directory, "posting_rules.csv"))
    terms = typed_rows("posting_terms.csv", PostingTermRow, read_csv(directory, "posting_terms.csv"))
    wages = typed_rows("minimum_wages.csv", MinimumWageRow, read_csv(directory, "minimum_wages.csv"))
    policies = typed_rows("posting_policies.csv", PostingPolicyRow, read_csv(directory, "posting_policies.csv"))
    limits = typed_rows("intern_limits.csv", InternLimitRow, read_csv(directory, "intern_limits.csv"))
    outcomes = [
        await sync_rows(session, "posting_policies", PostingPolicyRow, policies, key=POLICY_KEY, now=now),
        await sync_rows(session, "intern_limits", InternLimitRow, limits, key=LIMIT_KEY, now=now),
        await sync_rows(session, "posting_rules", PostingRuleRow, rules, key=RULE_KEY, now=now),
        await sync_rows(session, "posting_terms", PostingTermRow, terms, key=TERM_KEY, now=now),
        await sync_rows(session, "minimum_wages", MinimumWageRow, wages, key=WAGE_KEY, now=now),
    ]
    if outcomes[-1].updated:
        await _close_answered_tasks(session, now)
    return outcomes


async def unverified_wages(session: AsyncSession) -> Sequence[MinimumWageRow]:
    """Rows that no person of the town has compared with the order: they warn and do not block."""
    found = await session.exec(
        select(MinimumWageRow)
        .where(col(MinimumWageRow.verified_by).is_(None))
        .order_by(col(MinimumWageRow.effective_from), col(MinimumWageRow.division))
    )
    return found.all()


async def open_wage_tasks(session: AsyncSession, *, now: datetime) -> int:
    """One task per unverified row; returns how many were opened now."""
    opened = 0
    for row in await unverified_wages(session):
        title = f"请核对{row.effective_from:%Y年%m月%d日}起的最低工资标准：月{row.monthly_fen / 100:g}元"
        opened += await open_task(session, TaskKind.WAGE_UNVERIFIED, row.id, title=title, now=now)
    return opened


async def _close_answered_tasks(session: AsyncSession, now: datetime) -> None:
    """A wage may be verified in the file too; nobody need be asked for it any more."""
    verified = await session.exec(select(col(MinimumWageRow.id)).where(col(MinimumWageRow.verified_by).is_not(None)))
    for row_id in verified.all():
        await close_tasks(session, TaskKind.WAGE_UNVERIFIED, row_id, by=None, now=now)
