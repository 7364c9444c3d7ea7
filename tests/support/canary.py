"""Every operation with marked values: its good call, and calls that are refused for every reason there is."""

import json
import re
from collections import defaultdict
from dataclasses import replace
from typing import Any

import httpx

from app.core.settings import SANDBOX_APPS, SANDBOX_PUSH
from tests.support.api import NOBODY
from tests.support.recipes import RECIPES, Call, Operation, Town, Values, operations_of, send
from tests.support.recipes.town import BIRTH_DATE
from wechat_sandbox.config import DEFAULT_APPS
from wechat_sandbox.state import openid_of, unionid_of

# Of what comes in hundreds so many are looked for: some early, some late.
AT_MOST = 12
# Which answers hand out what for one pair of eyes, and which requests carry a code.
GIVEN = (
    (r"/auth/(wechat/login|refresh|console/sign-in)$", ("access_token", "refresh_token", "device_token")),
    (r"/claim-codes$", ("claim_code",)),
    (r"/(representations|invites)$", ("code",)),
    (r"/me/console-account$", ("secret", "otpauth_uri")),
)
ASKED = ((r"/auth/wechat/login$", "code"), (r"/me/phone$", "code"))


class Listener:
    """Hears every answer: what was handed out in confidence, and what the refusals said."""

    def __init__(self) -> None:
        self.confided: defaultdict[str, list[str]] = defaultdict(list)
        self.refusals: dict[str, bytes] = {}
        self.heard = 0

    def hear(self, response: httpx.Response) -> None:
        response.read()
        self.heard += 1
        request, path = response.request, response.request.url.path
        if response.status_code >= 400:
            where = f"{request.method} {path} {response.status_code}"
            self.refusals[where] = response.content + repr(dict(response.headers)).encode()
            return
        for pattern, names in GIVEN:
            if re.search(pattern, path) and request.method == "POST":
                told = response.json()
                self._note(path, {name: told.get(name) for name in names})
        for pattern, name in ASKED:
            if re.search(pattern, path):
                self._note(path, {name: json.loads(request.content).get(name)})

    def _note(self, path: str, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if value:
                self.confided[f"{path.rsplit('/', 1)[1]}.{name}"].append(value)


def some(values: list[str]) -> list[str]:
    """Spread over the whole run."""
    return values[:: max(len(values) // AT_MOST, 1)]


def spoiled(values: Values, operation: Operation, call: Call) -> list[Call]:
    """Refused for shape, for a row that is not there, for a query, for the token; each with values of a person in it."""
    calls = []
    if operation.method == "GET":
        calls.append(
            replace(call, query=call.query | {"cursor": values.phone, "limit": values.name, "q": values.address})
        )
    if call.path:
        words = (values.phone, values.name, NOBODY)
        calls += [replace(call, path=dict.fromkeys(call.path, word)) for word in words]
    if isinstance(call.body, dict):
        calls.append(replace(call, body=dict.fromkeys(call.body, values.address) | {"expected_version": values.phone}))
        calls.append(
            replace(call, body=call.body | {"surplus": values.name, "expected_version": {"x": values.id_number}})
        )
        calls.append(replace(call, body=[values.words, values.password]))
    if call.caller is not None:
        calls.append(replace(call, headers={"Authorization": f"Bearer {values.id_number}"}))
    return calls


def malformed(town: Town, operation: Operation, call: Call) -> httpx.Response:
    """JSON that breaks off in the middle of somebody's name."""
    path = operation.path.format(**dict.fromkeys(re.findall(r"{(\w+)}", operation.path), NOBODY))
    body = f'{{"name": "{town.values.name}", "id_number": "{town.values.id_number}'.encode()
    headers = call.token | {"Content-Type": "application/json", "Idempotency-Key": town.values.phone}
    return httpx.request(operation.method, town.url + path, content=body, headers=headers, timeout=30)


def exercise(town: Town, document: dict[str, Any], listener: Listener, *, half: int) -> list[str]:
    """What did not succeed, or broke. Every operation succeeds here; `half` of them are refused here in every way, the
    other half on the other database.
    """
    wrong = []
    # Which have no recipe yet, test_fuzz.py tells.
    for number, operation in enumerate(one for one in operations_of(document) if one.name in RECIPES):
        call = RECIPES[operation.name](town)
        refusing = number % 2 == half
        answers = [send(town.url, operation, bad) for bad in spoiled(town.values, operation, call)] if refusing else []
        if refusing and call.body is not None:
            answers.append(malformed(town, operation, call))
        good = send(town.url, operation, call)
        # What is used up, ended or made already.
        again = send(town.url, operation, call)
        for answer in (*answers, good, again):
            listener.hear(answer)
            if answer.status_code >= 500:
                wrong.append(f"{operation.name}：{answer.text}")
        if good.status_code != operation.succeeds_with:
            wrong.append(f"{operation.name}：{good.status_code} {good.text}")
        town.send_home()
    return wrong


def hidden_values(town: Town, listener: Listener) -> list[tuple[str, str]]:
    """What may stand nowhere at all: sealed, hashed, or never kept."""
    values = town.values
    handed = town.sandbox.get("/_sbx/secrets")
    found = [
        ("姓名", values.name), ("手机号", values.phone), ("身份证号", values.id_number), ("住址", values.address),
        ("出生日期", BIRTH_DATE), ("经办人", values.handler), ("密码", values.password), ("举报和申诉的话", values.words),
        ("答复", values.answer), ("代办说明", values.consent),
    ]  # fmt: skip
    for kind, told in {**listener.confided, "session_key": handed["session_keys"]}.items():
        found += [(kind, value) for value in some(told)]
    found += [("微信令牌", value) for value in handed["access_tokens"]]
    found += [(f"{app}密钥", secret) for app, (_, secret) in SANDBOX_APPS.items()]
    return found + [(f"{app}推送", secret) for app, pair in SANDBOX_PUSH.items() for secret in pair]


def quiet_values(town: Town) -> list[tuple[str, str]]:
    """What stands in the database by design, and in no log, refusal or figure."""
    account = DEFAULT_APPS[0].open_account
    people = town.people[:: max(len(town.people) // AT_MOST, 1)]
    found = [("工作人员的备注", town.values.note)]
    found += [("openid", openid_of(SANDBOX_APPS[app][0], name)) for app, name in people]
    return found + [("unionid", unionid_of(account, name)) for _, name in people]
