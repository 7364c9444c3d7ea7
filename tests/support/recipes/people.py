"""Other people: found, revealed, disabled, merged; the roster's claims, appointments, the audit log."""

from datetime import UTC, datetime, timedelta
from typing import Any

from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.town import Town


@recipe
def find_people(town: Town) -> Call:
    town.someone().give_phone(town.values.phone)
    return Call(town.grid_member, body={"phone": town.values.phone})


@recipe
def reveal_person(town: Town) -> Call:
    person = town.registered()
    body = {"fields": ["name", "birth_date"], "reason": "contact"}
    return Call(town.officer, {"person_id": person.person_id}, body=body)


@recipe
def disable_person(town: Town) -> Call:
    person = town.someone()
    version = person.get("/me")["person"]["version"]
    return Call(
        town.admin, {"person_id": person.person_id}, body={"reason": town.values.note, "expected_version": version}
    )


@recipe
def enable_person(town: Town) -> Call:
    call = disable_person(town)
    row = town.admin.post(f"/people/{call.path['person_id']}/disable", **call.body)
    return Call(town.admin, call.path, body={"expected_version": row["version"]})


@recipe
def get_person_merge(town: Town) -> Call:
    _, _, task_id = town.two_records()
    return Call(town.admin, {"task_id": task_id})


@recipe
def dismiss_person_merge(town: Town) -> Call:
    return get_person_merge(town)


@recipe
def merge_people(town: Town) -> Call:
    first, second, _ = town.two_records()
    return Call(town.admin, {"person_id": first}, body={"into": second})


def _unclaimed(town: Town) -> dict[str, Any]:
    """The roster is as long as it is printed: who claimed a record for a test gives it back with the account."""
    rows = [row for row in town.admin.get("/roster") if row["person_id"] is None]
    found: dict[str, Any] = rows[-1 - town.serial() % 20]
    return found


@recipe
def claim_roster_person(town: Town) -> Call:
    town.restock("UPDATE roster_person SET person_id = NULL WHERE id NOT IN (SELECT roster_person_id FROM claim_code "
                 "WHERE grants_role IS NOT NULL AND roster_person_id IS NOT NULL)")  # fmt: skip
    record = _unclaimed(town)
    code = town.admin.post(f"/roster/{record['id']}/claim-codes")["claim_code"]
    return Call(town.someone(), body={"code": code, "name": record["name"]})


@recipe
def issue_claim_code(town: Town) -> Call:
    return Call(town.admin, {"roster_person_id": _unclaimed(town)["id"]})


@recipe
def list_appointments(town: Town) -> Call:
    return Call(town.admin, query={"limit": 5})


@recipe
def appoint(town: Town) -> Call:
    body = {"person_id": town.someone().person_id, "role": "mediator", "scope_kind": "town", "source": "镇党委会议决定"}
    return Call(town.admin, body=body)


def _appointment(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, row = town.staff()
    return person, row


@recipe
def name_substitute(town: Town) -> Call:
    _, row = _appointment(town)
    valid_to = (datetime.now(UTC) + timedelta(days=20)).isoformat(timespec="seconds")
    body = {"person_id": town.someone().person_id, "valid_to": valid_to}
    return Call(town.admin, {"appointment_id": row["id"]}, body=body)


@recipe
def end_appointment(town: Town) -> Call:
    _, row = _appointment(town)
    return Call(town.admin, {"appointment_id": row["id"]}, body={"expected_version": row["version"]})


@recipe
def list_audit_entries(town: Town) -> Call:
    return Call(town.auditor, query={"limit": 5})
