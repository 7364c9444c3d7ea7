"""From rows to answers: imports, take-downs, changes of the rules."""

from app.models.jobs import PostingChange, VacancyImport, VacancyImportRow
from app.rules.identity.privacy import IMPORT_ROWS_KEPT
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs.imports import IMPORT_OPEN
from app.rules.jobs.takedowns import TAKEDOWN_NEXT, TakedownState
from app.schemas.base import Action
from app.schemas.jobs.imports import ImportRead, ImportRowRead
from app.schemas.jobs.posting_changes import PostingChangeRead
from app.schemas.jobs.takedowns import TakedownFile, TakedownRead
from app.services.jobs.takedowns import OpenedTakedown


def import_read(row: VacancyImport) -> ImportRead:
    running = row.state in IMPORT_OPEN
    reason = None if running else f"这次导入{row.state.label}"
    return ImportRead.model_validate(
        row.model_dump(exclude={"head", "file_id", "imported_by", "app", "updated_at"})
        | {
            "state_label": row.state.label,
            "rows_kept_until": row.finished_at + IMPORT_ROWS_KEPT if row.finished_at else None,
            "actions": [Action(action="cancel", allowed=running, reason=reason)],
        }
    )


def import_row_read(row: VacancyImportRow) -> ImportRowRead:
    return ImportRowRead.model_validate(
        row.model_dump(exclude={"import_id", "cells_sealed"}) | {"state_label": row.state.label}
    )


def takedown_read(opened: OpenedTakedown, actor: Actor) -> TakedownRead:
    row = opened.row
    values = row.model_dump(include={
        "id", "version", "vacancy_id", "state", "rule_id", "basis", "appeal_until", "appealed_at", "due_at",
        "answered_at",
    })  # fmt: skip
    files = [TakedownFile(file_id=file_id, url=url) for file_id, url in sorted(opened.links.items())]
    return TakedownRead.model_validate(
        values
        | opened.texts
        | {
            "state_label": row.state.label, "taken_at": row.created_at, "files": files,
            "actions": [_takedown_action(row.state, actor, taken_by_me=row.taken_by == actor.person_id)],
        }
    )  # fmt: skip


def _takedown_action(state: TakedownState, actor: Actor, *, taken_by_me: bool) -> Action:
    if not actor.town_wide(Permission.VACANCY_REVIEW):
        allowed = TakedownState.APPEALED in TAKEDOWN_NEXT[state]
        return Action(action="appeal", allowed=allowed, reason=None if allowed else f"下架当前为“{state.label}”")
    if taken_by_me:
        return Action(action="decide-appeal", allowed=False, reason="须由另一位专员答复")
    allowed = TakedownState.UPHELD in TAKEDOWN_NEXT[state]
    return Action(action="decide-appeal", allowed=allowed, reason=None if allowed else f"下架当前为“{state.label}”")


def change_read(row: PostingChange) -> PostingChangeRead:
    return PostingChangeRead.model_validate(
        row.model_dump(exclude={"updated_at", "proposed_by", "decided_by"})
        | {"kind_label": row.kind.label, "state_label": row.state.label}
    )
