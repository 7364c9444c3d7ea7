"""The worker's part of an import: the sheet is read in a process of its own, then its rows become postings in small batches.

Each batch asks the rules and WeChat first, outside any transaction, and then writes its postings, what became of its rows
and the progress in one: a worker killed at any moment leaves no row half done, and no row is done twice.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import lock
from app.core.errors import NotFoundError, UnprocessableError
from app.core.events import emit
from app.core.sentences import sentence
from app.core.sheets import Cell
from app.models.jobs import VacancyImport, VacancyImportRow
from app.models.organisation import Enterprise
from app.rules.common.files import SHEET_PROBLEMS, FileUnusableError
from app.rules.identity.roles import Actor, Grant, Role, ScopeKind
from app.rules.jobs import import_sheet as sheet
from app.rules.jobs.imports import (
    IMPORT_OPEN,
    ImportNotFoundError,
    ImportState,
    RowState,
    check_import_transition,
)
from app.rules.jobs.posting import Finding, RuleBook
from app.rules.jobs.vacancies import EnterpriseNotYoursError, VacancyState, VacancyStateError
from app.schemas.jobs.vacancies import VacancyCreate
from app.services.common import files
from app.services.common.codes import OCCUPATION, code_name, find_occupations
from app.services.common.content import ContentVerdict
from app.services.events import VacancyImportEnded
from app.services.identity import audit
from app.services.jobs import duplicates, posting, vacancies
from app.services.jobs.imports import SUBJECT, forget_cells
from app.services.jobs.rulebook import current_rule_book
from app.services.organisation.enterprises import get_enterprise, may_publish
from app.services.runtime import Runtime

# Rows in one transaction: other writers wait for no more than these.
BATCH = 10
# Batches before other messages have their turn.
SLICE = 5
# Rows stored at a time while the sheet is read.
CHUNK = 200
# Questions to WeChat at a time.
AT_A_TIME = 5
ROW_TABLE = "vacancy_import_row"
OUTCOMES = {
    VacancyState.DRAFT: RowState.DRAFT,
    VacancyState.PUBLISHED: RowState.PUBLISHED,
    VacancyState.IN_REVIEW: RowState.HELD,
}


@dataclass(slots=True)
class Examined:
    """A row with everything that could be said about it before the transaction."""

    number: int
    form: VacancyCreate | None = None
    verdict: ContentVerdict = field(default_factory=lambda: ContentVerdict(held=None))
    issues: list[sheet.Issue] = field(default_factory=list)
    notes: list[sheet.Issue] = field(default_factory=list)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for a whole batch."""

    book: RuleBook
    enterprise: Enterprise
    approved: bool
    actor: Actor
    occupations: dict[str, str | None]


async def work(runtime: Runtime, import_id: UUID) -> bool:
    """A slice of the work; True where more is left."""
    async with runtime.db.reading() as session:
        row = (await session.exec(select(VacancyImport).where(VacancyImport.id == import_id))).one_or_none()
    if row is None or row.state not in IMPORT_OPEN:
        return False
    try:
        if row.state is not ImportState.RUNNING:
            return await _read_sheet(runtime, row)
        for _ in range(SLICE):
            if not await _batch(runtime, row):
                return False
    except (EnterpriseNotYoursError, VacancyStateError, NotFoundError) as exc:
        # The right to post was lost half way: what is done stays, the rest does not come.
        await _fail(runtime, import_id, exc.text)
        return False
    except (KeyError, ValueError) as exc:
        # The delivery would take these for a message that nothing mends, and the import would stand still for ever.
        raise RuntimeError("a batch of an import failed") from exc
    return True


async def _read_sheet(runtime: Runtime, row: VacancyImport) -> bool:
    await _enter(runtime, row.id, ImportState.READING)
    try:
        async with runtime.db.reading() as session:
            content = await files.content_of(runtime, session, row.file_id)
    except FileUnusableError as exc:
        await _fail(runtime, row.id, exc.text)
        return False
    read = await runtime.sheets.read(content)
    if read.problem is not None:
        await _fail(runtime, row.id, SHEET_PROBLEMS[read.problem])
        return False
    (_, head), *rows = read.rows
    rows = [(number, cells) for number, cells in rows if not sheet.is_example(head, cells)]
    problem = sheet.heading_problem(head)
    if problem is None and not rows:
        problem = "表格里没有岗位，请从第2行起填写"
    if problem is None and len(rows) > runtime.sheets.rows:
        problem = f"共{len(rows)}行，最多{runtime.sheets.rows}行，请分成几个表格"
    if problem is not None:
        await _fail(runtime, row.id, problem)
        return False
    return await _store_rows(runtime, row, head, rows)


async def _store_rows(
    runtime: Runtime, row: VacancyImport, head: Sequence[Cell], rows: Sequence[tuple[int, Sequence[Cell]]]
) -> bool:
    """Begun before and not finished: what is stored already is not stored again."""
    last = 0
    async with runtime.db.reading() as session:
        found = await session.exec(
            select(func.max(VacancyImportRow.number)).where(VacancyImportRow.import_id == row.id)
        )
        last = found.one() or 0
    fresh = [(number, cells) for number, cells in rows if number > last]
    for start in range(0, len(fresh), CHUNK):
        async with runtime.db.unit_of_work() as session:
            if (await _locked(session, row.id)).state is not ImportState.READING:
                return False
            session.add_all(_waiting(runtime, row.id, number, cells) for number, cells in fresh[start : start + CHUNK])
        await asyncio.sleep(0)
    async with runtime.db.unit_of_work() as session:
        current = await _locked(session, row.id)
        if current.state is not ImportState.READING:
            return False
        current.state, current.rows = ImportState.RUNNING, len(rows)
        current.head = [str(cell[1]) if cell is not None else "" for cell in head]
        current.touch(runtime.clock.now())
        # The upload has served its purpose and goes with the other orphans.
        await files.forget_uses(session, SUBJECT, row.id)
    return True


def _waiting(runtime: Runtime, import_id: UUID, number: int, cells: Sequence[Cell]) -> VacancyImportRow:
    plain = json.dumps(cells, ensure_ascii=False)
    return VacancyImportRow(
        import_id=import_id, number=number,
        cells_sealed=runtime.crypto.seal(ROW_TABLE, "cells", f"{import_id}/{number}", plain),
    )  # fmt: skip


async def _batch(runtime: Runtime, row: VacancyImport) -> bool:
    """The next few rows; False where the import has ended."""
    async with runtime.db.reading() as session:
        waiting = await session.exec(
            select(VacancyImportRow)
            .where(VacancyImportRow.import_id == row.id, VacancyImportRow.state == RowState.WAITING)
            .order_by(col(VacancyImportRow.number))
            .limit(BATCH)
        )
        rows = waiting.all()
        if rows:
            circumstances = await _circumstances(runtime, session, row)
            head: list[Cell] = [("s", label) if label else None for label in row.head]
            examined = [await _read_row(runtime, session, row, circumstances, head, one) for one in rows]
    if not rows:
        return await _finish(runtime, row.id)
    await _ask_wechat(runtime, circumstances.actor, examined)
    return await _write(runtime, row, circumstances, examined)


async def _circumstances(runtime: Runtime, session: AsyncSession, row: VacancyImport) -> Circumstances:
    enterprise = await get_enterprise(session, row.enterprise_id)
    # Whether the person still may is asked again under the lock, by everything that is written.
    grant = Grant(Role.RECRUITER, ScopeKind.ENTERPRISE, row.enterprise_id)
    actor = Actor(person_id=row.imported_by, session_id=row.id, app=row.app, grants=(grant,))
    approved = await may_publish(session, enterprise, china_date(runtime.clock.now()))
    return Circumstances(await current_rule_book(session), enterprise, approved, actor, {})


async def _read_row(
    runtime: Runtime,
    session: AsyncSession,
    row: VacancyImport,
    circumstances: Circumstances,
    head: Sequence[Cell],
    stored: VacancyImportRow,
) -> Examined:
    """Cells → form → the same rules as a posting made by hand."""
    assert stored.cells_sealed is not None  # noqa: S101  # a waiting row has its cells
    place = f"{row.id}/{stored.number}"
    cells = [tuple(c) if c else None for c in json.loads(
        runtime.crypto.open(ROW_TABLE, "cells", place, stored.cells_sealed)
    )]  # fmt: skip
    read = sheet.read_row(head, stored.number, cells)
    made = Examined(stored.number, issues=read.issues, notes=read.notes, places=read.places)
    await _find_occupation(session, circumstances, read)
    if read.issues:
        return made
    try:
        form = VacancyCreate.model_validate(
            read.form | {"enterprise_id": row.enterprise_id, "submit": row.submit}, strict=False
        )
    except ValidationError as exc:
        made.issues = sheet.place_issues(
            read, {".".join(map(str, error["loc"])) or "title": sentence(error) for error in exc.errors()}
        )
        return made
    today = china_date(runtime.clock.now())
    found = posting.check_form(
        form, circumstances.book, approved=circumstances.approved, kind=circumstances.enterprise.kind.value, today=today
    )
    _take_findings(made, read, found, submit=row.submit)
    made.form = None if made.issues else form
    return made


def _take_findings(made: Examined, read: sheet.ReadRow, found: Sequence[Finding], *, submit: bool) -> None:
    """A draft may still break a rule, as one made by hand; what only warns is told either way."""
    for finding in found:
        told = sheet.place_issues(read, {posting.form_path(finding.field): f"{finding.message}（{finding.law}）"})
        (made.issues if submit and finding.severity == "block" else made.notes).extend(told)


async def _find_occupation(session: AsyncSession, circumstances: Circumstances, read: sheet.ReadRow) -> None:
    """A code, "code name" as in the drop-down, or a name or alias that means one occupation only."""
    text = read.form.get("occupation_code")
    if text is None:
        return
    known = circumstances.occupations
    if text not in known:
        code = text.split(" ", 1)[0]
        if code.isascii() and await code_name(session, OCCUPATION, code) is not None:
            known[text] = code
        else:
            exact = {match.code for match in await find_occupations(session, text) if match.exact}
            known[text] = exact.pop() if len(exact) == 1 else None
    if known[text] is None:
        place, label = read.places["occupation_code"]
        words = f"{place} {label}“{sheet.shown(('s', text))}”不在职业代码表中或不止一个，请从下拉列表里选择"
        read.issues.append(sheet.Issue(place, label, words))
    else:
        read.form["occupation_code"] = known[text]


async def _ask_wechat(runtime: Runtime, actor: Actor, examined: Sequence[Examined]) -> None:
    turns = asyncio.Semaphore(AT_A_TIME)

    async def ask(one: Examined) -> None:
        if one.form is None or not one.form.submit:
            return
        try:
            async with turns:
                one.verdict = await posting.check_content(runtime, actor, one.form)
        except UnprocessableError as exc:
            read = sheet.ReadRow({}, one.places, [], [])
            one.issues = sheet.place_issues(read, {issue.path: issue.message for issue in exc.fields})
            one.form = None

    await asyncio.gather(*(ask(one) for one in examined))


async def _write(
    runtime: Runtime, row: VacancyImport, circumstances: Circumstances, examined: Sequence[Examined]
) -> bool:
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        enterprise = await vacancies.lock_approved(
            session, circumstances.actor, row.enterprise_id, submit=row.submit, now=now
        )
        current = await _locked(session, row.id)
        if current.state is not ImportState.RUNNING:
            return False
        stored = await _still_waiting(session, row.id, [one.number for one in examined])
        for one in examined:
            # Another worker, whose lease came later, was faster.
            if one.number in stored:
                await _write_row(runtime, session, circumstances, enterprise, current, stored[one.number], one)
        current.touch(now)
    return True


async def _still_waiting(session: AsyncSession, import_id: UUID, numbers: Sequence[int]) -> dict[int, VacancyImportRow]:
    rows = await session.exec(
        select(VacancyImportRow).where(
            VacancyImportRow.import_id == import_id,
            col(VacancyImportRow.number).in_(numbers),
            VacancyImportRow.state == RowState.WAITING,
        )
    )
    return {row.number: row for row in rows}


async def _write_row(
    runtime: Runtime,
    session: AsyncSession,
    circumstances: Circumstances,
    enterprise: Enterprise,
    current: VacancyImport,
    stored: VacancyImportRow,
    one: Examined,
) -> None:
    now = runtime.clock.now()
    stored.state = RowState.REFUSED
    if one.form is not None:
        # Inside the transaction: the rows above this one are on the lists by now.
        doubles = await duplicates.find(
            session, current.enterprise_id, one.form, circumstances.book, today=china_date(now)
        )
        read = sheet.ReadRow({}, one.places, [], [])
        for finding in doubles:
            one.notes += sheet.place_issues(read, {finding.field: finding.message})
        vacancy = await vacancies.add(runtime, session, circumstances.actor, enterprise, one.form, one.verdict, now)
        stored.state, stored.vacancy_id = OUTCOMES[vacancy.state], vacancy.id
    stored.cells_sealed = None
    stored.issues = [issue.as_dict() for issue in one.issues]
    stored.notes = [note.as_dict() for note in one.notes]
    current.done += 1
    current.created += stored.state in {RowState.DRAFT, RowState.PUBLISHED}
    current.published += stored.state is RowState.PUBLISHED
    current.held += stored.state is RowState.HELD
    current.refused += stored.state is RowState.REFUSED


async def _finish(runtime: Runtime, import_id: UUID) -> bool:
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        row = await _locked(session, import_id)
        if row.state is not ImportState.RUNNING:
            return False
        row.state, row.finished_at = ImportState.DONE, now
        row.touch(now)
        audit.record(
            session, "vacancy_import_done", actor_id=row.imported_by, subject_kind=SUBJECT, subject_id=row.id, now=now
        )
        await emit(
            session,
            VacancyImportEnded(
                at=now, import_id=row.id, person_id=row.imported_by,
                summary=f"共{row.rows}行：发布{row.published}个，草稿{row.created - row.published}个，"
                f"待复核{row.held}个，未导入{row.refused}行。未导入的原因逐格列在导入页面。",
            ),
        )  # fmt: skip
    return False


async def _fail(runtime: Runtime, import_id: UUID, problem: str) -> None:
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        row = await _locked(session, import_id)
        if row.state not in IMPORT_OPEN:
            return
        check_import_transition(row.state, ImportState.FAILED)
        row.state, row.problem, row.finished_at = ImportState.FAILED, problem[:300], now
        row.touch(now)
        await forget_cells(session, import_id)
        await files.forget_uses(session, SUBJECT, import_id)
        summary = f"岗位导入没有完成：{problem}"
        await emit(session, VacancyImportEnded(at=now, import_id=row.id, person_id=row.imported_by, summary=summary))


async def _enter(runtime: Runtime, import_id: UUID, target: ImportState) -> None:
    async with runtime.db.unit_of_work() as session:
        row = await _locked(session, import_id)
        if row.state in IMPORT_OPEN and row.state is not target:
            check_import_transition(row.state, target)
            row.state = target
            row.touch(runtime.clock.now())


async def _locked(session: AsyncSession, import_id: UUID) -> VacancyImport:
    return await lock(session, VacancyImport, import_id, ImportNotFoundError)
