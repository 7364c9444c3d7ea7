"""From rows to answers: waves, grids, households, what was said."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.errors import AppError
from app.models.jobs import SurveyAnswer, SurveyAssignment, SurveyHousehold, SurveyWave
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs.surveys import (
    NEXT,
    BatchItemState,
    Question,
    SurveyOutcome,
    SurveyWaveState,
    SurveyWaveStateError,
    VisitState,
)
from app.schemas.base import Action
from app.schemas.jobs.surveys import (
    BatchItemError,
    BatchItemResult,
    GridProgress,
    HouseholdRead,
    HouseholdSaved,
    SurveyAnswerBrief,
    SurveyAnswerRead,
    SurveyAnswerSaved,
    SurveyAssignmentRead,
    SurveyBatchResult,
    SurveyConsentRead,
    SurveyOptionRead,
    SurveyPersonIn,
    SurveyPersonRead,
    SurveyPrefill,
    SurveyProgress,
    SurveyQuestionRead,
    SurveyQuestionSet,
    SurveyRegistered,
    SurveyWaveRead,
    SurveyWork,
    SurveyWorkList,
    WaveHousehold,
)
from app.services.jobs.survey_answers import ItemResult, Opened, open_answer
from app.services.jobs.survey_questions import QuestionSet, question_sets
from app.services.jobs.survey_register import Registered
from app.services.jobs.survey_work import Tally, Visited, open_address
from app.services.organisation.facts import GridFacts, all_grids

MOVES = {
    "open": SurveyWaveState.OPEN, "close": SurveyWaveState.CLOSED, "publish": SurveyWaveState.PUBLISHED,
    "cancel": SurveyWaveState.CANCELLED,
}  # fmt: skip


def wave_read(row: SurveyWave, actor: Actor) -> SurveyWaveRead:
    officer = actor.town_wide(Permission.SURVEY_MANAGE)
    return SurveyWaveRead.model_validate(
        row.model_dump()
        | {
            "unit_label": row.unit.label,
            "state_label": row.state.label,
            "actions": [_wave_action(name, target, row) for name, target in MOVES.items()] if officer else [],
        }
    )


def _wave_action(name: str, target: SurveyWaveState, row: SurveyWave) -> Action:
    allowed = target in NEXT[row.state]
    why = None if allowed else SurveyWaveStateError(current=row.state.label, target=target.label).text
    return Action(action=name, allowed=allowed, reason=why)


def question_set_read(found: QuestionSet) -> SurveyQuestionSet:
    return SurveyQuestionSet(
        version=found.version,
        effective_from=found.effective_from,
        questions=[_question_read(question) for question in found.questions],
    )


def _question_read(question: Question) -> SurveyQuestionRead:
    key, codes = question.only_if or (None, frozenset[str]())
    return SurveyQuestionRead(
        key=question.key, kind=question.kind, label=question.label, required=question.required,
        options=[SurveyOptionRead(code=code, label=label) for code, label in question.options.items()],
        only_if_key=key, only_if_codes=sorted(codes), minimum=question.minimum, maximum=question.maximum,
    )  # fmt: skip


async def assignments_read(session: AsyncSession, rows: Sequence[SurveyAssignment]) -> list[SurveyAssignmentRead]:
    """Every grid, those without anybody too."""
    held: dict[UUID, list[SurveyAssignment]] = {}
    for row in rows:
        held.setdefault(row.grid_id, []).append(row)
    return [
        SurveyAssignmentRead(
            grid_id=grid.id, grid_name=grid.name, area_name=grid.area_name,
            person_ids=[row.person_id for row in held.get(grid.id, [])],
            by_officer=any(row.assigned_by is not None for row in held.get(grid.id, [])),
        )
        for grid in await all_grids(session)
    ]  # fmt: skip


async def progress_read(session: AsyncSession, wave_id: UUID, found: Sequence[Tally]) -> SurveyProgress:
    grids = {grid.id: grid for grid in await all_grids(session)}
    shown = [_grid_progress(tally, grids[tally.grid_id]) for tally in found]
    total = None
    if shown:
        sums = {
            name: sum(getattr(one, name) for one in shown)
            for name in ("households", "visited", "answered", "refused", "absent")
        }
        total = shown[0].model_copy(update={"grid_name": "合计", "area_name": "合计"} | sums)
    return SurveyProgress(wave_id=wave_id, grids=shown, total=total)


async def work_read(
    session: AsyncSession, actor: Actor, found: Sequence[tuple[SurveyWave, Sequence[Tally]]]
) -> SurveyWorkList:
    grids = {grid.id: grid for grid in await all_grids(session)}
    return SurveyWorkList(
        items=[
            SurveyWork(
                wave=wave_read(wave, actor), grids=[_grid_progress(tally, grids[tally.grid_id]) for tally in tallies]
            )
            for wave, tallies in found
        ]
    )


def _grid_progress(tally: Tally, grid: GridFacts) -> GridProgress:
    counts = tally.counts
    return GridProgress(
        grid_id=grid.id, grid_name=grid.name, area_name=grid.area_name, households=tally.known,
        visited=tally.known - counts.get(VisitState.UNVISITED, 0), answered=counts.get(VisitState.ANSWERED, 0),
        refused=counts.get(VisitState.REFUSED, 0), absent=counts.get(VisitState.ABSENT, 0),
    )  # fmt: skip


def household_saved(row: SurveyHousehold) -> HouseholdSaved:
    return HouseholdSaved(id=row.id, version=row.version, client_id=row.client_id)


def household_read(crypto: Crypto, row: SurveyHousehold) -> HouseholdRead:
    return HouseholdRead(
        id=row.id, version=row.version, grid_id=row.grid_id, address=open_address(crypto, row), source=row.source,
        state=row.state,
    )  # fmt: skip


async def households_read(
    session: AsyncSession, crypto: Crypto, wave_version: str, found: Sequence[Visited]
) -> list[WaveHousehold]:
    sets = await question_sets(session, wave_version)
    questions = {question.key: question for question in sets[0].questions} if sets else {}
    return [
        WaveHousehold(
            household=household_read(crypto, one.household),
            visit_state=one.visit_state,
            answers=[SurveyAnswerBrief.model_validate(row) for row in one.answers],
            prefill=[_prefill(crypto, row, questions) for row in one.earlier],
        )
        for one in found
    ]


def _prefill(crypto: Crypto, row: SurveyAnswer, questions: dict[str, Question]) -> SurveyPrefill:
    opened = open_answer(crypto, row)
    return SurveyPrefill(
        member_no=row.member_no, wave_id=row.wave_id, recorded_at=row.recorded_at, person=_person(opened.person),
        answers={key: value for key, value in opened.answers.items() if _still(questions.get(key), value)},
    )  # fmt: skip


def _still(question: Question | None, value: Any) -> bool:
    """Offered only where this wave asks it with the same codes."""
    if question is None:
        return False
    codes = value if isinstance(value, list) else [value]
    return not question.options or all(code in question.options for code in codes)


def batch_read(results: Sequence[ItemResult]) -> SurveyBatchResult:
    items = [
        BatchItemResult(
            index=place, client_id=result.client_id, state=result.state, state_label=result.state.label,
            answer_id=result.answer_id, version=result.version,
            error=None if result.error is None else _item_error(result.error),
        )
        for place, result in enumerate(results)
    ]  # fmt: skip
    counts = {state: sum(item.state is state for item in items) for state in BatchItemState}
    return SurveyBatchResult(
        items=items, accepted=counts[BatchItemState.ACCEPTED], repeated=counts[BatchItemState.REPEATED],
        refused=counts[BatchItemState.REFUSED],
    )  # fmt: skip


def _item_error(error: AppError) -> BatchItemError:
    return BatchItemError(code=error.code, message=error.text, fields=error.fields)


def answer_read(opened: Opened) -> SurveyAnswerRead:
    row = opened.row
    consent = None
    if opened.consent_by and row.consent_method and row.consent_at and row.consent_version:
        consent = SurveyConsentRead(
            by=opened.consent_by, method=row.consent_method, at=row.consent_at, policy_version=row.consent_version
        )
    return SurveyAnswerRead(
        id=row.id, version=row.version, wave_id=row.wave_id, household_id=row.household_id, client_id=row.client_id,
        member_no=row.member_no, outcome=row.outcome, outcome_label=row.outcome.label, age_band=row.age_band,
        consent=consent, person=_person(opened.person), answers=opened.answers, recorded_at=row.recorded_at,
        registered_at=row.registered_at, actions=_answer_actions(row),
    )  # fmt: skip


def _answer_actions(row: SurveyAnswer) -> list[Action]:
    answered = row.outcome is SurveyOutcome.ANSWERED
    why = None if answered else f"这份答卷是“{row.outcome.label}”"
    registered = "已经登记为求职者" if row.person_id is not None else None
    return [
        Action(action="withdraw", allowed=answered, reason=why),
        Action(action="register", allowed=answered and registered is None, reason=why or registered),
    ]


def answer_saved(row: SurveyAnswer) -> SurveyAnswerSaved:
    return SurveyAnswerSaved(id=row.id, version=row.version, outcome=row.outcome)


def registered_read(done: Registered) -> SurveyRegistered:
    return SurveyRegistered(
        answer_id=done.row.id, version=done.row.version, person_id=done.person_id, person_is_new=done.person_is_new,
        profile_is_new=done.profile_is_new, representation_id=done.representation_id,
    )  # fmt: skip


def _person(person: SurveyPersonIn | None) -> SurveyPersonRead | None:
    return None if person is None else SurveyPersonRead.model_validate(person)
