"""Vacancies, seekers, applications, the minimum wage."""

from datetime import UTC, datetime, timedelta
from typing import Any

from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.sheets import filled_sheet
from tests.support.recipes.town import Town

HELD = "平车缝制，SBX_REVIEW"


@recipe
def list_vacancies(town: Town) -> Call:
    return Call(query={"q": "平车", "with_total": "true", "enterprise_id": town.open_vacancy["enterprise_id"]})


@recipe
def create_vacancy(town: Town) -> Call:
    return Call(town.firm.owner, body=town.vacancy_form())


@recipe
def lint_vacancy(town: Town) -> Call:
    body = {"enterprise_id": town.firm.id, "title": "平车工", "requirements": "限女，35岁以下，押金300元"}
    return Call(town.firm.owner, body=body)


@recipe
def get_vacancy(town: Town) -> Call:
    return Call(path={"vacancy_id": town.open_vacancy["id"]})


@recipe
def update_vacancy(town: Town) -> Call:
    row = town.vacancy()
    body = {k: v for k, v in town.vacancy_form().items() if k != "enterprise_id"}
    return Call(town.firm.owner, {"vacancy_id": row["id"]}, body=body | {"expected_version": row["version"]})


@recipe
def list_enterprise_vacancies(town: Town) -> Call:
    firm = town.draft_firm()
    return Call(firm.owner, {"enterprise_id": firm.id})


@recipe
def pause_vacancy(town: Town) -> Call:
    row = town.vacancy()
    return Call(town.firm.owner, {"vacancy_id": row["id"]}, body={"expected_version": row["version"]})


@recipe
def resume_vacancy(town: Town) -> Call:
    call = pause_vacancy(town)
    row = town.firm.owner.post(f"/vacancies/{call.path['vacancy_id']}/pause", **call.body)
    return Call(town.firm.owner, call.path, body={"expected_version": row["version"]})


@recipe
def withdraw_vacancy(town: Town) -> Call:
    return pause_vacancy(town)


@recipe
def approve_vacancy(town: Town) -> Call:
    row = town.vacancy(duties=HELD)
    return Call(town.officer, {"vacancy_id": row["id"]}, body={"note": "核对无误", "expected_version": row["version"]})


@recipe
def return_vacancy(town: Town) -> Call:
    return approve_vacancy(town)


@recipe
def get_my_seeker_profile(town: Town) -> Call:
    return Call(town.registered())


@recipe
def save_my_seeker_profile(town: Town) -> Call:
    person = town.consent(town.someone(), "service", "exact_location")
    home = {"address": town.values.address, "latitude": 24.7402, "longitude": 118.658, "coord_type": "gcj02"}
    wanted = [town.open_vacancy["occupation_code"]]
    body = {"wanted": wanted, "wish_pay_unit": "month", "wish_pay_fen": 600000, "home": home, "machines": ["平车"]}
    return Call(person, body=body)


@recipe
def recommend_vacancies(town: Town) -> Call:
    return Call(town.registered(), query={"limit": 5})


@recipe
def apply_to_vacancy(town: Town) -> Call:
    seeker = town.registered()
    seeker.give_phone(town.values.phone)
    return Call(seeker, body={"vacancy_id": town.open_vacancy["id"], "release_contact": True})


@recipe
def list_my_applications(town: Town) -> Call:
    return Call(town.application()[0], query={"limit": 5})


@recipe
def get_my_application(town: Town) -> Call:
    seeker, row = town.application()
    return Call(seeker, {"application_id": row["id"]})


@recipe
def withdraw_application(town: Town) -> Call:
    seeker, row = town.application()
    return Call(seeker, {"application_id": row["id"]}, body={"expected_version": row["version"]})


@recipe
def revoke_contact(town: Town) -> Call:
    return withdraw_application(town)


@recipe
def accept_offer(town: Town) -> Call:
    seeker, row = town.application()
    row = town.firm.owner.post_keyed(
        f"/applications/{row['id']}/steps", state="offered", expected_version=row["version"]
    )
    return Call(seeker, {"application_id": row["id"]}, body={"expected_version": row["version"]})


@recipe
def decline_offer(town: Town) -> Call:
    call = accept_offer(town)
    return Call(call.caller, call.path, body=call.body | {"reason": "distance"})


@recipe
def list_candidates(town: Town) -> Call:
    town.application()
    return Call(town.firm.owner, {"vacancy_id": town.open_vacancy["id"]})


@recipe
def move_application(town: Town) -> Call:
    _, row = town.application()
    body = {"state": "rejected", "reason": "experience", "expected_version": row["version"]}
    return Call(town.firm.owner, {"application_id": row["id"]}, body=body)


@recipe
def list_minimum_wages(town: Town) -> Call:
    return Call(town.officer)


@recipe
def confirm_minimum_wage(town: Town) -> Call:
    town.restock("UPDATE minimum_wage_row SET verified_by = NULL")
    row = town.officer.get("/minimum-wages")[0]
    body = {"monthly_fen": 196000, "hourly_fen": 1850, "source": "闽政〔2021〕号文件第二档"}
    return Call(town.officer, {"wage_id": row["id"]}, body=body | {"expected_version": row["version"]})


def taken_down(town: Town, *, appealed: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """A posting that the office took down, and the take-down."""
    row = town.vacancy()
    form = {"rule_id": "deposit", "evidence": town.values.note, "expected_version": row["version"]}
    town.officer.post(f"/vacancies/{row['id']}/take-down", **form)
    made = town.firm.owner.get(f"/vacancies/{row['id']}/take-downs")[0]
    if appealed:
        path = f"/vacancies/{row['id']}/appeal"
        made = town.firm.owner.post(path, text=town.values.words, expected_version=made["version"])
    return row, made


@recipe
def take_down_vacancy(town: Town) -> Call:
    row = town.vacancy()
    body = {"rule_id": "deposit", "evidence": town.values.note, "expected_version": row["version"]}
    return Call(town.officer, {"vacancy_id": row["id"]}, body=body)


@recipe
def list_vacancy_takedowns(town: Town) -> Call:
    row, _ = taken_down(town)
    return Call(town.firm.owner, {"vacancy_id": row["id"]})


@recipe
def appeal_takedown(town: Town) -> Call:
    row, made = taken_down(town)
    body = {"text": town.values.words, "expected_version": made["version"]}
    return Call(town.firm.owner, {"vacancy_id": row["id"]}, body=body)


@recipe
def decide_takedown_appeal(town: Town) -> Call:
    row, made = taken_down(town, appealed=True)
    body = {"overturn": True, "text": town.values.answer, "expected_version": made["version"]}
    return Call(town.second_officer, {"vacancy_id": row["id"]}, body=body)


@recipe
def mark_sample_fine(town: Town) -> Call:
    """About one posting in ten is drawn; here every one is."""
    town.restock("UPDATE posting_policy_row SET value = 1 WHERE key = 'sample_one_in'")
    row = town.vacancy()
    town.restock("UPDATE posting_policy_row SET value = 10 WHERE key = 'sample_one_in'")
    return Call(town.officer, {"vacancy_id": row["id"]}, body={"note": "核对无误", "expected_version": row["version"]})


@recipe
def get_vacancy_findings(town: Town) -> Call:
    return Call(town.officer, {"vacancy_id": town.open_vacancy["id"]})


@recipe
def list_posting_rules(town: Town) -> Call:
    return Call(town.officer)


@recipe
def list_posting_terms(town: Town) -> Call:
    return Call(town.officer, query={"rule_id": "hype", "limit": 5})


@recipe
def list_posting_changes(town: Town) -> Call:
    return Call(town.officer, query={"limit": 5})


def _later() -> str:
    """Far enough ahead to stay out of the way of every other call."""
    return str((datetime.now(UTC) + timedelta(days=300)).date())


@recipe
def propose_posting_rule(town: Town) -> Call:
    body = {
        "rule_id": f"made_up_{town.serial()}", "severity": "warn", "title": "测试规则", "law": "《测试规则》", "article": "第一条",
        "mend": "请删去“{quote}”", "effective_from": _later(), "source": "招聘专员会商记录",
    }  # fmt: skip
    return Call(town.officer, body=body)


@recipe
def propose_posting_term(town: Town) -> Call:
    body = {
        "rule_id": "hype", "pattern": f"龙眼树计划{town.serial()}", "unless": [], "effective_from": _later(),
        "source": "招聘专员会商记录",
    }  # fmt: skip
    return Call(town.officer, body=body)


@recipe
def decide_posting_change(town: Town) -> Call:
    call = propose_posting_term(town)
    row = town.officer.post("/posting-terms", **call.body)
    return Call(
        town.second_officer, {"change_id": row["id"]}, body={"confirm": True, "expected_version": row["version"]}
    )


def _end(town: Town, call: Call, what: str) -> Call:
    """Of a row made for it, so that no rule in force ends."""
    change = town.officer.post(f"/posting-{what}", **call.body)
    path = f"/posting-changes/{change['id']}/decide"
    town.second_officer.post(path, confirm=True, expected_version=change["version"])
    query = {"rule_id": "hype", "limit": 100} if what == "terms" else {}
    found = town.officer.get(f"/posting-{what}", **query)
    rows = found["items"] if what == "terms" else found
    name = "pattern" if what == "terms" else "rule_id"
    row = next(row for row in rows if row[name] == call.body[name])
    return Call(town.officer, body={"target_id": row["id"], "effective_to": _later(), "source": "不再需要"})


@recipe
def propose_end_of_posting_rule(town: Town) -> Call:
    return _end(town, propose_posting_rule(town), "rules")


@recipe
def propose_end_of_posting_term(town: Town) -> Call:
    return _end(town, propose_posting_term(town), "terms")


@recipe
def get_vacancy_import_template(town: Town) -> Call:
    return Call(town.firm.owner)


def _import(town: Town) -> Call:
    """By a firm of its own: one import of a firm runs at a time."""
    firm = town.approved_firm()
    content = filled_sheet(town.vacancy_form(), "到厂门口找门卫登记")
    file_id = firm.owner.upload("岗位.xlsx", content, "vacancy_import")["file_id"]
    return Call(firm.owner, {"enterprise_id": firm.id}, body={"file_id": file_id, "submit": False})


@recipe
def start_vacancy_import(town: Town) -> Call:
    return _import(town)


def _started(town: Town) -> tuple[Caller, dict[str, Any]]:
    call = _import(town)
    assert call.caller is not None
    return call.caller, call.caller.post_keyed(
        f"/enterprises/{call.path['enterprise_id']}/vacancy-imports", **call.body
    )


@recipe
def list_vacancy_imports(town: Town) -> Call:
    owner, row = _started(town)
    return Call(owner, {"enterprise_id": row["enterprise_id"]})


@recipe
def get_vacancy_import(town: Town) -> Call:
    owner, row = _started(town)
    return Call(owner, {"import_id": row["id"]})


@recipe
def list_vacancy_import_rows(town: Town) -> Call:
    owner, row = _started(town)
    town.await_(lambda: owner.get(f"/vacancy-imports/{row['id']}")["finished_at"])
    return Call(owner, {"import_id": row["id"]}, query={"limit": 5})


@recipe
def cancel_vacancy_import(town: Town) -> Call:
    """Not begun yet, however fast the worker is: it has been put off."""
    owner, row = _started(town)
    town.await_(lambda: owner.get(f"/vacancy-imports/{row['id']}")["finished_at"])
    town.restock("UPDATE vacancy_import SET state = 'running', finished_at = NULL WHERE state = 'done'")
    return Call(owner, {"import_id": row["id"]})


@recipe
def export_enterprise_vacancies(town: Town) -> Call:
    town.open_vacancy  # noqa: B018  # makes it
    return Call(town.firm.owner, {"enterprise_id": town.firm.id})


@recipe
def export_candidates(town: Town) -> Call:
    town.application()
    return Call(town.firm.owner, {"vacancy_id": town.open_vacancy["id"]})
