"""`POST /wxa/getwxacodeunlimit` (获取不限制的小程序码): a real PNG, or an error as JSON, both with HTTP 200."""

import hashlib
import re
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from wechat_sandbox.calls import Call
from wechat_sandbox.errors import WechatError
from wechat_sandbox.state import Sandbox

PATH = "/wxa/getwxacodeunlimit"
SCENE_CHARACTERS = 32
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]*")
_MODULES = 29


def unlimited_qrcode(sandbox: Sandbox, call: Call) -> bytes:
    """The image. Raises 40129 40169 85096 scene, 41030 page, 40097 width or env_version."""
    body, pages = call.body, sandbox.apps[str(call.appid)].config.pages
    scene, page, width = body.get("scene"), body.get("page", ""), body.get("width", 430)
    _check_scene(scene)
    # No leading slash, no query; without a page the code opens the first one.
    if not isinstance(page, str) or page.startswith("/") or "?" in page:
        raise WechatError(41030)
    if page and body.get("check_path", True) is not False and pages is not None and page not in pages:
        raise WechatError(41030)
    if isinstance(width, bool) or not isinstance(width, int) or not 280 <= width <= 1280:
        raise WechatError(40097, "width")
    if body.get("env_version", "release") not in ("release", "trial", "develop"):
        raise WechatError(40097, "env_version")
    return picture({"scene": str(scene), "page": page}, width)


def _check_scene(scene: Any) -> None:
    if not isinstance(scene, str) or _SCENE.fullmatch(scene) is None:
        raise WechatError(40129)
    if not 1 <= len(scene) <= SCENE_CHARACTERS:
        raise WechatError(40169)
    if "scancode_time" in scene:
        raise WechatError(85096)


def picture(texts: Mapping[str, str], width: int) -> bytes:
    """A square black-and-white PNG of `width` pixels, the same for the same texts.

    It looks like a code and is none: what it stands for is written in it as PNG texts (tEXt).
    """
    source = hashlib.shake_256(repr(sorted(texts.items())).encode()).digest(_MODULES * _MODULES)
    lines = [_line(source[row * _MODULES : (row + 1) * _MODULES], width) for row in range(_MODULES)]
    pixels = b"".join(lines[y * _MODULES // width] for y in range(width))
    header = struct.pack(">IIBBBBB", width, width, 1, 0, 0, 0, 0)
    marks = (_chunk(b"tEXt", f"{key}\0{text}".encode("latin-1", "replace")) for key, text in texts.items())
    chunks = [_chunk(b"IHDR", header), *marks, _chunk(b"IDAT", zlib.compress(pixels)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _line(modules: bytes, width: int) -> bytes:
    """One row of pixels, a bit each, after the byte that says "not filtered"."""
    bits = "".join("1" if modules[x * _MODULES // width] % 2 else "0" for x in range(width))
    whole = -(-width // 8)
    return b"\0" + int(bits.ljust(whole * 8, "0"), 2).to_bytes(whole, "big")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
