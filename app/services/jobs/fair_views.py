"""From rows to answers: fairs, booths, their vacancies, with what the caller may do now."""

from datetime import datetime
from uuid import UUID

from app.core.clock import china_date
from app.core.rotating import ShownCode
from app.models.jobs import Fair
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs.fairs import (
    BOOTH_NEXT,
    EDITABLE,
    NEXT,
    OPEN_TO_FIRMS,
    BoothState,
    BoothStateError,
    FairClosedError,
    FairNotRunningError,
    FairState,
    FairStateError,
    checks_in,
)
from app.rules.jobs.posting import Finding
from app.rules.jobs.vacancies import VacancyState
from app.schemas.base import Action
from app.schemas.jobs.fairs import (
    BoothRead,
    CheckInCodeRead,
    CheckInRead,
    FairListItem,
    FairRead,
    FairVacanciesSaved,
    FairVacancyRead,
    OwnBoothRead,
)
from app.schemas.jobs.vacancies import PlaceRead
from app.services.jobs.fair_booths import Placed
from app.services.jobs.fair_entries import CheckedIn
from app.services.jobs.fair_vacancies import AtFair
from app.services.jobs.fairs import Announced, manages
from app.services.jobs.views import finding_read

MOVES = {
    "publish": FairState.PUBLISHED, "start": FairState.RUNNING, "end": FairState.ENDED,
    "cancel": FairState.CANCELLED, "report": FairState.REPORTED,
}  # fmt: skip
# The office answers an application, the firm an invitation.
OFFICE_ANSWERS = {"confirm": BoothState.CONFIRMED, "decline": BoothState.DECLINED}
FIRM_ANSWERS = {"accept": (BoothState.CONFIRMED, BoothState.INVITED), "withdraw": (BoothState.WITHDRAWN, None)}


def fair_item(one: Announced) -> FairListItem:
    return FairListItem.model_validate(_shown(one))


def fair_read(one: Announced, actor: Actor | None, checked_in_at: datetime | None = None) -> FairRead:
    fair = one.fair
    more = {
        "version": fair.version, "description": fair.description, "cancelled_because": fair.cancelled_because,
        "ended_at": fair.ended_at, "checked_in_at": checked_in_at, "actions": _fair_actions(fair, actor, checked_in_at),
    }  # fmt: skip
    return FairRead.model_validate(_shown(one) | more)


def _shown(one: Announced) -> dict[str, object]:
    fair = one.fair
    place = None
    if fair.place_address is not None:
        place = PlaceRead(
            address=fair.place_address, latitude=fair.latitude, longitude=fair.longitude, coord_type=fair.coord_type
        )
    return {
        "id": fair.id, "title": fair.title, "kind": fair.kind, "state": fair.state, "state_label": fair.state.label,
        "starts_at": fair.starts_at, "ends_at": fair.ends_at, "place": place, "corridor": fair.corridor,
        "school": fair.school, "capacity": fair.capacity, "area_ids": list(one.area_ids),
    }  # fmt: skip


def _fair_actions(fair: Fair, actor: Actor | None, checked_in_at: datetime | None) -> list[Action]:
    if manages(actor, fair.id):
        moves = [
            _action(
                name, target in NEXT[fair.state], FairStateError(current=fair.state.label, target=target.label).text
            )
            for name, target in MOVES.items()
        ]
        editable = fair.state in EDITABLE
        return [_action("update", editable, f"招聘会当前为“{fair.state.label}”，内容不能再修改"), *moves]
    actions = []
    if actor is not None and actor.enterprises(Permission.VACANCY_WRITE):
        actions.append(
            _action("apply_for_booth", fair.state in OPEN_TO_FIRMS, FairClosedError(current=fair.state.label).text)
        )
    if checks_in(fair.kind):
        actions.append(_check_in_action(fair, actor, checked_in_at))
    return actions


def _check_in_action(fair: Fair, actor: Actor | None, checked_in_at: datetime | None) -> Action:
    if actor is None:
        return _action("check_in", allowed=False, reason="请先登录")
    if checked_in_at is not None:
        return _action("check_in", allowed=False, reason="您已签到")
    running = fair.state is FairState.RUNNING
    return _action("check_in", running, FairNotRunningError(current=fair.state.label).text)


def _action(name: str, allowed: bool, reason: str) -> Action:
    return Action(action=name, allowed=allowed, reason=None if allowed else reason)


def booth_read(one: Placed, actor: Actor | None) -> BoothRead:
    return BoothRead.model_validate(_booth(one, actor))


def own_booth_read(one: Placed, actor: Actor) -> OwnBoothRead:
    fair = one.fair
    more = {
        "fair_title": fair.title, "fair_state": fair.state, "starts_at": fair.starts_at, "ends_at": fair.ends_at,
    }  # fmt: skip
    return OwnBoothRead.model_validate(_booth(one, actor) | more)


def _booth(one: Placed, actor: Actor | None) -> dict[str, object]:
    booth = one.booth
    inside = manages(actor, booth.fair_id) or _recruits(actor, booth.enterprise_id)
    return {
        "id": booth.id, "version": booth.version, "fair_id": booth.fair_id, "enterprise_id": booth.enterprise_id,
        "enterprise_name": booth.enterprise_name, "state": booth.state, "state_label": booth.state.label,
        "number": booth.number, "declined_because": booth.declined_because if inside else None,
        "vacancy_count": one.vacancies, "actions": _booth_actions(one, actor),
    }  # fmt: skip


def _recruits(actor: Actor | None, enterprise_id: UUID) -> bool:
    return actor is not None and enterprise_id in actor.enterprises(Permission.VACANCY_WRITE)


def _booth_actions(one: Placed, actor: Actor | None) -> list[Action]:
    state, is_open = one.booth.state, one.fair.state in OPEN_TO_FIRMS
    closed = FairClosedError(current=one.fair.state.label).text
    actions = []
    if manages(actor, one.fair.id):
        for name, target in OFFICE_ANSWERS.items():
            wrong = BoothStateError(current=state.label, target=target.label).text
            actions.append(_action(name, is_open and state is BoothState.APPLIED, wrong if is_open else closed))
    if _recruits(actor, one.booth.enterprise_id):
        for name, (target, only_from) in FIRM_ANSWERS.items():
            fits = target in BOOTH_NEXT[state] and (only_from is None or state is only_from)
            wrong = BoothStateError(current=state.label, target=target.label).text
            actions.append(_action(name, is_open and fits, wrong if is_open else closed))
        chosen = is_open and state is BoothState.CONFIRMED
        wrong = f"参展当前为“{state.label}”，确认参展后才能选择岗位"
        actions.append(_action("choose_vacancies", chosen, wrong if is_open else closed))
    return actions


def saved_read(saved: tuple[Placed, list[Finding]], actor: Actor) -> FairVacanciesSaved:
    one, findings = saved
    return FairVacanciesSaved(booth=booth_read(one, actor), findings=[finding_read(item) for item in findings])


def fair_vacancy_read(one: AtFair, now: datetime) -> FairVacancyRead:
    row = one.vacancy
    is_open = row.state is VacancyState.PUBLISHED and row.valid_until >= china_date(now)
    # Past its date before the sweep came round: it takes nobody any more, and says so.
    state = VacancyState.EXPIRED if row.state is VacancyState.PUBLISHED and not is_open else row.state
    return FairVacancyRead(
        vacancy_id=row.id, title=row.title if one.readable else row.occupation_name, enterprise_id=row.enterprise_id,
        enterprise_name=row.enterprise_name, booth_number=one.number, occupation_code=row.occupation_code,
        occupation_name=row.occupation_name, open_seats=row.headcount - row.hired_count if is_open else 0,
        state=state, state_label=state.label, open=is_open,
    )  # fmt: skip


def code_read(shown: ShownCode) -> CheckInCodeRead:
    return CheckInCodeRead(code=shown.code, next_at=shown.next_at, expires_at=shown.expires_at)


def check_in_read(done: CheckedIn) -> CheckInRead:
    return CheckInRead(fair_id=done.fair_id, checked_in_at=done.at, first=done.first)
