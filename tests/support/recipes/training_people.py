"""菜单式培训: enrolment, groups, attendance, results, certificates, reports."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl

from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.gigs_offers import aimed
from tests.support.recipes.gigs_orders import plain
from tests.support.recipes.gigs_profiles import member
from tests.support.recipes.town import Town
from tests.support.recipes.training import learner, open_class, provider

STAMP = "%Y-%m-%d %H:%M:%S.000000"


def seated(town: Town, **changes: Any) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    """Somebody with a seat, or with what the class gives them; the class."""
    made = open_class(town, **changes)
    person = learner(town)
    return person, person.post_keyed(f"/training/classes/{made['id']}/enrol"), made


def waiting(town: Town, count: int = 1) -> tuple[Caller, dict[str, Any], Caller, dict[str, Any]]:
    """Who has the only seat, and the last of those who wait for it."""
    first, seat, made = seated(town, capacity=1)
    for _ in range(count):
        person = learner(town)
        entry = person.post_keyed(f"/training/classes/{made['id']}/enrol")
    return first, seat, person, entry


def offered(town: Town) -> tuple[Caller, dict[str, Any]]:
    first, seat, person, entry = waiting(town)
    first.post_keyed(f"/training/enrolments/{seat['id']}/withdraw", expected_version=seat["version"])
    return person, person.get(f"/training/enrolments/{entry['id']}")


def pending(town: Town) -> dict[str, Any]:
    return seated(town, needs_approval=True)[1]


def group_form(town: Town) -> dict[str, Any]:
    return {
        "enterprise_id": town.firm.id, "mode": "all", "person_ids": [member(town).person_id, member(town).person_id],
    }  # fmt: skip


def group(town: Town, **changes: Any) -> dict[str, Any]:
    made = open_class(town, **changes)
    done: dict[str, Any] = town.firm.owner.post_keyed(f"/training/classes/{made['id']}/groups", **group_form(town))
    return done


def offered_group(town: Town) -> dict[str, Any]:
    """Two who waited together, and two seats that fell free."""
    made = open_class(town, capacity=2)
    person = learner(town)
    seat = person.post_keyed(f"/training/classes/{made['id']}/enrol")
    done = town.firm.owner.post_keyed(f"/training/classes/{made['id']}/groups", **group_form(town))
    person.post_keyed(f"/training/enrolments/{seat['id']}/withdraw", expected_version=seat["version"])
    rows = town.firm.owner.get(f"/training/firms/{town.firm.id}/groups", limit=100)["items"]
    return dict(next(row for row in rows if row["id"] == done["id"]))


def set_time(town: Town, made: dict[str, Any], state: str, begin: timedelta, end: timedelta) -> None:
    """As if the class had been made so many days ago."""
    now = datetime.now(UTC)
    first, last = f"{now + begin:{STAMP}}", f"{now + end:{STAMP}}"
    class_id = plain(made["id"])
    town.restock(
        f"UPDATE class_session SET starts_at = '{first}', ends_at = '{last}' WHERE class_id = '{class_id}'"  # noqa: S608  # an id of ours
    )
    town.restock(
        f"UPDATE training_class SET state = '{state}', first_at = '{first}', last_at = '{last}',"  # noqa: S608  # an id of ours
        f" enrol_until = '{first}' WHERE id = '{class_id}'"
    )
    town.restock(
        f"UPDATE enrolment SET enrolled_at = '{now - timedelta(days=30):{STAMP}}' WHERE class_id = '{class_id}'"  # noqa: S608  # an id of ours
    )


def running(town: Town) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    """In the middle of its only session."""
    person, entry, made = seated(town)
    set_time(town, made, "running", -timedelta(minutes=10), timedelta(hours=3))
    return person, entry, made


def over(town: Town) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    """The last session is over, and everybody has a mark."""
    person, entry, made = seated(town)
    set_time(town, made, "assessing", -timedelta(hours=4), -timedelta(hours=1))
    town.trainer.post_keyed(f"/training/sessions/{made['sessions'][0]['id']}/marks", **marks_form(town, entry))
    return person, entry, made


def marks_form(town: Town, entry: dict[str, Any]) -> dict[str, Any]:
    mark = {"enrolment_id": entry["id"], "mark": "present", "minutes": None}
    return {"marks": [mark], "reason": town.values.note}


def results_form(entry: dict[str, Any]) -> dict[str, Any]:
    return {"results": [{"enrolment_id": entry["id"], "score": 86}]}


def with_results(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, entry, made = over(town)
    town.trainer.post_keyed(f"/training/classes/{made['id']}/results", **results_form(entry))
    return person, town.training_officer.get(f"/training/classes/{made['id']}")


def completed(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, made = with_results(town)
    path = f"/training/classes/{made['id']}/complete"
    return person, town.training_officer.post_keyed(path, expected_version=made["version"])


def certified(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, made = completed(town)
    (held,) = town.training_officer.post_keyed(f"/training/classes/{made['id']}/certificates")["items"]
    return person, held


def roster_file(town: Town) -> str:
    """Two people of the firm's list, by name and phone."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["姓名", "手机号"])
    for _ in range(2):
        person, number = member(town), f"139{town.serial():08d}"
        person.give_phone(number)
        page.append([town.values.name, number])
    out = io.BytesIO()
    book.save(out)
    return str(town.firm.owner.upload("名单.xlsx", out.getvalue(), "training_roster")["file_id"])


def period() -> dict[str, str]:
    today = datetime.now(UTC).date()
    return {"since": str(today - timedelta(days=30)), "until": str(today + timedelta(days=60))}


@recipe
def enrol(town: Town) -> Call:
    return Call(learner(town), {"class_id": open_class(town)["id"]})


@recipe
def list_my_enrolments(town: Town) -> Call:
    return Call(seated(town)[0], query={"limit": 5})


@recipe
def get_enrolment(town: Town) -> Call:
    person, entry, _ = seated(town)
    return Call(person, {"enrolment_id": entry["id"]})


@recipe
def accept_seat(town: Town) -> Call:
    person, entry = offered(town)
    return Call(person, **aimed(entry, "enrolment_id"))


@recipe
def decline_seat(town: Town) -> Call:
    person, entry = offered(town)
    return Call(person, **aimed(entry, "enrolment_id"))


@recipe
def withdraw_enrolment(town: Town) -> Call:
    person, entry, _ = seated(town)
    return Call(person, **aimed(entry, "enrolment_id"))


@recipe
def approve_enrolment(town: Town) -> Call:
    return Call(town.training_officer, **aimed(pending(town), "enrolment_id"))


@recipe
def refuse_enrolment(town: Town) -> Call:
    return Call(town.training_officer, **aimed(pending(town), "enrolment_id", reason=town.values.answer))


@recipe
def move_up_enrolment(town: Town) -> Call:
    entry = waiting(town, 2)[3]
    return Call(town.training_officer, **aimed(entry, "enrolment_id", reason=town.values.answer))


@recipe
def let_in_late(town: Town) -> Call:
    made = running(town)[2]
    form = {"person_id": learner(town).person_id, "reason": town.values.note}
    return Call(town.training_officer, {"class_id": made["id"]}, body=form)


@recipe
def list_class_enrolments(town: Town) -> Call:
    made = seated(town)[2]
    return Call(town.trainer, {"class_id": made["id"]}, query={"state": "enrolled"})


@recipe
def enter_group(town: Town) -> Call:
    return Call(town.firm.owner, {"class_id": open_class(town)["id"]}, body=group_form(town))


@recipe
def enter_group_from_file(town: Town) -> Call:
    form = {"enterprise_id": town.firm.id, "mode": "partly", "file_id": roster_file(town)}
    return Call(town.firm.owner, {"class_id": open_class(town)["id"]}, body=form)


@recipe
def list_entry_groups(town: Town) -> Call:
    group(town)
    return Call(town.firm.owner, {"enterprise_id": town.firm.id}, query={"limit": 5})


@recipe
def list_firm_people(town: Town) -> Call:
    member(town)
    return Call(town.firm.owner, {"enterprise_id": town.firm.id})


@recipe
def get_roster_template(town: Town) -> Call:
    return Call(town.firm.owner, {"enterprise_id": town.firm.id})


@recipe
def accept_group_seats(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(offered_group(town), "group_id"))


@recipe
def split_group(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(group(town), "group_id"))


@recipe
def show_my_check_in_code(town: Town) -> Call:
    person, _, made = running(town)
    return Call(person, {"session_id": made["sessions"][0]["id"]})


@recipe
def scan_check_in_code(town: Town) -> Call:
    person, _, made = running(town)
    session_id = made["sessions"][0]["id"]
    code = person.get(f"/training/sessions/{session_id}/my-code")["code"]
    return Call(town.trainer, {"session_id": session_id}, body={"code": code})


@recipe
def list_session_marks(town: Town) -> Call:
    return Call(town.trainer, {"session_id": over(town)[2]["sessions"][0]["id"]})


@recipe
def set_session_marks(town: Town) -> Call:
    _, entry, made = running(town)
    return Call(town.trainer, {"session_id": made["sessions"][0]["id"]}, body=marks_form(town, entry))


@recipe
def record_class_results(town: Town) -> Call:
    _, entry, made = over(town)
    return Call(town.trainer, {"class_id": made["id"]}, body=results_form(entry))


@recipe
def complete_class(town: Town) -> Call:
    return Call(town.training_officer, **aimed(with_results(town)[1], "class_id"))


@recipe
def export_class_roster(town: Town) -> Call:
    return Call(town.trainer, {"class_id": seated(town)[2]["id"]})


@recipe
def give_class_feedback(town: Town) -> Call:
    person, made = completed(town)
    return Call(person, {"class_id": made["id"]}, body={"score": 5, "words": town.values.words})


@recipe
def get_class_feedback(town: Town) -> Call:
    return Call(town.trainer, {"class_id": completed(town)[1]["id"]})


@recipe
def get_my_training_record(town: Town) -> Call:
    return Call(completed(town)[0])


@recipe
def issue_certificates(town: Town) -> Call:
    return Call(town.training_officer, {"class_id": completed(town)[1]["id"]})


@recipe
def list_class_certificates(town: Town) -> Call:
    return Call(town.trainer, {"class_id": certified(town)[1]["class_id"]})


@recipe
def list_my_certificates(town: Town) -> Call:
    return Call(certified(town)[0])


@recipe
def get_certificate(town: Town) -> Call:
    person, held = certified(town)
    return Call(person, {"certificate_id": held["id"]})


@recipe
def print_certificate(town: Town) -> Call:
    person, held = certified(town)
    return Call(person, {"certificate_id": held["id"]})


@recipe
def revoke_certificate(town: Town) -> Call:
    return Call(town.training_officer, **aimed(certified(town)[1], "certificate_id", reason=town.values.answer))


@recipe
def exchange_certificate(town: Town) -> Call:
    return Call(town.training_officer, **aimed(certified(town)[1], "certificate_id"))


@recipe
def verify_certificate(town: Town) -> Call:
    return Call(path={"number": certified(town)[1]["number"]})


@recipe
def show_verification(town: Town) -> Call:
    return Call(path={"number": certified(town)[1]["number"]})


@recipe
def list_training_subsidies(town: Town) -> Call:
    return Call(town.someone())


@recipe
def get_firm_training_report(town: Town) -> Call:
    group(town)
    return Call(town.firm.owner, {"enterprise_id": town.firm.id}, query=period())


@recipe
def export_firm_training_report(town: Town) -> Call:
    return Call(town.firm.owner, {"enterprise_id": town.firm.id}, query=period())


@recipe
def get_provider_report(town: Town) -> Call:
    return Call(town.training_officer, {"provider_id": provider(town)["id"]}, query=period())


@recipe
def export_provider_report(town: Town) -> Call:
    return Call(town.training_officer, {"provider_id": provider(town)["id"]}, query=period())
