"""On site: coming and going, hours stated and argued about, the clock's sheet, accidents."""

import io
import uuid
from typing import Any

import xlsxwriter

from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.gigs_offers import aimed, open_shift, seat, set_seat
from tests.support.recipes.gigs_orders import plain
from tests.support.recipes.town import Town


def at_gate(town: Town) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    """Somebody whose shift begins now."""
    shift = open_shift(town)
    person, row = seat(town, shift)
    town.restock(f"UPDATE shift SET starts_at = created_at WHERE id = '{plain(shift['id'])}'")  # noqa: S608  # an id of ours
    set_seat(town, row, "state = 'confirmed', starts_at = accepted_at")
    return person, row, shift


def came(town: Town) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    person, row, shift = at_gate(town)
    person.post_keyed(f"/me/assignments/{row['id']}/scan", kind="in", code=code(town, shift))
    return person, row, shift


def code(town: Town, shift: dict[str, Any]) -> str:
    return str(town.firm.owner.get(f"/shifts/{shift['id']}/check-in-code")["code"])


def sheet(town: Town) -> tuple[Caller, dict[str, Any]]:
    """Somebody's hours of a day that is over."""
    person, row, shift = came(town)
    person.post_keyed(f"/me/assignments/{row['id']}/scan", kind="out", code=code(town, shift))
    (found,) = town.firm.owner.get("/timesheets", shift_id=shift["id"])["items"]
    return person, found


def stated(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, row = sheet(town)
    return person, record(town.firm.owner, f"/timesheets/{row['id']}", row, 480)


def disputed(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, row = stated(town)
    return person, record(person, f"/me/timesheets/{row['id']}", row, 510, reason=town.values.words)


def answered(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, row = disputed(town)
    form = {"accept": False, "minutes": 490, "words": town.values.answer, "expected_version": row["version"]}
    return person, town.firm.owner.post_keyed(f"/timesheets/{row['id']}/answer", **form)


def record(caller: Caller, path: str, row: dict[str, Any], minutes: int, **more: Any) -> dict[str, Any]:
    done: dict[str, Any] = caller.post_keyed(f"{path}/record", minutes=minutes, expected_version=row["version"], **more)
    return done


def accident(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, row, _ = came(town)
    form = {"client_id": str(uuid.uuid4()), "account": town.values.words}
    return person, person.post_keyed(f"/me/assignments/{row['id']}/accidents", **form)


def clock_file(town: Town) -> str:
    _, _, shift = came(town)
    (known,) = town.firm.owner.get(f"/shifts/{shift['id']}/people")["people"]
    with io.BytesIO() as out:
        book = xlsxwriter.Workbook(out, {"in_memory": True})
        page = book.add_worksheet("考勤")
        page.write_row(0, 0, ["日期", "姓名", "工时（小时）"])
        page.write_row(1, 0, [shift["starts_at"][:10], known["name"] or "", 8])
        book.close()
        content = out.getvalue()
    return str(town.firm.owner.upload("考勤.xlsx", content, "timesheet_import")["file_id"])


@recipe
def show_shift_code(town: Town) -> Call:
    return Call(town.firm.owner, {"shift_id": open_shift(town)["id"]})


@recipe
def show_my_code(town: Town) -> Call:
    person, row = seat(town)
    return Call(person, {"assignment_id": row["id"]})


@recipe
def list_my_marks(town: Town) -> Call:
    person, row, _ = came(town)
    return Call(person, {"assignment_id": row["id"]})


@recipe
def scan_shift_code(town: Town) -> Call:
    person, row, shift = at_gate(town)
    body = {"kind": "in", "code": code(town, shift), "client_id": str(uuid.uuid4())}
    return Call(person, {"assignment_id": row["id"]}, body=body)


@recipe
def mark_by_place(town: Town) -> Call:
    person, row, _ = at_gate(town)
    place = {"latitude": 24.7237, "longitude": 118.6652, "coord_type": "gcj02"}
    return Call(person, {"assignment_id": row["id"]}, body={"kind": "in"} | place)


@recipe
def list_marks(town: Town) -> Call:
    return Call(town.firm.owner, {"assignment_id": came(town)[1]["id"]})


@recipe
def scan_worker_code(town: Town) -> Call:
    person, row, shift = at_gate(town)
    shown = person.get(f"/me/assignments/{row['id']}/check-in-code")["code"]
    return Call(town.firm.owner, {"shift_id": shift["id"]}, body={"kind": "in", "code": shown})


@recipe
def mark_by_hand(town: Town) -> Call:
    body = {"kind": "in", "reason": town.values.note}
    return Call(town.firm.owner, {"assignment_id": at_gate(town)[1]["id"]}, body=body)


@recipe
def report_my_accident(town: Town) -> Call:
    person, row, _ = came(town)
    body = {"client_id": str(uuid.uuid4()), "account": town.values.words}
    return Call(person, {"assignment_id": row["id"]}, body=body)


@recipe
def list_my_accidents(town: Town) -> Call:
    return Call(accident(town)[0])


@recipe
def report_accident(town: Town) -> Call:
    body = {"client_id": str(uuid.uuid4()), "account": town.values.words}
    return Call(town.firm.owner, {"assignment_id": came(town)[1]["id"]}, body=body)


@recipe
def list_firm_accidents(town: Town) -> Call:
    accident(town)
    return Call(town.firm.owner, query={"limit": 5})


@recipe
def acknowledge_accident(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(accident(town)[1], "accident_id"))


@recipe
def file_accident(town: Town) -> Call:
    _, row = accident(town)
    return Call(town.firm.owner, **aimed(row, "accident_id", filed_on=row["happened_at"][:10]))


@recipe
def list_accident_reports(town: Town) -> Call:
    accident(town)
    return Call(town.gigs_officer, query={"limit": 5, "state": "reported"})


@recipe
def close_accident(town: Town) -> Call:
    return Call(town.gigs_officer, **aimed(accident(town)[1], "accident_id", note=town.values.note))


@recipe
def list_my_timesheets(town: Town) -> Call:
    return Call(sheet(town)[0], query={"limit": 5})


@recipe
def get_my_timesheet(town: Town) -> Call:
    person, row = answered(town)
    return Call(person, {"timesheet_id": row["id"]})


@recipe
def record_my_timesheet(town: Town) -> Call:
    person, row = sheet(town)
    return Call(person, **aimed(row, "timesheet_id", minutes=480))


@recipe
def agree_to_my_timesheet(town: Town) -> Call:
    person, row = stated(town)
    return Call(person, **aimed(row, "timesheet_id"))


@recipe
def answer_my_timesheet(town: Town) -> Call:
    person, row = answered(town)
    return Call(person, **aimed(row, "timesheet_id", accept=True))


@recipe
def mediate_my_timesheet(town: Town) -> Call:
    person, row = answered(town)
    return Call(person, **aimed(row, "timesheet_id"))


@recipe
def list_timesheets(town: Town) -> Call:
    sheet(town)
    return Call(town.firm.owner, query={"limit": 5, "enterprise_id": town.firm.id, "state": "open"})


@recipe
def get_timesheet(town: Town) -> Call:
    return Call(town.firm.owner, {"timesheet_id": answered(town)[1]["id"]})


@recipe
def record_timesheet(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(sheet(town)[1], "timesheet_id", minutes=480))


@recipe
def agree_to_timesheet(town: Town) -> Call:
    person, row = sheet(town)
    row = record(person, f"/me/timesheets/{row['id']}", row, 480)
    return Call(town.firm.owner, **aimed(row, "timesheet_id"))


@recipe
def answer_timesheet(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(disputed(town)[1], "timesheet_id", accept=True))


@recipe
def mediate_timesheet(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(answered(town)[1], "timesheet_id"))


@recipe
def record_shift(town: Town) -> Call:
    _, row = sheet(town)
    lines = [{"assignment_id": row["assignment_id"], "minutes": 480}]
    return Call(town.firm.owner, {"shift_id": row["shift"]["shift_id"]}, body={"lines": lines})


@recipe
def get_timesheet_template(town: Town) -> Call:
    _, _, shift = came(town)
    return Call(town.firm.owner, {"enterprise_id": town.firm.id}, query={"day": shift["starts_at"][:10]})


@recipe
def import_timesheets(town: Town) -> Call:
    body = {"file_id": clock_file(town), "file_name": "考勤.xlsx"}
    return Call(town.firm.owner, {"enterprise_id": town.firm.id}, body=body)


@recipe
def list_timesheet_imports(town: Town) -> Call:
    imported(town)
    return Call(town.firm.owner, {"enterprise_id": town.firm.id})


@recipe
def get_timesheet_import(town: Town) -> Call:
    return Call(town.firm.owner, {"import_id": imported(town)["id"]})


def imported(town: Town) -> dict[str, Any]:
    path = f"/enterprises/{town.firm.id}/timesheet-imports"
    done: dict[str, Any] = town.firm.owner.post_keyed(path, file_id=clock_file(town), file_name="考勤.xlsx")
    return done
