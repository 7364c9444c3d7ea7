"""From rows to answers: what a seeker keeps."""

from app.rules.jobs.vacancies import OPEN
from app.schemas.jobs.search import FiltersRead, SavedSearchRead, SavedVacancyRead
from app.services.jobs.saved import Kept, OpenedSearch
from app.services.jobs.views import list_item


def saved_vacancy_read(kept: Kept) -> SavedVacancyRead:
    is_open = kept.state in OPEN
    return SavedVacancyRead(
        vacancy_id=kept.saved.vacancy_id, title=kept.saved.title, enterprise_name=kept.saved.enterprise_name,
        saved_at=kept.saved.created_at, is_open=is_open, state=kept.state, state_label=kept.state.label,
        vacancy=list_item(kept.vacancy) if is_open else None,
    )  # fmt: skip


def saved_search_read(opened: OpenedSearch) -> SavedSearchRead:
    row = opened.row
    return SavedSearchRead(
        id=row.id, version=row.version, name=row.name, notify=row.notify,
        filters=FiltersRead.model_validate(opened.filters), created_at=row.created_at, told_on=row.told_on,
    )  # fmt: skip
