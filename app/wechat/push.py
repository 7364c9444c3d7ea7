"""The receiving side of message push (消息推送) in safe mode with JSON: is it WeChat, and what does it say.

https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
Pure functions. Errors say which step failed and carry no content: messages name people.
"""

import base64
import binascii
import hashlib
import json
import math
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
# PKCS#7 over blocks of 32 bytes, though AES works on 16: a stock unpadder refuses good messages.
PAD_BLOCK = 32
RANDOM_BYTES, LENGTH_BYTES = 16, 4
HEAD_BYTES = RANDOM_BYTES + LENGTH_BYTES
# Beyond it a JSON number is exact no more, and no database takes it.
LARGEST = 2**53
JSON_SCALARS = (str, int, float)


class PushError(Exception):
    """A message that is not to be believed or not to be read."""


class PushSignatureError(PushError):
    """Not signed with our Token: not from WeChat, or the Token is another one."""


class PushFormatError(PushError):
    """Signed, or not even that, but no sealed JSON message: plain mode, XML, a wrong EncodingAESKey."""


class PushForeignError(PushError):
    """Sealed for another mini-program."""


@dataclass(frozen=True, slots=True)
class PushConfig:
    """消息推送 settings of one mini-program. `aes_key` is the EncodingAESKey: 43 characters, 32 bytes."""

    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    appid: str

    def __post_init__(self) -> None:
        # An empty Token would sign whatever anybody sends.
        if not self.token or AES_KEY.fullmatch(self.aes_key) is None:
            raise ValueError("消息推送需要 Token 和 43 个字符的 EncodingAESKey")


def verify_url(token: str, signature: str, timestamp: str, nonce: str) -> None:
    """The GET that checks our address: raises `PushSignatureError`, else answer the echostr unchanged as text/plain.

    The same in safe mode: the echostr is not sealed.
    """
    if not token:
        raise PushSignatureError("no Token")
    _check_signature(signature, token, timestamp, nonce)


def open_message(config: PushConfig, query: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The message in a pushed POST. Raises `PushSignatureError`, `PushFormatError`, `PushForeignError`.

    Only `msg_signature` protects the body, so nothing outside `Encrypt` counts: plain bodies are refused, and so are
    the plain fields of compatible mode. How old the message is, is not judged: WeChat sends again after failures.
    """
    encrypted = _json_object(body).get("Encrypt")
    if not isinstance(encrypted, str):
        raise PushFormatError("no Encrypt: safe mode is required")
    names = ("timestamp", "nonce")
    _check_signature(query.get("msg_signature", ""), config.token, *(query.get(name, "") for name in names), encrypted)
    return _json_object(unseal(config, encrypted))


def unseal(config: PushConfig, encrypted: str) -> bytes:
    """AES-256-CBC, padding of 32, 16 random bytes, length (big-endian), message, appid. The signature is checked before."""
    key = base64.b64decode(config.aes_key + "=")
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError):
        raise PushFormatError("Encrypt is no base64") from None
    if not sealed or len(sealed) % PAD_BLOCK:
        raise PushFormatError("Encrypt has no whole blocks")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(sealed) + decryptor.finalize()
    padding = plain[-1]
    if not 1 <= padding <= PAD_BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise PushFormatError("padding: another EncodingAESKey?")
    content = plain[RANDOM_BYTES:-padding]
    if len(content) < LENGTH_BYTES:
        raise PushFormatError("too short")
    (length,) = struct.unpack_from(">I", content)
    message, appid = content[LENGTH_BYTES : LENGTH_BYTES + length], content[LENGTH_BYTES + length :]
    if len(message) != length:
        raise PushFormatError("length")
    if not compare_digest(appid, config.appid.encode()):
        raise PushForeignError("sealed for another appid")
    return message


def _check_signature(signature: str, *parts: str) -> None:
    """SHA-1 of the parts, sorted byte by byte and joined: WeChat's own scheme, in constant time."""
    # A query may hold half a surrogate pair, which has no UTF-8.
    encoded = sorted(part.encode("utf-8", "replace") for part in parts)
    expected = hashlib.sha1(b"".join(encoded), usedforsecurity=False).hexdigest()
    if not compare_digest(signature.encode("utf-8", "replace"), expected.encode()):
        raise PushSignatureError("signature")


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise PushFormatError("no JSON") from None
    if not isinstance(value, dict):
        raise PushFormatError("no JSON object")
    return value


@dataclass(frozen=True, slots=True)
class PushEvent:
    """An event, read leniently: spelling, types and shapes differ from event to event.

    `name` is empty where it is no event (a text to customer service). `created` Unix seconds, 0 where unreadable.
    `items` are the rows of `List` with every value as text. `revoke_codes`: kinds of data, see 授权用户信息变更.
    """

    name: str
    openid: str | None = field(repr=False)
    created: int
    trace_id: str | None
    msg_ids: tuple[str, ...]
    items: tuple[dict[str, str], ...]
    errcode: int
    result: dict[str, Any] | None
    revoke_codes: tuple[str, ...]

    @property
    def dedupe_key(self) -> str:
        """The same for a message that WeChat sends again: 64 hex digits, unique within one mini-program.

        WeChat's advice is FromUserName and CreateTime, which two events of one second share (a person who revokes
        two kinds of data): so name, ids, rows and codes count too.
        """
        parts = [
            self.openid, self.created, self.name, self.trace_id, self.msg_ids, self.items, self.revoke_codes,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_event(message: Mapping[str, Any]) -> PushEvent:
    """Never raises: what is missing or of another kind is None, empty or 0, and an unknown event is an event."""
    # WeChat writes OpenID, openid and FromUserName; its own example has keys with a space in front.
    fields = {key.strip().lower(): value for key, value in message.items()}
    items = tuple(_items(fields.get("list")))
    ids = [_scalar(fields.get("msgid")), *(item[key] for item in items for key in item if key.lower() == "msgid")]
    result = fields.get("result")
    return PushEvent(
        name=_scalar(fields.get("event")) or "",
        # Where there is an OpenID, FromUserName is WeChat's own pushing service and not the person.
        openid=_scalar(fields.get("openid")) or _scalar(fields.get("fromusername")),
        created=_whole(fields.get("createtime")),
        trace_id=_scalar(fields.get("trace_id")),
        msg_ids=tuple(msg_id for msg_id in ids if msg_id),
        items=items,
        errcode=_whole(fields.get("errcode")),
        result=result if isinstance(result, dict) else None,
        revoke_codes=tuple(_codes(fields.get("revokeinfo"))),
    )


def _items(value: Any) -> Iterator[dict[str, str]]:
    """`List` is an array, or its only row alone."""
    for row in value if isinstance(value, list) else [value]:
        if isinstance(row, dict):
            yield {key.strip(): text for key, entry in row.items() if (text := _scalar(entry)) is not None}


def _codes(value: Any) -> Iterator[str]:
    for part in value if isinstance(value, list) else [value]:
        yield from re.findall(r"[0-9]+", _scalar(part) or "")


def _scalar(value: Any) -> str | None:
    """A text, or a number as text; None for the rest and for nothing."""
    if isinstance(value, bool) or not isinstance(value, JSON_SCALARS):
        return None
    return str(value) or None


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, JSON_SCALARS):
        return 0
    if isinstance(value, float) and not math.isfinite(value):
        return 0
    try:
        number = int(value)
    except ValueError:
        return 0
    return number if abs(number) < LARGEST else 0
