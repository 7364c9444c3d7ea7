"""The posting rules in force, compiled from their dated rows once per change of the rows."""

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.jobs import MinimumWageRow, PostingRuleRow, PostingTermRow
from app.rules.jobs.posting import MinimumWage, PostingRule, PostingTerm, RuleBook

# One compiled book per state of the rows: compiling costs milliseconds, comparing the state a query by index.
_compiled: dict[tuple[object, ...], RuleBook] = {}


async def current_rule_book(session: AsyncSession) -> RuleBook:
    tables = (PostingRuleRow, PostingTermRow, MinimumWageRow)
    state: list[object] = []
    for table in tables:
        row = (
            await session.exec(
                select(func.count(), func.max(col(table.updated_at)), func.sum(col(table.version))).select_from(table)
            )
        ).one()
        state.extend(row)
    key = tuple(str(value) for value in state)
    if key not in _compiled:
        _compiled.clear()
        _compiled[key] = await _compile(session)
    return _compiled[key]


async def _compile(session: AsyncSession) -> RuleBook:
    rules = await session.exec(select(PostingRuleRow).order_by(col(PostingRuleRow.rule_id)))
    terms = await session.exec(select(PostingTermRow).order_by(col(PostingTermRow.id)))
    wages = await session.exec(select(MinimumWageRow).order_by(col(MinimumWageRow.id)))
    return RuleBook.from_rows(
        rules=[
            PostingRule(
                rule_id=row.rule_id, severity=row.severity, title=row.title, law=row.law, article=row.article,
                mend=row.mend, effective_from=row.effective_from, effective_to=row.effective_to, source=row.source,
            )
            for row in rules
        ],
        terms=[
            PostingTerm(
                rule_id=row.rule_id, pattern=row.pattern, kind=row.kind, unless=row.unless,
                effective_from=row.effective_from, effective_to=row.effective_to,
            )
            for row in terms
        ],
        wages=[
            MinimumWage(
                division=row.division, monthly_fen=row.monthly_fen, hourly_fen=row.hourly_fen,
                effective_from=row.effective_from, effective_to=row.effective_to, source=row.source,
                verified_by=row.verified_by,
            )
            for row in wages
        ],
    )  # fmt: skip
