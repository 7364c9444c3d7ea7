"""Workers register, hand papers to the office, scan a firm's code; the firm's list and blocks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.town import Town

CODE = "61101.01"
POINT = {"latitude": 24.7402, "longitude": 118.658, "coord_type": "gcj02"}
WEEK = [{"weekday": 0, "start_minute": 480, "end_minute": 1020}]


def form(**changes: Any) -> dict[str, Any]:
    return {"skills": [{"process_code": CODE, "level": 3}], "wanted_minutes_week": 1800, "urgent": True} | changes


def worker(town: Town) -> tuple[Caller, dict[str, Any]]:
    """With name and birth date; the home sealed."""
    person = town.consent(town.someone(app="linggong"), "service", "exact_location", "health")
    person.put("/me/profile", **town.profile_form(person))
    return person, person.put("/me/worker-profile", **form(home=POINT))


def minor(town: Town) -> tuple[Caller, dict[str, Any]]:
    """Sixteen, without papers so far."""
    person = town.consent(town.someone(app="linggong"), "service", "health")
    born = datetime.now(UTC).date() - timedelta(days=16 * 366)
    person.put("/me/profile", **town.profile_form(person, birth_date=str(born)))
    return person, person.put("/me/worker-profile", **form())


def minor_papers(town: Town) -> str:
    """Handed in; returns the id of the registration, as the office's task names it."""
    person, row = minor(town)
    papers = {
        "registration_file_id": town.paper(person, "minor_paper"),
        "health_file_id": town.paper(person, "minor_paper"),
    }
    person.put("/me/minor-papers", **papers, expected_version=row["version"])
    return newest(town, "minor_confirm")


def newest(town: Town, kind: str) -> str:
    return str(town.gigs_officer.get("/tasks", kind=kind, limit=1)["items"][0]["subject_id"])


def proof(town: Town) -> str:
    person, row = worker(town)
    body = {"file_id": town.paper(person, "skill_proof"), "expected_version": row["skills"][0]["version"]}
    person.post_keyed(f"/me/worker-skills/{CODE}/proof", **body)
    return newest(town, "skill_proof")


def member(town: Town) -> Caller:
    """On the list of the firm that hires for ever."""
    person, _ = worker(town)
    person.post_keyed("/me/rosters", code=screen(town))
    return person


def screen(town: Town) -> str:
    return str(town.firm.owner.get(f"/enterprises/{town.firm.id}/roster-code")["code"])


def blocked(town: Town) -> str:
    person = member(town)
    made = town.firm.owner.post_keyed(
        f"/enterprises/{town.firm.id}/worker-blocks", person_id=person.person_id, reason=town.values.note
    )
    return str(made["id"])


def of_firm(town: Town, **path: str) -> dict[str, str]:
    return {"enterprise_id": town.firm.id} | path


@recipe
def get_my_worker_profile(town: Town) -> Call:
    return Call(worker(town)[0])


@recipe
def save_my_worker_profile(town: Town) -> Call:
    person, row = worker(town)
    return Call(person, body=form(home=POINT, reach_m=3000, expected_version=row["version"]))


@recipe
def save_my_availability(town: Town) -> Call:
    person, row = worker(town)
    anchors = [POINT | {"weekday": 0, "minute": 990}]
    return Call(person, body={"windows": WEEK, "days": [], "anchors": anchors, "expected_version": row["version"]})


@recipe
def save_my_worker_relations(town: Town) -> Call:
    person, row = worker(town)
    lists = {"favourites": [town.firm.id], "blocks": [], "hidden_from": []}
    return Call(person, body=lists | {"expected_version": row["version"]})


@recipe
def submit_skill_proof(town: Town) -> Call:
    person, row = worker(town)
    body = {"file_id": town.paper(person, "skill_proof"), "expected_version": row["skills"][0]["version"]}
    return Call(person, {"process_code": CODE}, body=body)


@recipe
def submit_minor_papers(town: Town) -> Call:
    person, row = minor(town)
    papers = {
        "registration_file_id": town.paper(person, "minor_paper"),
        "health_file_id": town.paper(person, "minor_paper"),
    }
    return Call(person, body=papers | {"expected_version": row["version"]})


@recipe
def get_skill_proof(town: Town) -> Call:
    return Call(town.gigs_officer, {"skill_id": proof(town)})


@recipe
def decide_skill_proof(town: Town) -> Call:
    body = {"approve": True, "proof": "certificate", "level": 3, "expected_version": 2}
    return Call(town.gigs_officer, {"skill_id": proof(town)}, body=body)


@recipe
def get_minor_papers(town: Town) -> Call:
    return Call(town.gigs_officer, {"worker_id": minor_papers(town)})


@recipe
def decide_minor_papers(town: Town) -> Call:
    until = datetime.now(UTC).date() + timedelta(days=300)
    body = {"approve": True, "ready_until": str(until), "expected_version": 2}
    return Call(town.gigs_officer, {"worker_id": minor_papers(town)}, body=body)


@recipe
def list_my_rosters(town: Town) -> Call:
    return Call(member(town))


@recipe
def join_roster(town: Town) -> Call:
    return Call(worker(town)[0], body={"code": screen(town)})


@recipe
def leave_roster(town: Town) -> Call:
    return Call(member(town), of_firm(town))


@recipe
def get_roster_code(town: Town) -> Call:
    return Call(town.firm.owner, of_firm(town))


@recipe
def list_roster_members(town: Town) -> Call:
    assert member(town)
    return Call(town.firm.owner, of_firm(town), query={"limit": 5})


@recipe
def favour_roster_member(town: Town) -> Call:
    path = of_firm(town, person_id=member(town).person_id)
    return Call(town.firm.owner, path, body={"favourite": True, "expected_version": 1})


@recipe
def remove_roster_member(town: Town) -> Call:
    return Call(town.firm.owner, of_firm(town, person_id=member(town).person_id))


@recipe
def vouch_for_skill(town: Town) -> Call:
    path = of_firm(town, person_id=member(town).person_id, process_code=CODE)
    return Call(town.firm.owner, path, body={"level": 4, "expected_version": 1})


@recipe
def list_worker_blocks(town: Town) -> Call:
    assert blocked(town)
    return Call(town.firm.owner, of_firm(town))


@recipe
def block_worker(town: Town) -> Call:
    body = {"person_id": member(town).person_id, "reason": town.values.note}
    return Call(town.firm.owner, of_firm(town), body=body)


@recipe
def lift_worker_block(town: Town) -> Call:
    return Call(town.firm.owner, of_firm(town, block_id=blocked(town)))


@recipe
def list_flagged_worker_blocks(town: Town) -> Call:
    return Call(town.gigs_officer)


@recipe
def review_worker_block(town: Town) -> Call:
    """Somebody of the list is blocked right after a wage claim."""
    person = member(town)
    # Claims are made by settlements, which take days to fall due.
    town.restock(
        "INSERT INTO wage_claim (id, created_at, enterprise_id, person_id) SELECT id, created_at, enterprise_id, person_id "
        "FROM roster_member WHERE left_at IS NULL AND id NOT IN (SELECT id FROM wage_claim)"
    )
    path = f"/enterprises/{town.firm.id}/worker-blocks"
    made = town.firm.owner.post_keyed(path, person_id=person.person_id, reason=town.values.note)
    body = {"lift": True, "note": town.values.note, "expected_version": made["version"]}
    return Call(town.gigs_officer, {"block_id": made["id"]}, body=body)
