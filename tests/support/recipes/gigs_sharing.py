"""共享用工: drafted, offered, answered, ended; each person's own yes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.clock import CHINA
from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.gigs_offers import aimed
from tests.support.recipes.gigs_orders import plain
from tests.support.recipes.gigs_profiles import CODE, member
from tests.support.recipes.town import Town, document


def day(days: int) -> str:
    return str((datetime.now(UTC).astimezone(CHINA) + timedelta(days=days)).date())


def other_firm(town: Town) -> str:
    found: list[dict[str, Any]] = town.firm.owner.get("/enterprises", name="卡宾")
    return str(found[0]["id"])


def form(town: Town) -> tuple[Caller, dict[str, Any]]:
    person = member(town)
    papers = [town.firm.owner.upload("协议.pdf", document(), "sharing_paper")["file_id"] for _ in range(2)]
    return person, {
        "borrower_id": other_firm(town), "starts_on": day(1), "ends_on": day(30), "process_code": CODE,
        "terms": "工资由原单位按原标准发放", "firms_file_id": papers[0], "workers_file_id": papers[1],
        "person_ids": [person.person_id],
    }  # fmt: skip


def drafted(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, body = form(town)
    return person, town.firm.owner.post_keyed(f"/enterprises/{town.firm.id}/sharing-agreements", **body)


def offered(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, row = drafted(town)
    path = f"/sharing-agreements/{row['id']}/offer"
    return person, town.firm.owner.post_keyed(path, expected_version=row["version"])


@recipe
def create_sharing(town: Town) -> Call:
    return Call(town.firm.owner, {"enterprise_id": town.firm.id}, body=form(town)[1])


@recipe
def list_sharing(town: Town) -> Call:
    drafted(town)
    return Call(town.firm.owner)


@recipe
def offer_sharing(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(drafted(town)[1], "agreement_id"))


@recipe
def answer_sharing(town: Town) -> Call:
    """As if it had been offered to the firm of the caller."""
    _, row = offered(town)
    town.restock(
        f"UPDATE sharing_agreement SET lender_id = borrower_id, borrower_id = '{plain(town.firm.id)}' "  # noqa: S608  # ids of ours
        f"WHERE id = '{plain(row['id'])}'"
    )
    return Call(town.firm.owner, **aimed(row, "agreement_id", accept=True))


@recipe
def end_sharing(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(offered(town)[1], "agreement_id"))


@recipe
def list_my_sharing(town: Town) -> Call:
    return Call(offered(town)[0])


@recipe
def consent_to_sharing(town: Town) -> Call:
    person, row = offered(town)
    return Call(person, {"agreement_id": row["id"]})


@recipe
def withdraw_sharing_consent(town: Town) -> Call:
    person, row = offered(town)
    person.post(f"/me/sharing-agreements/{row['id']}/consent")
    return Call(person, {"agreement_id": row["id"]})
