"""A mini-program's view of the service: login codes from the sandbox, JSON over HTTP, nothing else."""

import uuid
from functools import cache
from typing import Any

import httpx

from demo.stack import SANDBOX_KEY

# Below the five seconds after which a server hangs up: a connection must not be closed while a request is on its way.
_LIMITS = httpx.Limits(keepalive_expiry=2)
# Reading the list of certificate authorities takes 40 ms: once for all callers.
_tls = cache(httpx.create_ssl_context)


class Refused(Exception):  # noqa: N818  # an answer, told as a story
    """The service said no: `status` and the error body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body.get('code')}：{body.get('message')}")
        self.status = status
        self.body = body


class Sandbox:
    """The control side of the WeChat sandbox: what WeChat's own servers and phones would do."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"X-Sandbox-Key": SANDBOX_KEY},
            timeout=10,
            trust_env=False,
            verify=_tls(),
            limits=_LIMITS,
        )

    def login_code(self, app: str, person: str) -> str:
        return str(self.post("/_sbx/login", app=app, person=person)["code"])

    def phone_code(self, app: str, person: str, phone: str) -> str:
        return str(self.post("/_sbx/phone", app=app, person=person, phone=phone)["code"])

    def post(self, path: str, /, **body: Any) -> dict[str, Any]:
        answer = self._http.post(path, json=body)
        answer.raise_for_status()
        result: dict[str, Any] = answer.json()
        return result

    def get(self, path: str, /, **query: Any) -> dict[str, Any]:
        answer = self._http.get(path, params=query)
        answer.raise_for_status()
        result: dict[str, Any] = answer.json()
        return result

    def reset(self) -> None:
        """Forget everything: faults, calls, tokens, codes."""
        self._http.post("/_sbx/reset").raise_for_status()

    def close(self) -> None:
        self._http.close()

    def calls(self, path: str) -> list[dict[str, Any]]:
        answer = self._http.get("/_sbx/calls", params={"path": path})
        answer.raise_for_status()
        result: list[dict[str, Any]] = answer.json()["calls"]
        return result


class Caller:
    """One person in one mini-program."""

    def __init__(self, api_url: str, sandbox: Sandbox, app: str, person: str) -> None:
        self._http = httpx.Client(
            base_url=api_url + "/api/v1", timeout=30, trust_env=False, verify=_tls(), limits=_LIMITS
        )
        self._sandbox = sandbox
        self.api_url = api_url
        self.app = app
        self.person = person
        self.person_id = ""

    def close(self) -> None:
        self._http.close()

    def login(self) -> dict[str, Any]:
        code = self._sandbox.login_code(self.app, self.person)
        answer: dict[str, Any] = self.post("/auth/wechat/login", app=self.app, code=code)
        self._http.headers["Authorization"] = f"Bearer {answer['access_token']}"
        self.person_id = answer["person_id"]
        return answer

    def give_phone(self, phone: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.post("/me/phone", code=self._sandbox.phone_code(self.app, self.person, phone))
        return answer

    def get(self, path: str, /, **query: Any) -> Any:
        return self._answer(self._http.get(path, params=query))

    def post(self, path: str, /, **body: Any) -> Any:
        return self._answer(self._http.post(path, json=body))

    def post_keyed(self, path: str, /, **body: Any) -> Any:
        """With an idempotency key, as every act that must not happen twice."""
        return self._answer(self._http.post(path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex}))

    def put(self, path: str, /, **body: Any) -> Any:
        return self._answer(self._http.put(path, json=body))

    def put_keyed(self, path: str, /, **body: Any) -> Any:
        return self._answer(self._http.put(path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex}))

    def delete(self, path: str, /) -> Any:
        return self._answer(self._http.delete(path))

    def download(self, path: str, /) -> bytes:
        """An answer that is no JSON."""
        answer = self._http.get(path)
        if not answer.is_success:
            raise Refused(answer.status_code, answer.json())
        return answer.content

    def upload(self, name: str, content: bytes, purpose: str) -> Any:
        answer = self._http.post(
            "/files",
            files={"file": (name, content)},
            data={"purpose": purpose},
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )
        return self._answer(answer)

    def fetch(self, url: str) -> httpx.Response:
        """A signed link, as an `<image>` loads it: without a token."""
        return httpx.get(url, timeout=30, trust_env=False, verify=_tls())

    @staticmethod
    def _answer(answer: httpx.Response) -> Any:
        if not answer.is_success:
            raise Refused(answer.status_code, answer.json())
        return answer.json() if answer.content else None
