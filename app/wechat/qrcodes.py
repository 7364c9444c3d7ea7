"""Mini-program codes (小程序码): what may stand in one, and telling the image from an error.

https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode.html
"""

import codecs
import re

from app.wechat.errors import QrcodeValueError

# 1 to 32 of these; no % and no Chinese. A UUID with its dashes is 36.
SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
NARROWEST, WIDEST = 280, 1280


def check_qrcode(scene: str, page: str, width: int) -> None:
    """Raises `QrcodeValueError` naming the first value that WeChat would refuse. `width` in pixels."""
    if SCENE.fullmatch(scene) is None:
        raise QrcodeValueError("scene", "1 到 32 个数字、字母或允许的符号")
    # The client reads its own parameters from the query of the page.
    if "scancode_time" in scene:
        raise QrcodeValueError("scene", "不能含有保留的 scancode_time")
    if not page or page.startswith("/") or "?" in page:
        raise QrcodeValueError("page", "不以 / 开头，不带参数")
    if not NARROWEST <= width <= WIDEST:
        raise QrcodeValueError("width", f"{NARROWEST} 到 {WIDEST} 像素")


def is_image(content: bytes) -> bool:
    """An error is a JSON object, whatever the content type says; other JSON, a gateway's page or nothing is no image."""
    return content.removeprefix(codecs.BOM_UTF8).lstrip()[:1] not in {b"", b"{", b"[", b'"', b"<"}
