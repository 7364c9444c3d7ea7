"""Seats: claimed, offered, waited for, confirmed, given up, missed; what counts of it and what both sides say."""

from typing import Any

from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.gigs_orders import order, plain, stretch
from tests.support.recipes.gigs_profiles import member, worker
from tests.support.recipes.town import Town


def open_shift(town: Town, *, heads: int = 2) -> dict[str, Any]:
    shift: dict[str, Any] = order(town, stretch(heads=heads))["shifts"][0]
    return shift


def seat(town: Town, shift: dict[str, Any] | None = None) -> tuple[Caller, dict[str, Any]]:
    """Somebody with a seat of a shift of their own."""
    person, _ = worker(town)
    made: dict[str, Any] = person.post_keyed(f"/shifts/{(shift or open_shift(town))['id']}/claims")
    return person, made


def set_seat(town: Town, made: dict[str, Any], values: str) -> None:
    town.restock(f"UPDATE assignment SET {values} WHERE id = '{plain(made['id'])}'")  # noqa: S608  # an id of ours


def offer(town: Town) -> tuple[Caller, dict[str, Any]]:
    """Somebody stood in line and was asked when the seat fell free."""
    shift = open_shift(town, heads=1)
    first, made = seat(town, shift)
    person, _ = worker(town)
    person.post_keyed(f"/shifts/{shift['id']}/waiting")
    first.post_keyed(f"/me/assignments/{made['id']}/leave", expected_version=made["version"])
    return person, town.await_(lambda: person.get("/me/shift-offers")["items"])[0]


def in_line(town: Town) -> tuple[Caller, dict[str, Any]]:
    shift = open_shift(town, heads=1)
    seat(town, shift)
    person, _ = worker(town)
    person.post_keyed(f"/shifts/{shift['id']}/waiting")
    return person, shift


def missed(town: Town) -> tuple[Caller, dict[str, Any]]:
    """Who did not turn up, and the record of it."""
    person, made = seat(town)
    set_seat(town, made, "state = 'confirmed', starts_at = accepted_at")
    town.firm.owner.post_keyed(f"/assignments/{made['id']}/no-show", expected_version=made["version"])
    (record,) = person.get("/me/no-shows")
    return person, record


def appealed(town: Town) -> dict[str, Any]:
    person, record = missed(town)
    form = {"words": town.values.words, "expected_version": record["version"]}
    done: dict[str, Any] = person.post_keyed(f"/me/no-shows/{record['id']}/appeal", **form)
    return done


def aimed(row: dict[str, Any], name: str = "assignment_id", **more: Any) -> dict[str, Any]:
    return {"path": {name: row["id"]}, "body": {"expected_version": row["version"]} | more}


@recipe
def list_my_shift_offers(town: Town) -> Call:
    return Call(offer(town)[0], query={"limit": 5})


@recipe
def get_my_shift_offer(town: Town) -> Call:
    person, row = offer(town)
    return Call(person, {"offer_id": row["id"]})


@recipe
def accept_shift_offer(town: Town) -> Call:
    person, row = offer(town)
    return Call(person, **aimed(row, "offer_id"))


@recipe
def decline_shift_offer(town: Town) -> Call:
    person, row = offer(town)
    return Call(person, **aimed(row, "offer_id"))


@recipe
def claim_shift(town: Town) -> Call:
    return Call(worker(town)[0], {"shift_id": open_shift(town)["id"]})


@recipe
def join_waiting(town: Town) -> Call:
    shift = open_shift(town, heads=1)
    seat(town, shift)
    return Call(worker(town)[0], {"shift_id": shift["id"]})


@recipe
def leave_waiting(town: Town) -> Call:
    person, shift = in_line(town)
    return Call(person, {"shift_id": shift["id"]})


@recipe
def list_my_waiting(town: Town) -> Call:
    return Call(in_line(town)[0])


@recipe
def list_my_assignments(town: Town) -> Call:
    return Call(seat(town)[0], query={"limit": 5, "upcoming": True})


@recipe
def get_my_assignment(town: Town) -> Call:
    person, row = seat(town)
    return Call(person, {"assignment_id": row["id"]})


@recipe
def confirm_assignment(town: Town) -> Call:
    person, row = seat(town)
    # Begins now, as far as the window of the confirmation is concerned.
    set_seat(town, row, "starts_at = accepted_at")
    return Call(person, **aimed(row))


@recipe
def leave_assignment(town: Town) -> Call:
    person, row = seat(town)
    return Call(person, **aimed(row, excuse="illness"))


@recipe
def list_shift_people(town: Town) -> Call:
    shift = open_shift(town)
    seat(town, shift)
    return Call(town.firm.owner, {"shift_id": shift["id"]})


@recipe
def invite_to_shift(town: Town) -> Call:
    person = member(town)
    return Call(town.firm.owner, {"shift_id": open_shift(town)["id"]}, body={"person_id": person.person_id})


@recipe
def begin_urgent(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(open_shift(town), "shift_id"))


@recipe
def call_off_assignment(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(seat(town)[1], reason=town.values.note))


@recipe
def mark_no_show(town: Town) -> Call:
    _, row = seat(town)
    set_seat(town, row, "state = 'confirmed', starts_at = accepted_at")
    return Call(town.firm.owner, **aimed(row))


@recipe
def list_my_no_shows(town: Town) -> Call:
    return Call(missed(town)[0])


@recipe
def appeal_no_show(town: Town) -> Call:
    person, record = missed(town)
    return Call(person, **aimed(record, "no_show_id", words=town.values.words))


@recipe
def list_no_show_appeals(town: Town) -> Call:
    appealed(town)
    return Call(town.gigs_officer, query={"limit": 5})


@recipe
def decide_no_show(town: Town) -> Call:
    return Call(town.gigs_officer, **aimed(appealed(town), "no_show_id", uphold=False, decision=town.values.answer))


@recipe
def get_my_standing(town: Town) -> Call:
    return Call(missed(town)[0])


@recipe
def rate_firm(town: Town) -> Call:
    person, row = seat(town)
    set_seat(town, row, "state = 'done'")
    return Call(person, {"assignment_id": row["id"]}, body={"stars": 5})


@recipe
def rate_worker(town: Town) -> Call:
    _, row = seat(town)
    set_seat(town, row, "state = 'done'")
    return Call(town.firm.owner, {"assignment_id": row["id"]}, body={"stars": 5})
