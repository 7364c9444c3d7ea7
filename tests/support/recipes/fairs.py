"""Job fairs: planned, joined, opened, counted, reported."""

from datetime import UTC, datetime, timedelta
from typing import Any

from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.town import Firm, Town


def fair_form(**changes: Any) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    return {
        "title": "宝盖镇现场招聘会", "kind": "onsite", "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=7)).isoformat(), "capacity": 40, "area_ids": [], "description": "不需要简历。",
        "place": {"address": "宝盖镇科技园企业服务中心", "latitude": 24.7236, "longitude": 118.6651, "coord_type": "gcj02"},
        "corridor": None, "school": None,
    } | changes  # fmt: skip


def fair(town: Town, *verbs: str) -> dict[str, Any]:
    """A draft, then moved by these acts in turn."""
    made: dict[str, Any] = town.officer.post_keyed("/fairs", **fair_form())
    for verb in verbs:
        made = town.officer.post(f"/fairs/{made['id']}/{verb}", expected_version=made["version"])
    return made


def office(town: Town, fair: dict[str, Any], **body: Any) -> Call:
    return Call(town.officer, {"fair_id": fair["id"]}, body=body or None)


def asked(town: Town) -> tuple[Firm, dict[str, Any]]:
    """The firm has applied to a published fair."""
    made = fair(town, "publish")
    return town.firm, town.firm.owner.post(f"/fairs/{made['id']}/booths", enterprise_id=town.firm.id)


def invited(town: Town) -> dict[str, Any]:
    made = fair(town, "publish")
    booth: dict[str, Any] = town.officer.post(
        f"/fairs/{made['id']}/invitations", enterprise_id=town.firm.id, number="A01"
    )
    return booth


def at_booth(caller: Caller, booth: dict[str, Any], **body: Any) -> Call:
    path = {"fair_id": booth["fair_id"], "booth_id": booth["id"]}
    return Call(caller, path, body=body | {"expected_version": booth["version"]})


@recipe
def list_fairs(town: Town) -> Call:
    fair(town, "publish")
    return Call(query={"kind": "onsite", "state": "published", "limit": 5})


@recipe
def create_fair(town: Town) -> Call:
    return Call(town.officer, body=fair_form())


@recipe
def get_fair(town: Town) -> Call:
    return Call(path={"fair_id": fair(town, "publish")["id"]})


@recipe
def update_fair(town: Town) -> Call:
    made = fair(town)
    return office(town, made, **fair_form(title="改名的招聘会"), expected_version=made["version"])


@recipe
def publish_fair(town: Town) -> Call:
    made = fair(town)
    return office(town, made, expected_version=made["version"])


@recipe
def start_fair(town: Town) -> Call:
    made = fair(town, "publish")
    return office(town, made, expected_version=made["version"])


@recipe
def end_fair(town: Town) -> Call:
    made = fair(town, "publish", "start")
    return office(town, made, expected_version=made["version"])


@recipe
def cancel_fair(town: Town) -> Call:
    made = fair(town, "publish")
    return office(town, made, reason="受台风影响改期", expected_version=made["version"])


@recipe
def get_fair_board(town: Town) -> Call:
    return Call(path={"fair_id": fair(town, "publish", "start")["id"]})


@recipe
def make_fair_report(town: Town) -> Call:
    made = fair(town, "publish", "start", "end")
    return office(town, made, expected_version=made["version"])


@recipe
def get_fair_report(town: Town) -> Call:
    call = make_fair_report(town)
    town.officer.post(f"/fairs/{call.path['fair_id']}/report", **call.body)
    return Call(town.officer, call.path)


@recipe
def download_fair_report(town: Town) -> Call:
    return get_fair_report(town)


@recipe
def list_fair_booths(town: Town) -> Call:
    _, booth = asked(town)
    return Call(town.officer, {"fair_id": booth["fair_id"]}, {"limit": 5})


@recipe
def apply_for_booth(town: Town) -> Call:
    made = fair(town, "publish")
    return Call(town.firm.owner, {"fair_id": made["id"]}, body={"enterprise_id": town.firm.id})


@recipe
def invite_to_fair(town: Town) -> Call:
    return office(town, fair(town, "publish"), enterprise_id=town.firm.id, number="A01")


@recipe
def confirm_booth(town: Town) -> Call:
    _, booth = asked(town)
    return at_booth(town.officer, booth, number="A01")


@recipe
def decline_booth(town: Town) -> Call:
    _, booth = asked(town)
    return at_booth(town.officer, booth, reason="展位已满，请报名下一场")


@recipe
def renumber_booth(town: Town) -> Call:
    return at_booth(town.officer, invited(town), number="B07")


@recipe
def accept_fair_invitation(town: Town) -> Call:
    return at_booth(town.firm.owner, invited(town))


@recipe
def withdraw_booth(town: Town) -> Call:
    firm, booth = asked(town)
    return at_booth(firm.owner, booth)


@recipe
def list_own_booths(town: Town) -> Call:
    firm, _ = asked(town)
    return Call(firm.owner, {"enterprise_id": firm.id})


@recipe
def list_fair_vacancies(town: Town) -> Call:
    call = choose_fair_vacancies(town)
    town.firm.owner.put(f"/fairs/{call.path['fair_id']}/vacancies", **call.body)
    return Call(path=call.path, query={"limit": 5})


@recipe
def choose_fair_vacancies(town: Town) -> Call:
    call = accept_fair_invitation(town)
    booth = town.firm.owner.post("/fairs/{fair_id}/booths/{booth_id}/accept".format(**call.path), **call.body)
    body = {
        "enterprise_id": town.firm.id, "vacancy_ids": [town.open_vacancy["id"]], "expected_version": booth["version"],
    }  # fmt: skip
    return Call(town.firm.owner, {"fair_id": booth["fair_id"]}, body=body)


@recipe
def get_check_in_code(town: Town) -> Call:
    return Call(town.officer, {"fair_id": fair(town, "publish", "start")["id"]})


@recipe
def check_in_at_fair(town: Town) -> Call:
    call = get_check_in_code(town)
    code = town.officer.get(f"/fairs/{call.path['fair_id']}/check-in-code")["code"]
    return Call(town.registered(), call.path, body={"code": code})


@recipe
def tally_people(town: Town) -> Call:
    return office(town, fair(town, "publish", "start"), people=3)


@recipe
def count_fair_visit(town: Town) -> Call:
    return Call(path={"fair_id": fair(town, "publish")["id"]})
