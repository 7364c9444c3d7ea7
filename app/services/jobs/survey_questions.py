"""Question sets of 就业摸底 as dated rows: loaded from the seeds, read as the rule book wants them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.jobs import SurveyOption, SurveyQuestion
from app.rules.jobs.surveys import Question, QuestionsUnknownError
from app.services.organisation.seed_files import read_csv, typed_rows
from app.services.organisation.seed_sync import DatasetOutcome, sync_rows


@dataclass(frozen=True, slots=True)
class QuestionSet:
    version: str
    effective_from: date
    questions: tuple[Question, ...]

    def question(self, key: str) -> Question | None:
        return next((question for question in self.questions if question.key == key), None)


async def load_questions(session: AsyncSession, *, directory: Path, now: datetime) -> list[DatasetOutcome]:
    questions = typed_rows(
        "survey_questions.csv", SurveyQuestion, read_csv(directory, "survey_questions.csv"), extra=frozenset()
    )
    options = typed_rows(
        "survey_options.csv", SurveyOption, read_csv(directory, "survey_options.csv"), extra=frozenset()
    )
    return [
        await sync_rows(
            session, "survey_questions", SurveyQuestion, questions, key=("questions_version", "key"), now=now
        ),
        await sync_rows(
            session, "survey_options", SurveyOption, options, key=("questions_version", "question_key", "code"), now=now
        ),
    ]  # fmt: skip


async def question_sets(session: AsyncSession, version: str | None = None) -> Sequence[QuestionSet]:
    """All versions, or one; the latest first. Two statements."""
    wanted = select(SurveyQuestion).order_by(col(SurveyQuestion.questions_version), col(SurveyQuestion.seq))
    choices = select(SurveyOption).order_by(col(SurveyOption.questions_version), col(SurveyOption.seq))
    if version is not None:
        wanted = wanted.where(SurveyQuestion.questions_version == version)
        choices = choices.where(SurveyOption.questions_version == version)
    options: dict[tuple[str, str], dict[str, str]] = {}
    for option in await session.exec(choices):
        options.setdefault((option.questions_version, option.question_key), {})[option.code] = option.label
    rows: dict[str, list[SurveyQuestion]] = {}
    for row in await session.exec(wanted):
        rows.setdefault(row.questions_version, []).append(row)
    sets = [
        QuestionSet(
            name, max(row.effective_from for row in found),
            tuple(_question(row, options.get((name, row.key), {})) for row in found),
        )
        for name, found in rows.items()
    ]  # fmt: skip
    return sorted(sets, key=lambda one: (one.effective_from, one.version), reverse=True)


async def question_set(session: AsyncSession, version: str) -> QuestionSet:
    found = await question_sets(session, version)
    if not found:
        raise QuestionsUnknownError(given=version)
    return found[0]


def _question(row: SurveyQuestion, options: dict[str, str]) -> Question:
    only_if = None
    if row.only_if_key is not None:
        only_if = (row.only_if_key, frozenset((row.only_if_codes or "").split("|")))
    return Question(
        key=row.key, kind=row.kind, label=row.label, required=row.required, options=options, only_if=only_if,
        minimum=row.minimum, maximum=row.maximum,
    )  # fmt: skip
