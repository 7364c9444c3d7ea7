"""Areas, grids, the roster, liaison; firms from registration to suspension, and who belongs to them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from demo import steps
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.town import Firm, Town

LANDLINE = "0595-88000000"


@recipe
def list_areas(town: Town) -> Call:
    return Call()


@recipe
def list_grids(town: Town) -> Call:
    return Call(town.officer)


@recipe
def complete_grid(town: Town) -> Call:
    row = town.admin.get("/grids")[0]
    leader = town.admin.get("/roster")[0]["id"]
    body = {"name": "塘后村第一网格", "leader_id": leader, "expected_version": row["version"]}
    return Call(town.admin, {"grid_id": row["id"]}, body=body)


@recipe
def list_party_organisations(town: Town) -> Call:
    return Call(town.officer)


@recipe
def complete_secretary_phone(town: Town) -> Call:
    row = town.admin.get("/party-organisations")[0]
    body = {"phone": LANDLINE, "expected_version": row["version"]}
    return Call(town.admin, {"party_organisation_id": row["id"]}, body=body)


@recipe
def list_roster(town: Town) -> Call:
    return Call(town.officer)


@recipe
def list_liaison_links(town: Town) -> Call:
    return Call(town.officer, query={"state": "unknown"})


@recipe
def confirm_liaison_link(town: Town) -> Call:
    """Fourteen cells of the printed list are blank."""
    if len(town.admin.get("/liaison-links", state="unknown")) < 2:
        town.restock("UPDATE liaison_link SET state = 'unknown', roster_person_id = NULL WHERE state = 'confirmed'")
    row = town.admin.get("/liaison-links", state="unknown")[0]
    body = {"roster_person_id": row["suggested_id"], "expected_version": row["version"]}
    return Call(town.admin, {"link_id": row["id"]}, body=body)


@recipe
def find_enterprises(town: Town) -> Call:
    return Call(town.someone(), query={"name": "服装"})


@recipe
def register_enterprise(town: Town) -> Call:
    person = town.someone()
    return Call(person, body=town.firm_form(**town.papers(person)))


@recipe
def get_enterprise(town: Town) -> Call:
    return Call(town.firm.owner, {"enterprise_id": town.firm.id})


@recipe
def change_enterprise(town: Town) -> Call:
    firm = town.draft_firm()
    body = town.firm_form(expected_version=firm.version)
    return Call(firm.owner, {"enterprise_id": firm.id}, body=body)


@recipe
def save_enterprise_licence(town: Town) -> Call:
    firm = town.draft_firm(kind="agency")
    ends = str((datetime.now(UTC) + timedelta(days=400)).date())
    body = {"number": "350581000001", "valid_to": ends, "file_id": town.paper(firm.owner, "agency_licence")}
    return Call(firm.owner, {"enterprise_id": firm.id, "kind": "hr_service"}, body=body)


def _by_owner(firm: Firm) -> Call:
    return Call(firm.owner, {"enterprise_id": firm.id}, body={"expected_version": firm.version})


def _by_officer(town: Town, firm: Firm, **more: Any) -> Call:
    return Call(town.officer, {"enterprise_id": firm.id}, body={"expected_version": firm.version} | more)


@recipe
def submit_enterprise(town: Town) -> Call:
    return _by_owner(town.draft_firm(complete=True))


@recipe
def approve_enterprise(town: Town) -> Call:
    return _by_officer(town, town.submitted_firm(), how="counter")


@recipe
def return_enterprise(town: Town) -> Call:
    return _by_officer(town, town.submitted_firm(), reason="营业执照名称与登记不符")


@recipe
def confirm_enterprise_papers(town: Town) -> Call:
    return _by_officer(town, town.approved_firm())


@recipe
def claim_enterprise(town: Town) -> Call:
    person = town.someone()
    firm = person.get("/enterprises", name=steps.FIRM)[0]
    body = {
        "uscc": steps.fictional_credit_code(), "note": town.values.note, "role": "recruiter",
        "licence_file_id": town.paper(person, "licence"),
    }  # fmt: skip
    return Call(person, {"enterprise_id": firm["id"]}, body=body)


@recipe
def list_enterprise_claims(town: Town) -> Call:
    return Call(town.claim()[0], query={"state": "submitted"})


@recipe
def approve_enterprise_claim(town: Town) -> Call:
    _, claim = town.claim()
    body = {"how": "upload", "expected_version": claim["version"]}
    return Call(town.officer, {"claim_id": claim["id"]}, body=body)


@recipe
def return_enterprise_claim(town: Town) -> Call:
    _, claim = town.claim()
    body = {"reason": "请携带原件到窗口", "expected_version": claim["version"]}
    return Call(town.officer, {"claim_id": claim["id"]}, body=body)


@recipe
def suspend_enterprise(town: Town) -> Call:
    files = [town.paper(town.officer, "evidence")]
    basis = "网络招聘服务管理规定：发布虚假招聘信息"
    return _by_officer(town, town.approved_firm(), basis=basis, evidence=town.values.words, file_ids=files)


@recipe
def list_enterprise_suspensions(town: Town) -> Call:
    firm, _ = town.suspension()
    return Call(firm.owner, {"enterprise_id": firm.id})


@recipe
def appeal_suspension(town: Town) -> Call:
    firm, row = town.suspension()
    body = {"text": town.values.words, "expected_version": row["version"]}
    return Call(firm.owner, {"suspension_id": row["id"]}, body=body)


@recipe
def lift_suspension(town: Town) -> Call:
    _, row = town.suspension(appealed=True)
    body = {"text": town.values.answer, "expected_version": row["version"]}
    return Call(town.second_officer, {"suspension_id": row["id"]}, body=body)


@recipe
def uphold_suspension(town: Town) -> Call:
    return lift_suspension(town)


@recipe
def list_members(town: Town) -> Call:
    return Call(town.firm.owner, {"enterprise_id": town.firm.id})


@recipe
def invite_member(town: Town) -> Call:
    return Call(town.firm.owner, {"enterprise_id": town.firm.id}, body={"role": "dispatcher"})


def _invited(town: Town, firm: Firm) -> str:
    code: str = firm.owner.post(f"/enterprises/{firm.id}/invites", role="recruiter")["code"]
    return code


@recipe
def join_enterprise(town: Town) -> Call:
    return Call(town.someone(), body={"code": _invited(town, town.firm)})


@recipe
def remove_member(town: Town) -> Call:
    firm = town.draft_firm()
    town.someone().post("/enterprise-invites/claims", code=_invited(town, firm))
    row = next(row for row in firm.owner.get(f"/enterprises/{firm.id}/members") if row["role"] == "recruiter")
    path = {"enterprise_id": firm.id, "appointment_id": row["appointment_id"]}
    return Call(firm.owner, path, body={"expected_version": row["version"]})
