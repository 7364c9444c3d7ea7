"""Signing in and out, oneself, the console's account, acting for one another."""

import time
import uuid

from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.identity.onbehalf import REPRESENTATION_VERSION
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.town import BIRTH_DATE, Town


@recipe
def wechat_login(town: Town) -> Call:
    return Call(body={"app": "zhipin", "code": town.sandbox.login_code("zhipin", f"路人{uuid.uuid4().hex[:10]}")})


@recipe
def refresh_tokens(town: Town) -> Call:
    return Call(body={"refresh_token": town.someone().login()["refresh_token"]})


@recipe
def logout(town: Town) -> Call:
    return Call(town.someone())


@recipe
def logout_everywhere(town: Town) -> Call:
    return Call(town.someone())


@recipe
def list_my_sessions(town: Town) -> Call:
    return Call(town.someone())


@recipe
def end_my_session(town: Town) -> Call:
    """The older of two, on another phone."""
    person = town.someone()
    person.login()
    other = next(row for row in person.get("/me/sessions") if not row["current"])
    return Call(person, {"session_id": other["id"]})


@recipe
def get_me(town: Town) -> Call:
    return Call(town.someone())


@recipe
def save_my_profile(town: Town) -> Call:
    person = town.someone()
    return Call(person, body=town.profile_form(person))


@recipe
def save_my_id_number(town: Town) -> Call:
    person = town.consent(town.someone(), "id_number")
    version = person.get("/me")["person"]["version"]
    return Call(person, body={"id_number": town.values.id_number, "expected_version": version})


@recipe
def save_my_phone(town: Town) -> Call:
    person = town.someone()
    return Call(person, body={"code": town.sandbox.phone_code("zhipin", person.person, town.values.phone)})


@recipe
def set_my_night_messages(town: Town) -> Call:
    return Call(town.someone(), body={"wanted": True})


@recipe
def list_my_consents(town: Town) -> Call:
    return Call(town.consent(town.someone(), "service"))


@recipe
def give_consent(town: Town) -> Call:
    body = {"policy_version": POLICY_VERSIONS[ConsentPurpose.HEALTH]}
    return Call(town.someone(), {"purpose": "health"}, body=body)


@recipe
def withdraw_consent(town: Town) -> Call:
    return Call(town.consent(town.someone(), "exact_location"), {"purpose": "exact_location"})


@recipe
def export_my_data(town: Town) -> Call:
    return Call(town.application()[0])


@recipe
def delete_my_account(town: Town) -> Call:
    return Call(town.application()[0], body={"confirm": "注销"})


@recipe
def list_my_accesses(town: Town) -> Call:
    person = town.registered()
    town.officer.post(f"/people/{person.person_id}/reveal", fields=["name"], reason="contact")
    return Call(person)


@recipe
def open_console_account(town: Town) -> Call:
    person, _ = town.staff()
    return Call(person, body={"username": f"t{uuid.uuid4().hex[:12]}", "password": town.values.password})


@recipe
def confirm_console_account(town: Town) -> Call:
    person, _, codes = town.console_account()
    return Call(person, body={"totp": codes.now()})


@recipe
def unlock_console_account(town: Town) -> Call:
    return Call(town.console_account()[0])


@recipe
def sign_in_to_console(town: Town) -> Call:
    """With the authenticator's next code, which is within the drift: the present one confirmed the account."""
    person, username, codes = town.console_account()
    person.post("/me/console-account/confirm", totp=codes.now())
    return Call(body={"username": username, "password": town.values.password, "totp": codes.at(time.time() + 30)})


@recipe
def list_representations(town: Town) -> Call:
    return Call(town.offer()[0])


@recipe
def offer_representation(town: Town) -> Call:
    body = {"kind": "relative", "scopes": ["jobs"], "text_version": REPRESENTATION_VERSION}
    return Call(town.someone(), body=body)


@recipe
def accept_representation(town: Town) -> Call:
    _, offered = town.offer()
    return Call(town.someone(), body={"code": offered["code"]})


@recipe
def record_representation(town: Town) -> Call:
    proof = town.paper(town.grid_member, "consent_proof")
    body = {
        "person_id": town.someone().person_id, "scopes": ["jobs"], "text_version": REPRESENTATION_VERSION,
        "method": "signed", "note": town.values.consent, "evidence_file_id": proof,
    }  # fmt: skip
    return Call(town.grid_member, body=body)


@recipe
def revoke_representation(town: Town) -> Call:
    person, _, row = town.relative()
    return Call(person, {"representation_id": row["id"]}, body={"expected_version": row["version"]})


@recipe
def send_own_code(town: Town) -> Call:
    _, agent, row = town.relative()
    return Call(agent, {"representation_id": row["id"]}, body={"operation": "give_consent"})


@recipe
def list_my_own_codes(town: Town) -> Call:
    person, agent, row = town.relative()
    agent.post(f"/representations/{row['id']}/own-codes", operation="give_consent")
    return Call(person)


@recipe
def register_assisted_person(town: Town) -> Call:
    body = {"name": town.values.name, "birth_date": BIRTH_DATE, "phone": town.values.phone}
    return Call(town.grid_member, body=body)


@recipe
def list_my_assisted_acts(town: Town) -> Call:
    person, agent, row = town.relative()
    form = town.profile_form(person)
    answer = agent._http.put("/me/profile", json=form, headers={"X-On-Behalf-Of": row["id"]})
    assert answer.is_success, answer.text
    return Call(person)


@recipe
def undo_assisted_act(town: Town) -> Call:
    call = list_my_assisted_acts(town)
    assert call.caller is not None
    return Call(call.caller, {"act_id": call.caller.get("/me/assisted-acts")[0]["id"]})
