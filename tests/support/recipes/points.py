"""文明积分: own points, rules, activities, claims."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.gigs_offers import aimed
from tests.support.recipes.gigs_orders import plain
from tests.support.recipes.town import Town, photograph

DECISION = {"decided_by": "宝盖镇村民代表会议", "decision": "〔2026〕3号决议", "decided_on": "2026-01-01"}


def rule_form(**changes: Any) -> dict[str, Any]:
    return {
        "code": f"r{uuid.uuid4().hex[:20]}", "text": "拾金不昧，经失主核实", "fact": "claim", "points": 100, "evidence": "optional",
        "confirmed_by": "积分专员", "second_above": None, "source": "测试",
    } | changes  # fmt: skip


def proposed(town: Town, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = town.points_officer.post_keyed("/points/rules", **rule_form(**changes))
    return made


def adopted(town: Town, **changes: Any) -> dict[str, Any]:
    rule = proposed(town, **changes)
    form = DECISION | {"valid_from": "2026-01-01", "valid_to": None, "expected_version": rule["version"]}
    done: dict[str, Any] = town.second_points_officer.post_keyed(f"/points/rules/{rule['id']}/adopt", **form)
    return done


def budget(town: Town) -> dict[str, Any]:
    """This year's, opened once."""
    year = datetime.now(UTC).year
    found = [row for row in town.points_officer.get("/points/budgets")["items"] if row["year"] == year]
    if found:
        return dict(found[0])
    form = DECISION | {"year": year, "points": 10_000_000, "honour_from": 10}
    made: dict[str, Any] = town.points_officer.post_keyed("/points/budgets", **form)
    return made


def claimed(town: Town, **changes: Any) -> tuple[Caller, dict[str, Any]]:
    """Yesterday's good deed: this one is over whatever the hour."""
    person = town.consent(town.someone(), "service")
    yesterday = str(datetime.now(UTC).date() - timedelta(days=1))
    form = {"rule_id": adopted(town, **changes)["id"], "on_day": yesterday, "words": town.values.words}
    return person, person.post_keyed("/me/points/claims", **form)


def reviewed(town: Town, *, approve: bool = True) -> tuple[Caller, dict[str, Any]]:
    budget(town)
    person, claim = claimed(town)
    form = {"approve": approve, "reason": None if approve else town.values.answer, "expected_version": claim["version"]}
    return person, town.points_officer.post_keyed(f"/points/claims/{claim['id']}/review", **form)


def appealed(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, claim = reviewed(town, approve=False)
    form = {"words": town.values.words, "expected_version": claim["version"]}
    return person, person.post_keyed(f"/me/points/claims/{claim['id']}/appeal", **form)


def rich(town: Town) -> Caller:
    """Somebody with a hundred points."""
    return reviewed(town)[0]


def activity_form(**changes: Any) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    return {
        "title": "河岸清洁", "starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=3)).isoformat(),
        "place": "宝盖镇科技园南门", "grid_id": None, "capacity": 30,
    } | changes  # fmt: skip


def activity(town: Town) -> dict[str, Any]:
    made: dict[str, Any] = town.points_officer.post_keyed("/activities", **activity_form())
    return made


def joined(town: Town) -> tuple[Caller, dict[str, Any]]:
    person = town.consent(town.someone(), "service")
    return person, person.post_keyed(f"/activities/{activity(town)['id']}/join")


def over(town: Town) -> tuple[Caller, dict[str, Any]]:
    """Somebody came, and the activity has ended."""
    person, made = joined(town)
    now = datetime.now(UTC).replace(microsecond=0)
    begin, end = (f"{now - timedelta(hours=hours):%Y-%m-%d %H:%M:%S.000000}" for hours in (5, 2))
    town.restock(
        f"UPDATE activity SET starts_at = '{begin}', ends_at = '{end}' WHERE id = '{plain(made['id'])}'"  # noqa: S608  # an id of ours
    )
    return person, made


def hours_form(person: Caller) -> dict[str, Any]:
    return {"hours": [{"person_id": person.person_id, "minutes": 120}]}


@recipe
def get_my_points(town: Town) -> Call:
    return Call(town.someone())


@recipe
def list_my_points_entries(town: Town) -> Call:
    return Call(town.someone(), query={"after_seq": 0, "limit": 5})


@recipe
def get_points_trial_balance(town: Town) -> Call:
    return Call(town.auditor, query={"as_of": 0})


@recipe
def list_points_rules(town: Town) -> Call:
    adopted(town)
    return Call(town.someone(), query={"state": "adopted"})


@recipe
def propose_points_rule(town: Town) -> Call:
    return Call(town.points_officer, body=rule_form())


@recipe
def change_points_rule(town: Town) -> Call:
    rule = proposed(town)
    return Call(town.points_officer, {"rule_id": rule["id"]}, body=rule_form(expected_version=rule["version"]))


@recipe
def adopt_points_rule(town: Town) -> Call:
    return Call(town.second_points_officer, **aimed(proposed(town), "rule_id", **DECISION, valid_from="2026-01-01"))


@recipe
def end_points_rule(town: Town) -> Call:
    return Call(town.points_officer, **aimed(adopted(town), "rule_id"))


@recipe
def list_points_budgets(town: Town) -> Call:
    budget(town)
    return Call(town.auditor)


@recipe
def open_points_budget(town: Town) -> Call:
    year = datetime.now(UTC).year + 1
    town.restock(f"DELETE FROM points_budget WHERE year = {year}")  # noqa: S608  # a number of ours
    return Call(town.points_officer, body=DECISION | {"year": year, "points": 1000})


@recipe
def change_points_budget(town: Town) -> Call:
    return Call(town.points_officer, **aimed(budget(town), "budget_id", **DECISION, points=10_000_000, honour_from=10))


@recipe
def claim_points(town: Town) -> Call:
    person = town.consent(town.someone(), "service")
    file_id = person.upload("拾金不昧.png", photograph(), "points_evidence")["file_id"]
    yesterday = str(datetime.now(UTC).date() - timedelta(days=1))
    form = {"rule_id": adopted(town)["id"], "on_day": yesterday, "words": town.values.words, "file_ids": [file_id]}
    return Call(person, body=form)


@recipe
def list_my_points_claims(town: Town) -> Call:
    return Call(claimed(town)[0], query={"limit": 5})


@recipe
def get_my_points_claim(town: Town) -> Call:
    person, claim = claimed(town)
    return Call(person, {"claim_id": claim["id"]})


@recipe
def withdraw_points_claim(town: Town) -> Call:
    person, claim = claimed(town)
    return Call(person, **aimed(claim, "claim_id"))


@recipe
def appeal_points_claim(town: Town) -> Call:
    person, claim = reviewed(town, approve=False)
    return Call(person, **aimed(claim, "claim_id", words=town.values.words))


@recipe
def list_points_claims(town: Town) -> Call:
    claimed(town)
    return Call(town.points_officer, query={"limit": 5, "state": "submitted"})


@recipe
def review_points_claim(town: Town) -> Call:
    budget(town)
    return Call(town.points_officer, **aimed(claimed(town)[1], "claim_id", approve=True))


@recipe
def answer_points_appeal(town: Town) -> Call:
    claim = appealed(town)[1]
    return Call(town.second_points_officer, **aimed(claim, "claim_id", approve=True, answer=town.values.answer))


@recipe
def reverse_points_claim(town: Town) -> Call:
    return Call(town.second_points_officer, **aimed(reviewed(town)[1], "claim_id", reason=town.values.answer))


@recipe
def list_activities(town: Town) -> Call:
    person, _ = joined(town)
    return Call(person, query={"mine": True, "limit": 5})


@recipe
def announce_activity(town: Town) -> Call:
    return Call(town.points_officer, body=activity_form())


@recipe
def get_activity(town: Town) -> Call:
    person, made = joined(town)
    return Call(person, {"activity_id": made["id"]})


@recipe
def join_activity(town: Town) -> Call:
    return Call(town.consent(town.someone(), "service"), {"activity_id": activity(town)["id"]})


@recipe
def leave_activity(town: Town) -> Call:
    person, made = joined(town)
    return Call(person, {"activity_id": made["id"]})


@recipe
def cancel_activity(town: Town) -> Call:
    return Call(town.points_officer, **aimed(activity(town), "activity_id", reason="台风预警"))


@recipe
def list_activity_people(town: Town) -> Call:
    return Call(town.points_officer, {"activity_id": joined(town)[1]["id"]})


@recipe
def confirm_activity_hours(town: Town) -> Call:
    person, made = over(town)
    return Call(town.points_officer, {"activity_id": made["id"]}, body=hours_form(person))


@recipe
def void_activity_hours(town: Town) -> Call:
    person, made = over(town)
    done = town.points_officer.post_keyed(f"/activities/{made['id']}/hours", **hours_form(person))
    path = {"activity_id": made["id"], "person_id": person.person_id}
    form = {"reason": town.values.answer, "expected_version": done["items"][0]["version"]}
    return Call(town.points_officer, path, body=form)
