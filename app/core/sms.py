"""The SMS port: one POST of JSON to an address of the operator's choice, off until it is set.

`{phone, template, params}` with a bearer secret; the answer `{"accepted": true, "id": "…"}`. Providers differ and sign
in ways of their own: a small adapter beside the service speaks theirs.
"""

import re
from collections.abc import Mapping

import httpx

from app.core.logging import get_logger

MAINLAND_MOBILE = re.compile(r"1[3-9]\d{9}")
TIMEOUT_SECONDS = 5.0
log = get_logger()


class SmsAwayError(Exception):
    """No answer, or a passing fault: later."""


class SmsRefusedError(Exception):
    """The gateway said no: final."""


class SmsGateway:
    def __init__(self, http: httpx.AsyncClient, url: str, secret: str, templates: Mapping[str, str]) -> None:
        self._http = http
        self._url = url
        self._secret = secret
        self._templates = templates

    def takes(self, kind: str, phone: str) -> bool:
        return bool(self._url) and kind in self._templates and MAINLAND_MOBILE.fullmatch(phone) is not None

    async def send(self, kind: str, phone: str, params: Mapping[str, str]) -> str | None:
        """The gateway's id of the message, where it gives one."""
        body = {"phone": phone, "template": self._templates[kind], "params": dict(params)}
        try:
            answer = await self._http.post(
                self._url, json=body, headers={"Authorization": f"Bearer {self._secret}"}, timeout=TIMEOUT_SECONDS
            )
        except httpx.HTTPError as exc:
            log.warning("sms away", error=type(exc).__name__)
            raise SmsAwayError from None
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise SmsAwayError
        try:
            told = answer.json()
        except ValueError:
            raise SmsAwayError from None
        if (
            answer.status_code >= httpx.codes.BAD_REQUEST
            or not isinstance(told, dict)
            or told.get("accepted") is not True
        ):
            log.warning("sms refused", status=answer.status_code)
            raise SmsRefusedError
        return str(told["id"])[:64] if told.get("id") else None
