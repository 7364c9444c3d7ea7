"""“1+N+X” mediation: one case with everybody in it, put back by SQL to where a step needs it; the rest made anew."""

import weakref
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from demo import steps
from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.town import Town

_rooms: "weakref.WeakKeyDictionary[Town, Room]" = weakref.WeakKeyDictionary()


@dataclass
class Room:
    """A case at the table: who claims, the firm's owner, its manager and mediator, the mediator's seat."""

    town: Town
    worker: Caller
    owner: Caller
    case_id: str
    seat_id: str

    @property
    def path(self) -> str:
        return f"/cases/{self.case_id}"

    def at(self, state: str, **columns: str) -> "Room":
        """As if it had just come there."""
        values = {"state": f"'{state}'", "extension_days": "NULL", "level": "'manager'"} | columns
        put = ", ".join(f"{name} = {value}" for name, value in values.items())
        self.town.restock(f"UPDATE dispute_case SET {put} WHERE number = '{self.number}'")  # noqa: S608  # ours
        return self

    def no_agreement(self) -> "Room":
        """What was being signed or kept is history."""
        self.town.restock("UPDATE case_agreement SET state = 'replaced' WHERE state IN ('signing', 'effective')")
        return self

    @property
    def number(self) -> str:
        return str(self.seen["number"])

    @property
    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = self.worker.get(self.path)
        return found

    @property
    def version(self) -> int:
        return int(self.seen["version"])

    def party(self, side: str) -> str:
        return next(str(one["id"]) for one in self.seen["parties"] if one["side"] == side)


def at_row(name: str, row: dict[str, Any]) -> dict[str, str]:
    return {name: str(row["id"])}


def today() -> date:
    return datetime.now(UTC).date()


def settle(town: Town, caller: Caller) -> Caller:
    """Stays for the whole run."""
    if caller in town._passing:
        town._passing.remove(caller)
        town._residents.append(caller)
    return caller


def worker(town: Town) -> Caller:
    person = town.consent(town.someone(), "service", "dispute")
    person.put("/me/profile", **town.profile_form(person))
    return person


def case_form(town: Town, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "wages", "respondent": {"kind": "enterprise", "enterprise_id": town.firm.id}, "claim": town.values.words,
        "claim_fen": 420_000, "statement": town.values.words, "known_on": str(today() - timedelta(days=20)),
    } | changes  # fmt: skip


def submitted(town: Town, **changes: Any) -> tuple[Caller, dict[str, Any]]:
    person = worker(town)
    return person, person.post_keyed("/cases", **case_form(town, **changes))


def step(by: Caller, case: dict[str, Any], verb: str, **more: Any) -> dict[str, Any]:
    done: dict[str, Any] = by.post_keyed(f"/cases/{case['id']}/{verb}", expected_version=case["version"], **more)
    return done


def taken(town: Town, **changes: Any) -> tuple[Caller, dict[str, Any]]:
    person, case = submitted(town, **changes)
    return person, step(town.case_manager, case, "take")


def screened(town: Town, **changes: Any) -> tuple[Caller, dict[str, Any]]:
    person, case = taken(town, **changes)
    return person, step(town.case_manager, case, "screen", cause="unpaid")


def invited(town: Town, room: Room, person: Caller | None = None, body: str = "union") -> tuple[Caller, dict[str, Any]]:
    """Somebody new in office, invited as a member."""
    who = person or town.staff()[0]
    form = {"person_id": who.person_id, "role": "member", "body": body, "expected_version": room.version}
    return who, town.case_manager.post_keyed(f"{room.path}/seats", **form)


def room(town: Town) -> Room:
    if town not in _rooms:
        person, case = screened(town)
        manager, owner = town.case_manager, town.firm.owner
        case = step(manager, case, "accept", mediation_body="people")
        case = step(manager, case, "ask-consent")
        owner.post_keyed(f"/cases/{case['id']}/consent", agree=True)
        made = Room(town, settle(town, person), owner, case["id"], "")
        form = {
            "person_id": town.mediator.person_id,
            "role": "mediator",
            "body": "mediators",
            "expected_version": made.version,
        }
        seat = manager.post_keyed(f"{made.path}/seats", **form)
        town.mediator.post_keyed(f"/case-seats/{seat['id']}/answer", answer="accept", expected_version=seat["version"])
        for who in (person, owner):
            who.post_keyed(f"/case-seats/{seat['id']}/vote", agree=True)
        made.seat_id = seat["id"]
        step(manager, {"id": case["id"], "version": made.version}, "begin")
        _rooms[town] = made
    return _rooms[town]


def managed(town: Town, state: str, verb: str, **body: Any) -> Call:
    here = room(town).at(state)
    return Call(
        town.case_manager, at_row("case_id", {"id": here.case_id}), body={"expected_version": here.version} | body
    )


def in_room(town: Town, caller: Caller | None = None, state: str = "mediating", **body: Any) -> Call:
    here = room(town).at(state)
    return Call(caller or here.worker, at_row("case_id", {"id": here.case_id}), body=body or None)


@recipe
def submit_case(town: Town) -> Call:
    return Call(worker(town), body=case_form(town))


@recipe
def submit_firm_case(town: Town) -> Call:
    area = town.firm.owner.get("/areas")[1]["id"]
    form = case_form(town, kind="village_enterprise", respondent={"kind": "village", "area_id": area})
    return Call(town.firm.owner, {"enterprise_id": town.firm.id}, body=form)


@recipe
def record_case(town: Town) -> Call:
    teller = {"kind": "outsider", "name": town.values.name, "phone": town.values.phone}
    return Call(town.case_manager, body=case_form(town, channel="phone", complainant=teller))


@recipe
def list_cases(town: Town) -> Call:
    return Call(room(town).worker, query={"with_total": True})


@recipe
def list_case_desk(town: Town) -> Call:
    submitted(town)
    return Call(town.case_manager)


@recipe
def get_case(town: Town) -> Call:
    return in_room(town)


@recipe
def list_case_deadlines(town: Town) -> Call:
    return in_room(town)


@recipe
def list_case_events(town: Town) -> Call:
    return in_room(town)


@recipe
def list_dispute_policies(town: Town) -> Call:
    return Call(room(town).worker)


@recipe
def list_case_notes(town: Town) -> Call:
    return in_room(town, town.case_manager)


@recipe
def add_case_note(town: Town) -> Call:
    return in_room(town, town.mediator, words=town.values.words)


@recipe
def print_inspection_file(town: Town) -> Call:
    return in_room(town)


@recipe
def export_case_volume(town: Town) -> Call:
    return in_room(town, town.case_manager)


@recipe
def take_case(town: Town) -> Call:
    _, case = submitted(town)
    return Call(town.case_manager, at_row("case_id", case), body={"expected_version": case["version"]})


@recipe
def assign_case_manager(town: Town) -> Call:
    _, case = taken(town)
    other = town.someone()
    steps.appoint(town.admin, other, "case_manager", "town", None)
    form = {"person_id": other.person_id, "reason": town.values.words, "expected_version": case["version"]}
    return Call(town.case_manager, at_row("case_id", case), body=form)


@recipe
def screen_case(town: Town) -> Call:
    return managed(town, "submitted", "screen", cause="unpaid")


@recipe
def advise_out_case(town: Town) -> Call:
    return managed(town, "screened", "advise-out", reason=town.values.words, routes=["inspection"])


@recipe
def accept_case(town: Town) -> Call:
    return managed(town, "screened", "accept", mediation_body="people")


@recipe
def ask_case_consent(town: Town) -> Call:
    return managed(town, "accepted", "ask-consent")


@recipe
def change_case_kind(town: Town) -> Call:
    call = managed(town, "accepted", "kind", kind="platform_work", reason=town.values.words)
    room(town).at("accepted", kind="'wages'")
    return call


@recipe
def update_case_facts(town: Town) -> Call:
    facts = {
        "area_id": None,
        "grid_id": None,
        "known_on": None,
        "employed": True,
        "employment_ended_on": None,
        "injured": False,
    }
    return managed(town, "mediating", "facts", **facts)


@recipe
def add_case_party(town: Town) -> Call:
    other = {"kind": "outsider", "name": town.values.name, "phone": None}
    _, case = taken(town)
    form = {"side": "respondent", "party": other, "claim": None, "claim_fen": None, "expected_version": case["version"]}
    return Call(town.case_manager, at_row("case_id", case), body=form)


@recipe
def absorb_cases(town: Town) -> Call:
    _, first = screened(town)
    _, second = screened(town)
    form = {"case_ids": [second["id"]], "expected_version": first["version"]}
    return Call(town.case_manager, at_row("case_id", first), body=form)


@recipe
def record_interruption(town: Town) -> Call:
    return managed(town, "mediating", "interruptions", ground="promise", on=str(today() - timedelta(days=3)))


@recipe
def reveal_case_contacts(town: Town) -> Call:
    return in_room(town, town.case_manager)


@recipe
def say_case_consent(town: Town) -> Call:
    _, case = screened(town)
    case = step(town.case_manager, case, "accept", mediation_body="people")
    step(town.case_manager, case, "ask-consent")
    return Call(town.firm.owner, at_row("case_id", case), body={"agree": True})


@recipe
def withdraw_case(town: Town) -> Call:
    person, case = submitted(town)
    return Call(person, at_row("case_id", case), body={"expected_version": case["version"]})


@recipe
def leave_case(town: Town) -> Call:
    person, first = screened(town)
    _, second = screened(town)
    step(town.case_manager, first, "absorb", case_ids=[second["id"]])
    return Call(person, at_row("case_id", first), body={"separate": True})


@recipe
def list_case_statements(town: Town) -> Call:
    return in_room(town)


@recipe
def add_case_statement(town: Town) -> Call:
    return in_room(town, words=town.values.words, release=True)


@recipe
def release_case_statement(town: Town) -> Call:
    here = room(town).at("mediating")
    made = here.worker.post_keyed(f"{here.path}/statements", words=town.values.words)
    return Call(here.worker, at_row("statement_id", made))


def shown(town: Town) -> tuple[Room, dict[str, Any]]:
    here = room(town).at("mediating")
    file_id = town.paper(here.worker, "case_evidence")
    return here, here.worker.post_keyed(f"{here.path}/evidence", file_id=file_id, about=town.values.words)


@recipe
def list_case_evidence(town: Town) -> Call:
    shown(town)
    return in_room(town)


@recipe
def add_case_evidence(town: Town) -> Call:
    file_id = town.paper(room(town).worker, "case_evidence")
    return in_room(town, file_id=file_id, about=town.values.words)


@recipe
def release_case_evidence(town: Town) -> Call:
    here, made = shown(town)
    return Call(here.worker, at_row("evidence_id", made))


def agent_form(town: Town) -> dict[str, Any]:
    return {"kind": "agent", "person_id": town.someone().person_id, "may_concede": True}


@recipe
def appoint_case_representative(town: Town) -> Call:
    person, case = submitted(town)
    return Call(person, at_row("case_id", case), body=agent_form(town))


@recipe
def dismiss_case_representative(town: Town) -> Call:
    person, case = submitted(town)
    made = person.post_keyed(f"/cases/{case['id']}/representatives", **agent_form(town))
    return Call(person, at_row("representative_id", made))


@recipe
def rate_case(town: Town) -> Call:
    return in_room(town, state="performed", score=5, words=town.values.words)


@recipe
def propose_seats(town: Town) -> Call:
    return in_room(town, town.case_manager)


@recipe
def list_case_seats(town: Town) -> Call:
    return in_room(town)


@recipe
def invite_to_seat(town: Town) -> Call:
    return managed(town, "mediating", "seats", person_id=town.staff()[0].person_id, role="member", body="union")


@recipe
def list_my_case_invitations(town: Town) -> Call:
    return Call(invited(town, room(town).at("mediating"))[0])


@recipe
def answer_seat(town: Town) -> Call:
    who, seat = invited(town, room(town).at("mediating"))
    form = {"answer": "decline", "reason": town.values.words, "expected_version": seat["version"]}
    return Call(who, at_row("seat_id", seat), body=form)


@recipe
def vote_on_seat(town: Town) -> Call:
    here = room(town).at("mediating")
    _, seat = invited(town, here, worker(town), "expert")
    return Call(here.worker, at_row("seat_id", seat), body={"agree": True})


@recipe
def replace_seat(town: Town) -> Call:
    _, seat = invited(town, room(town).at("mediating"))
    form = {"reason": town.values.words, "expected_version": seat["version"]}
    return Call(town.case_manager, at_row("seat_id", seat), body=form)


@recipe
def begin_mediation(town: Town) -> Call:
    return managed(town, "mediator_proposed", "begin")


@recipe
def suspend_case(town: Town) -> Call:
    return managed(town, "mediating", "suspend", reason=town.values.words)


@recipe
def resume_case(town: Town) -> Call:
    return managed(town, "suspended", "resume")


@recipe
def ask_for_extension(town: Town) -> Call:
    return managed(town, "mediating", "extension", days=10, reason=town.values.words)


@recipe
def vote_on_extension(town: Town) -> Call:
    here = room(town).at("mediating")
    asked = {"days": 10, "reason": town.values.words, "expected_version": here.version}
    town.case_manager.post_keyed(f"{here.path}/extension", **asked)
    return Call(here.worker, at_row("case_id", {"id": here.case_id}), body={"agree": True})


@recipe
def escalate_case(town: Town) -> Call:
    return managed(town, "mediating", "escalate", reason=town.values.words)


@recipe
def end_case(town: Town) -> Call:
    return managed(town, "mediating", "end", end_reason="far_apart", reason=town.values.words)


@recipe
def follow_up_case(town: Town) -> Call:
    return managed(town, "ended", "follow-up", reason=town.values.words)


@recipe
def close_case(town: Town) -> Call:
    return managed(town, "follow_up", "close")


def arranged(town: Town) -> tuple[Room, dict[str, Any]]:
    here = room(town).at("mediating")
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    form = {
        "starts_at": start.isoformat(),
        "mode": "onsite",
        "place": "科技园邻里中心调解室",
        "expected_version": here.version,
    }
    made = town.case_manager.post_keyed(f"{here.path}/sessions", **form)
    return here, made


@recipe
def list_mediation_sessions(town: Town) -> Call:
    return in_room(town)


@recipe
def arrange_mediation_session(town: Town) -> Call:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    return managed(town, "mediating", "sessions", starts_at=start.isoformat(), mode="call", place="电话会议")


def minutes_form(town: Town, here: Room, version: int) -> dict[str, Any]:
    parties = [here.party("complainant"), here.party("respondent")]
    return {
        "minutes": town.values.words, "present_parties": parties, "present_seats": [here.seat_id], "expected_version": version,
    }  # fmt: skip


def begun(town: Town) -> tuple[Room, dict[str, Any]]:
    here, made = arranged(town)
    town.restock("UPDATE mediation_session SET starts_at = '2026-01-05 02:00:00+00:00' WHERE state = 'scheduled'")
    return here, made


@recipe
def record_minutes(town: Town) -> Call:
    here, made = begun(town)
    return Call(town.case_manager, at_row("session_id", made), body=minutes_form(town, here, made["version"]))


@recipe
def confirm_minutes(town: Town) -> Call:
    here, made = begun(town)
    path = f"/mediation-sessions/{made['id']}/minutes"
    town.case_manager.post_keyed(path, **minutes_form(town, here, made["version"]))
    return Call(here.worker, at_row("session_id", made), body={"confirm": False, "objection": town.values.words})


@recipe
def cancel_mediation_session(town: Town) -> Call:
    _, made = arranged(town)
    return Call(town.case_manager, at_row("session_id", made), body={"expected_version": made["version"]})


def draft_form(town: Town, here: Room) -> dict[str, Any]:
    words = town.values.words
    term = {
        "party_id": here.party("respondent"), "to_party_id": here.party("complainant"), "what": words, "amount_fen": 420_000,
        "due_on": str(today() + timedelta(days=10)),
    }  # fmt: skip
    return {
        "form": "written", "facts": words, "responsibility": words, "content": words, "manner": words, "terms": [term],
        "expected_version": here.version,
    }  # fmt: skip


def drafted(town: Town) -> tuple[Room, dict[str, Any]]:
    here = room(town).no_agreement().at("mediating")
    return here, town.mediator.post_keyed(f"{here.path}/agreements", **draft_form(town, here))


def effective(town: Town) -> tuple[Room, dict[str, Any]]:
    here, made = drafted(town)
    path = f"/case-agreements/{made['id']}/sign"
    for who, signer in (
        (here.worker, "party"),
        (here.owner, "party"),
        (town.mediator, "mediator"),
        (town.case_manager, "seal"),
    ):
        made = who.post_keyed(path, **{"as": signer, "expected_version": made["version"]})
    return here, made


@recipe
def list_case_agreements(town: Town) -> Call:
    drafted(town)
    return in_room(town, state="agreed_written")


@recipe
def draft_agreement(town: Town) -> Call:
    here = room(town).no_agreement().at("mediating")
    return Call(town.mediator, at_row("case_id", {"id": here.case_id}), body=draft_form(town, here))


@recipe
def sign_agreement(town: Town) -> Call:
    here, made = drafted(town)
    return Call(here.worker, at_row("agreement_id", made), body={"as": "party", "expected_version": made["version"]})


@recipe
def print_agreement(town: Town) -> Call:
    here, made = drafted(town)
    return Call(here.worker, at_row("agreement_id", made))


@recipe
def register_term_done(town: Town) -> Call:
    here, made = effective(town)
    term = made["terms"][0]
    form = {"done_on": str(today() - timedelta(days=1)), "expected_version": term["version"]}
    return Call(here.worker, at_row("term_id", term), body=form)


@recipe
def register_term_not_done(town: Town) -> Call:
    here, made = effective(town)
    town.restock("UPDATE agreement_term SET due_on = '2026-01-05' WHERE state = 'due'")
    term = made["terms"][0]
    return Call(here.worker, at_row("term_id", term), body={"expected_version": term["version"]})


@recipe
def apply_for_confirmation(town: Town) -> Call:
    _, made = effective(town)
    return Call(town.case_manager, at_row("agreement_id", made), body={"expected_version": made["version"]})


@recipe
def decide_confirmation(town: Town) -> Call:
    _, made = effective(town)
    path = f"/case-agreements/{made['id']}/confirmation"
    made = town.case_manager.post_keyed(path, expected_version=made["version"])
    form = {"confirmed": True, "court": town.values.words, "expected_version": made["version"]}
    return Call(town.case_manager, at_row("agreement_id", made), body=form)


def days() -> dict[str, str]:
    return {"first": str(today() - timedelta(days=30)), "last": str(today())}


@recipe
def get_dispute_figures(town: Town) -> Call:
    return Call(town.case_manager, query=days())


def conference_form() -> dict[str, Any]:
    return {"title": "第四季度联席会议", "held_on": str(today()), "own": ["冬季用工"], **days()}


def prepared(town: Town) -> dict[str, Any]:
    made: dict[str, Any] = town.case_manager.post_keyed("/conferences", **conference_form())
    return made


@recipe
def prepare_conference(town: Town) -> Call:
    return Call(town.case_manager, body=conference_form())


@recipe
def list_conferences(town: Town) -> Call:
    prepared(town)
    return Call(town.case_manager)


@recipe
def get_conference(town: Town) -> Call:
    return Call(town.case_manager, at_row("conference_id", prepared(town)))


@recipe
def hold_conference(town: Town) -> Call:
    made = prepared(town)
    resolution = {
        "words": "开展专项检查",
        "responsible": "公共服务办公室",
        "due_on": str(today() + timedelta(days=9)),
    }
    form = {"resolutions": [resolution], "reported_to": None, "reported_on": None, "expected_version": made["version"]}
    return Call(town.case_manager, at_row("conference_id", made), body=form)
