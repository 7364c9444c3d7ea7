"""Wages: due, paid, received, argued about, late; publishing blocks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.gigs_offers import aimed
from tests.support.recipes.gigs_orders import plain
from tests.support.recipes.gigs_site import stated
from tests.support.recipes.town import Town


def due(town: Town) -> tuple[Caller, dict[str, Any]]:
    """Hours that both have agreed on, and what is owed for them."""
    person, sheet = stated(town)
    person.post_keyed(f"/me/timesheets/{sheet['id']}/agree", expected_version=sheet["version"])
    (row,) = person.get("/me/settlements")["items"]
    return person, row


def paid(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, row = due(town)
    # The wage period of a shift in ten days has not begun: as if it were this one.
    began(town, row)
    return person, town.firm.owner.post_keyed(f"/settlements/{row['id']}/pay", **payment(row))


def began(town: Town, row: dict[str, Any]) -> None:
    today = datetime.now(UTC).date() - timedelta(days=1)
    town.restock(f"UPDATE settlement SET period_start = '{today}' WHERE id = '{plain(row['id'])}'")  # noqa: S608  # an id of ours


def payment(row: dict[str, Any]) -> dict[str, Any]:
    today = str(datetime.now(UTC).date())
    return {"paid_fen": row["due_fen"], "paid_on": today, "paid_by": "bank", "expected_version": row["version"]}


def overdue(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, row = due(town)
    town.restock(f"UPDATE settlement SET state = 'overdue' WHERE id = '{plain(row['id'])}'")  # noqa: S608  # an id of ours
    return person, row


def deducted(town: Town) -> dict[str, Any]:
    _, row = due(town)
    form = {"fen": 100, "reason": "剪坏裁片", "expected_version": row["version"]}
    done: dict[str, Any] = town.firm.owner.post_keyed(f"/settlements/{row['id']}/deductions", **form)
    return done


@recipe
def list_my_settlements(town: Town) -> Call:
    return Call(due(town)[0], query={"limit": 5})


@recipe
def get_my_settlement(town: Town) -> Call:
    person, row = due(town)
    return Call(person, {"settlement_id": row["id"]})


@recipe
def confirm_wage_received(town: Town) -> Call:
    person, row = paid(town)
    return Call(person, **aimed(row, "settlement_id"))


@recipe
def contest_payment(town: Town) -> Call:
    person, row = paid(town)
    return Call(person, **aimed(row, "settlement_id", words=town.values.words))


@recipe
def mediate_my_wage(town: Town) -> Call:
    person, row = overdue(town)
    return Call(person, **aimed(row, "settlement_id"))


@recipe
def list_settlements(town: Town) -> Call:
    _, row = due(town)
    days = {"from": row["period_start"], "to": row["period_end"]}
    return Call(town.firm.owner, query={"limit": 5, "enterprise_id": town.firm.id, "state": "due"} | days)


@recipe
def get_settlement(town: Town) -> Call:
    return Call(town.firm.owner, {"settlement_id": due(town)[1]["id"]})


@recipe
def export_settlements(town: Town) -> Call:
    _, row = due(town)
    days = {"from": row["period_start"], "to": row["period_end"]}
    return Call(town.firm.owner, {"enterprise_id": town.firm.id}, query=days)


@recipe
def print_my_settlements(town: Town) -> Call:
    person, row = due(town)
    return Call(person, query={"from": row["period_start"], "to": row["period_end"]})


@recipe
def print_settlements(town: Town) -> Call:
    _, row = due(town)
    days = {"from": row["period_start"], "to": row["period_end"]}
    return Call(town.firm.owner, {"enterprise_id": town.firm.id}, query=days)


@recipe
def pay_settlement(town: Town) -> Call:
    _, row = due(town)
    began(town, row)
    return Call(town.firm.owner, {"settlement_id": row["id"]}, body=payment(row))


@recipe
def deduct_from_wage(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(due(town)[1], "settlement_id", fen=100, reason="剪坏裁片"))


@recipe
def remove_deduction(town: Town) -> Call:
    row = deducted(town)
    line = next(line["id"] for line in row["lines"] if line["kind"] == "deduction")
    path = {"settlement_id": row["id"], "line_id": line}
    return Call(town.firm.owner, path, body={"expected_version": row["version"]})


@recipe
def mediate_wage(town: Town) -> Call:
    person, row = paid(town)
    path = f"/me/settlements/{row['id']}/contest"
    contested = person.post_keyed(path, words=town.values.words, expected_version=row["version"])
    return Call(town.firm.owner, **aimed(contested, "settlement_id"))


@recipe
def list_overdue_wages(town: Town) -> Call:
    overdue(town)
    return Call(town.gigs_officer)


@recipe
def list_overdue_settlements(town: Town) -> Call:
    _, row = overdue(town)
    return Call(town.gigs_officer, {"enterprise_id": row["enterprise_id"]})


@recipe
def list_my_overdue_firms(town: Town) -> Call:
    return Call(town.someone())


def block(town: Town, state: str = "proposed") -> dict[str, Any]:
    """As the sweep proposes it, put into a state; the one before is over."""
    _, row = overdue(town)
    firm, now = plain(town.firm.id), "CURRENT_TIMESTAMP"
    town.restock(f"UPDATE publishing_block SET state = 'lifted' WHERE enterprise_id = '{firm}'")  # noqa: S608  # an id of ours
    told = "NULL" if state == "proposed" else now
    town.restock(
        "INSERT INTO publishing_block (id, created_at, updated_at, version, enterprise_id, state, settlements, people, "  # noqa: S608  # ids of ours
        f"overdue_fen, oldest_due_on, notified_at, answer) SELECT id, created_at, updated_at, 1, enterprise_id, '{state}', "
        f"1, 1, due_fen, due_on, {told}, 'x' FROM settlement WHERE id = '{plain(row['id'])}'"
    )
    found = town.gigs_officer.get("/publishing-blocks")
    made: dict[str, Any] = next(one for one in found if one["id"] == row["id"])
    return made


@recipe
def list_publishing_blocks(town: Town) -> Call:
    block(town)
    return Call(town.gigs_officer)


@recipe
def list_firm_publishing_blocks(town: Town) -> Call:
    block(town, "notified")
    return Call(town.firm.owner)


@recipe
def notify_publishing_block(town: Town) -> Call:
    return Call(town.gigs_officer, **aimed(block(town), "block_id"))


@recipe
def answer_publishing_block(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(block(town, "notified"), "block_id", words="客户货款迟到，周五付清"))


@recipe
def decide_publishing_block(town: Town) -> Call:
    return Call(town.gigs_officer, **aimed(block(town, "notified"), "block_id", block=False, because="已安排支付"))


@recipe
def appeal_publishing_block(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(block(town, "in_force"), "block_id", words="已经支付，请解除暂停"))


@recipe
def decide_block_appeal(town: Town) -> Call:
    return Call(town.gigs_officer, **aimed(block(town, "appealed"), "block_id", lift=True, because="已经付清"))
