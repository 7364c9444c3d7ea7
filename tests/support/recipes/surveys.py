"""就业摸底: waves, households, answers, what becomes of them."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.clock import CHINA
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.identity.onbehalf import REPRESENTATION_VERSION
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.town import BIRTH_DATE, Town

ANSWERS = {
    "employment_state": "at_home", "wish_to_work": "yes", "training_wishes": ["sewing"], "obstacles": ["caring"],
    "education": "71",
}  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)


def _form(**changes: Any) -> dict[str, Any]:
    today = _now().astimezone(CHINA).date()
    return {
        "name": "测试摸底", "unit": "person", "questions_version": "2026-11", "opens_on": str(today - timedelta(days=1)),
        "closes_on": str(today + timedelta(days=5)),
    } | changes  # fmt: skip


def _wave(town: Town, *moves: str) -> dict[str, Any]:
    """A draft, moved on as far as named; in an open one the first grid is the grid member's."""
    row: dict[str, Any] = town.officer.post("/survey-waves", **_form())
    for move in moves:
        row = town.officer.post(f"/survey-waves/{row['id']}/{move}", expected_version=row["version"])
        if move == "open":
            path = f"/survey-waves/{row['id']}/grids/{_grid(town)}/members"
            members = [town.grid_member.person_id]
            row = town.officer.put(path, person_ids=members, expected_version=row["version"])
    return row


def _grid(town: Town) -> str:
    return str(town.officer.get("/grids")[0]["id"])


def _household(town: Town) -> dict[str, Any]:
    address = f"{town.values.address}{uuid.uuid4().hex[:8]}号"
    made: dict[str, Any] = town.grid_member.post(
        "/survey-households", client_id=str(uuid.uuid4()), grid_id=_grid(town), address=address, source="visit"
    )
    return made


def _consent() -> dict[str, Any]:
    return {
        "by": "本人", "method": "verbal", "at": _now().isoformat(timespec="seconds"),
        "policy_version": POLICY_VERSIONS[ConsentPurpose.SURVEY],
    }  # fmt: skip


def _person(town: Town) -> dict[str, Any]:
    return {"name": town.values.name, "birth_date": BIRTH_DATE, "phone": town.values.phone}


def _item(town: Town) -> dict[str, Any]:
    return {
        "client_id": str(uuid.uuid4()), "recorded_at": _now().isoformat(timespec="seconds"), "member_no": 1,
        "household_id": _household(town)["id"], "outcome": "answered", "consent": _consent(), "person": _person(town),
        "answers": ANSWERS,
    }  # fmt: skip


def _answer(town: Town) -> dict[str, Any]:
    wave = _wave(town, "open")
    sent = town.grid_member.post(f"/survey-waves/{wave['id']}/answers", items=[_item(town)])
    found: dict[str, Any] = sent["items"][0]
    assert found["answer_id"], found
    return found


@recipe
def list_survey_questions(town: Town) -> Call:
    return Call(town.officer, query={"version": "2026-11"})


@recipe
def create_survey_wave(town: Town) -> Call:
    return Call(town.officer, body=_form())


@recipe
def list_survey_waves(town: Town) -> Call:
    _wave(town)
    return Call(town.officer, query={"limit": 5})


@recipe
def get_survey_wave(town: Town) -> Call:
    return Call(town.officer, {"wave_id": _wave(town)["id"]})


@recipe
def update_survey_wave(town: Town) -> Call:
    row = _wave(town)
    return Call(town.officer, {"wave_id": row["id"]}, body=_form(name="改名的摸底", expected_version=row["version"]))


def _move(town: Town, *before: str) -> Call:
    row = _wave(town, *before)
    return Call(town.officer, {"wave_id": row["id"]}, body={"expected_version": row["version"]})


@recipe
def open_survey_wave(town: Town) -> Call:
    return _move(town)


@recipe
def close_survey_wave(town: Town) -> Call:
    return _move(town, "open")


@recipe
def publish_survey_wave(town: Town) -> Call:
    return _move(town, "open", "close")


@recipe
def cancel_survey_wave(town: Town) -> Call:
    return _move(town, "open")


@recipe
def list_survey_assignments(town: Town) -> Call:
    return Call(town.officer, {"wave_id": _wave(town, "open")["id"]})


@recipe
def assign_survey_grid(town: Town) -> Call:
    row = _wave(town)
    body = {"person_ids": [town.grid_member.person_id], "expected_version": row["version"]}
    return Call(town.officer, {"wave_id": row["id"], "grid_id": _grid(town)}, body=body)


@recipe
def get_survey_progress(town: Town) -> Call:
    return Call(town.officer, {"wave_id": _wave(town, "open")["id"]})


@recipe
def get_survey_statistics(town: Town) -> Call:
    return Call(town.officer, {"wave_id": _wave(town, "open", "close", "publish")["id"]})


@recipe
def export_survey_statistics(town: Town) -> Call:
    return get_survey_statistics(town)


@recipe
def list_my_survey_work(town: Town) -> Call:
    _wave(town, "open")
    return Call(town.grid_member)


@recipe
def list_wave_households(town: Town) -> Call:
    wave = _wave(town, "open")
    _household(town)
    return Call(town.grid_member, {"wave_id": wave["id"]}, query={"grid_id": _grid(town), "limit": 5})


@recipe
def add_survey_household(town: Town) -> Call:
    body = {"client_id": str(uuid.uuid4()), "grid_id": _grid(town), "source": "visit"}
    return Call(town.grid_member, body=body | {"address": f"{town.values.address}{uuid.uuid4().hex[:8]}号"})


@recipe
def get_survey_household(town: Town) -> Call:
    return Call(town.grid_member, {"household_id": _household(town)["id"]})


@recipe
def update_survey_household(town: Town) -> Call:
    row = _household(town)
    body = {"address": f"{town.values.address}{uuid.uuid4().hex[:8]}号", "source": "reported", "state": "gone"}
    return Call(town.grid_member, {"household_id": row["id"]}, body=body | {"expected_version": row["version"]})


@recipe
def send_survey_answers(town: Town) -> Call:
    return Call(town.grid_member, {"wave_id": _wave(town, "open")["id"]}, body={"items": [_item(town)]})


@recipe
def get_survey_answer(town: Town) -> Call:
    return Call(town.grid_member, {"answer_id": _answer(town)["answer_id"]})


@recipe
def correct_survey_answer(town: Town) -> Call:
    row = _answer(town)
    body = {
        "consent": _consent(),
        "person": _person(town),
        "answers": {"employment_state": "employed", "hours_worked": 40},
    }
    return Call(town.grid_member, {"answer_id": row["answer_id"]}, body=body | {"expected_version": row["version"]})


@recipe
def withdraw_survey_answer(town: Town) -> Call:
    row = _answer(town)
    return Call(town.grid_member, {"answer_id": row["answer_id"]}, body={"expected_version": row["version"]})


@recipe
def register_survey_answer(town: Town) -> Call:
    row = _answer(town)
    body = {
        "purposes": ["service"], "method": "verbal", "text_version": REPRESENTATION_VERSION, "note": town.values.consent,
        "without_phone": True, "expected_version": row["version"],
    }  # fmt: skip
    return Call(town.grid_member, {"answer_id": row["answer_id"]}, body=body)


@recipe
def reveal_survey_answer(town: Town) -> Call:
    body = {"fields": ["address", "name"], "reason": "contact"}
    return Call(town.officer, {"answer_id": _answer(town)["answer_id"]}, body=body)
