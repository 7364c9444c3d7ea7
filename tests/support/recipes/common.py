"""What all domains share: configuration, notices, tasks, files, reports, share codes, WeChat's pushes."""

import json
import secrets
import time
import uuid
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from app.core.settings import SANDBOX_APPS, SANDBOX_PUSH
from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.town import METRICS_TOKEN, Town
from wechat_sandbox import pushcrypto


@recipe
def livez(town: Town) -> Call:
    return Call()


@recipe
def readyz(town: Town) -> Call:
    return Call()


@recipe
def get_metrics(town: Town) -> Call:
    return Call(headers={"Authorization": f"Bearer {METRICS_TOKEN}"})


@recipe
def get_config(town: Town) -> Call:
    return Call(query={"app": "zhipin"})


@recipe
def get_policy(town: Town) -> Call:
    return Call(path={"purpose": "service"})


@recipe
def get_dictionary(town: Town) -> Call:
    return Call()


@recipe
def get_code_table(town: Town) -> Call:
    return Call(path={"code_table": "division"}, query={"parent": "350500"})


@recipe
def find_occupation(town: Town) -> Call:
    return Call(query={"q": "平车"})


def _told(town: Town) -> tuple[Caller, dict[str, Any]]:
    """Somebody with a notice."""
    seeker, row = town.application()
    form = {"state": "interview", "expected_version": row["version"]}
    town.firm.owner.post_keyed(f"/applications/{row['id']}/steps", **form)
    return seeker, seeker.get("/me/notices")["items"][0]


@recipe
def list_my_notices(town: Town) -> Call:
    return Call(_told(town)[0], query={"unread": "true", "limit": 5})


@recipe
def mark_notice_read(town: Town) -> Call:
    person, notice = _told(town)
    return Call(person, {"notice_id": notice["id"]})


@recipe
def list_my_subscriptions(town: Town) -> Call:
    return Call(town.someone(), query={"app": "zhipin"})


def _call(town: Town) -> dict[str, Any]:
    """A message that reached its person by no other way."""
    seeker, row = town.application(awake=True)
    form = {"state": "interview", "expected_version": row["version"]}
    town.firm.owner.post_keyed(f"/applications/{row['id']}/steps", **form)

    def look() -> Any:
        rows = town.officer.get("/calls", limit=100)["items"]
        return next((call for call in rows if call["person_id"] == seeker.person_id), None)

    found: dict[str, Any] = town.await_(look)
    return found


@recipe
def list_calls(town: Town) -> Call:
    _call(town)
    return Call(town.officer, query={"limit": 5})


@recipe
def close_call(town: Town) -> Call:
    row = _call(town)
    return Call(town.officer, {"call_id": row["id"]}, body={"reached": True, "expected_version": row["version"]})


@recipe
def list_tasks(town: Town) -> Call:
    return Call(town.officer, query={"kind": "wage_unverified", "limit": 5})


@recipe
def finish_task(town: Town) -> Call:
    pushed(town, {"Event": "wxa_punish_event", "illegal_url": "pages/index"})

    def look() -> Any:
        return town.admin.get("/tasks", kind="wechat_punished")["items"]

    row = town.await_(look)[0]
    body = {"note": town.values.note, "expected_version": row["version"]}
    return Call(town.admin, {"task_id": row["id"]}, body=body)


@recipe
def upload_file(town: Town) -> Call:
    return Call(town.someone(), file=("paper.png", town.photograph, "evidence"))


def _file(town: Town) -> tuple[Caller, dict[str, Any]]:
    person = town.someone()
    return person, person.upload(town.paper_name, town.document, "evidence")


@recipe
def get_file(town: Town) -> Call:
    person, file = _file(town)
    return Call(person, {"file_id": file["file_id"]})


@recipe
def discard_file(town: Town) -> Call:
    return get_file(town)


@recipe
def get_file_content(town: Town) -> Call:
    _, file = _file(town)
    return Call(path={"file_id": file["file_id"]}, query=dict(parse_qsl(urlsplit(file["url"]).query)))


def _held_name(town: Town) -> str:
    """A name that WeChat wants a person to look at."""
    person = town.someone()
    marked = f"{town.values.name}SBX_REVIEW{uuid.uuid4().hex[:8]}"
    person.put("/me/profile", **town.profile_form(person, name=marked))
    return person.person_id


@recipe
def list_content_reviews(town: Town) -> Call:
    _held_name(town)
    return Call(town.officer, query={"limit": 5})


@recipe
def decide_content_review(town: Town) -> Call:
    author = _held_name(town)
    rows = town.officer.get("/content-reviews", limit=100)["items"]
    row = next(row for row in rows if row["subject_id"] == author)
    body = {"approve": False, "note": town.values.note, "expected_version": row["version"]}
    return Call(town.officer, {"review_id": row["id"]}, body=body)


@recipe
def submit_report(town: Town) -> Call:
    person, file = _file(town)
    body = {
        "subject_kind": "vacancy", "subject_id": town.vacancy()["id"], "reason": "fee", "text": town.values.words,
        "file_ids": [file["file_id"]],
    }  # fmt: skip
    return Call(person, body=body)


def _report(town: Town) -> tuple[Caller, dict[str, Any]]:
    call = submit_report(town)
    assert call.caller is not None
    return call.caller, call.caller.post_keyed("/reports", **call.body)


@recipe
def list_my_reports(town: Town) -> Call:
    return Call(_report(town)[0], query={"limit": 5})


@recipe
def list_reports(town: Town) -> Call:
    _report(town)
    return Call(town.officer, query={"state": "submitted", "limit": 5})


@recipe
def take_report(town: Town) -> Call:
    _, row = _report(town)
    return Call(town.officer, {"report_id": row["id"]}, body={"expected_version": row["version"]})


@recipe
def decide_report(town: Town) -> Call:
    _, row = _report(town)
    body = {"uphold": False, "reply": town.values.answer, "expected_version": row["version"]}
    return Call(town.officer, {"report_id": row["id"]}, body=body)


@recipe
def create_share_code(town: Town) -> Call:
    body = {"kind": "vacancy", "target_id": town.open_vacancy["id"], "app": "zhipin"}
    return Call(town.someone(), body=body)


def _share(town: Town) -> tuple[Caller, str]:
    call = create_share_code(town)
    assert call.caller is not None
    return call.caller, call.caller.post("/share-codes", **call.body)["code"]


@recipe
def list_my_share_codes(town: Town) -> Call:
    return Call(_share(town)[0])


@recipe
def read_share_code(town: Town) -> Call:
    return Call(path={"code": _share(town)[1]})


@recipe
def get_share_qrcode(town: Town) -> Call:
    person, code = _share(town)
    return Call(person, {"code": code})


def _signed() -> dict[str, str]:
    token, _ = SANDBOX_PUSH["zhipin"]
    timestamp, nonce = str(int(time.time())), secrets.token_hex(5)
    return {
        "timestamp": timestamp,
        "nonce": nonce,
        "signature": pushcrypto.signature(token, timestamp, nonce),
    }


@recipe
def check_push_address(town: Town) -> Call:
    return Call(path={"app": "zhipin"}, query=_signed() | {"echostr": "3141592653"})


def push_call(event: dict[str, Any]) -> Call:
    """As WeChat sends it in safe mode: sealed for one mini-program, signed over everything."""
    token, aes_key = SANDBOX_PUSH["zhipin"]
    message = {
        "ToUserName": "gh_baogai", "FromUserName": f"o{secrets.token_hex(10)}", "CreateTime": int(time.time()),
        "MsgType": "event",
    } | event  # fmt: skip
    sealed = pushcrypto.seal(aes_key, SANDBOX_APPS["zhipin"][0], json.dumps(message).encode(), secrets.token_bytes(16))
    query = _signed()
    query["msg_signature"] = pushcrypto.signature(token, query["timestamp"], query["nonce"], sealed)
    return Call(path={"app": "zhipin"}, query=query, body={"ToUserName": "gh_baogai", "Encrypt": sealed})


def pushed(town: Town, event: dict[str, Any]) -> None:
    call = push_call(event)
    person = town.someone()
    answer = person._http.post("/wechat/push/zhipin", params=call.query, json=call.body)
    assert answer.text == "success", answer.text


@recipe
def receive_push(town: Town) -> Call:
    return push_call({"Event": "user_authorization_revoke", "RevokeInfo": "301", "OpenID": f"o{secrets.token_hex(10)}"})
