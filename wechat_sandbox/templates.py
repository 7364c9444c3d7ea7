"""Limits of the values of a subscription message, by the prefix of the key (订阅消息参数值内容限制说明)."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from wechat_sandbox.errors import WechatError
from wechat_sandbox.state import Template

_DATE = r"\d{4}(?:-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\.\d{1,2}\.\d{1,2}|年\d{1,2}月\d{1,2}日)"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_TIME = rf"(?:{_DATE} ?)?{_CLOCK}"
_DAY = rf"{_DATE}(?: ?{_CLOCK})?"
_HAN = r"\u3400-\u9fff"

_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "thing": re.compile(r".{1,20}"),
    "number": re.compile(r"(?=(?:\D*\d){1,32}\D*$)-?\d+(?:\.\d+)?", re.ASCII),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[ -~]{1,32}"),
    "time": re.compile(rf"{_TIME}(?: ?~ ?{_TIME})?", re.ASCII),
    "date": re.compile(rf"{_DAY}(?: ?~ ?{_DAY})?", re.ASCII),
    "amount": re.compile(r"[¥￥$€£]?\d{1,10}(?:\.\d+)?元?", re.ASCII),
    "phone_number": re.compile(r"[0-9+\-() ,#*]{1,17}"),
    "car_number": re.compile(rf"[{_HAN}A-Z0-9](?:[A-Z0-9]{{0,6}}[{_HAN}A-Z0-9])?"),
    # At most 10 with any Chinese character in it, at most 20 of letters and symbols alone.
    "name": re.compile(rf"(?=.*[{_HAN}])[^\d]{{1,10}}|[^\d{_HAN}]{{1,20}}"),
    "phrase": re.compile(rf"[{_HAN}]{{1,5}}"),
    "enum": re.compile(r".+"),
}
_KEY = re.compile(r"([a-z_]+?)\d{1,3}")


def check_data(data: Any, template: Template) -> None:
    """Raises 47003 naming the first key whose value is missing, empty, too long or of the wrong kind."""
    if not isinstance(data, dict) or not data:
        raise WechatError(47003, "data is empty")
    for key in sorted(template.keys):
        if key not in data:
            raise WechatError(47003, f"data.{key}.value is empty")
    for key, entry in data.items():
        if template.keys and key not in template.keys:
            raise WechatError(47003, f"data.{key} is not in the template")
        value = entry.get("value") if isinstance(entry, dict) else None
        if value in (None, ""):
            raise WechatError(47003, f"data.{key}.value is empty")
        if not _fits(key, value, template):
            raise WechatError(47003, f"data.{key}.value invalid")
        if "SBX_RISKY" in str(value):
            raise WechatError(45168, f"data.{key}.value")


def _fits(key: str, value: Any, template: Template) -> bool:
    match = _KEY.fullmatch(key)
    pattern = _PATTERNS.get(match[1]) if match else None
    if pattern is None or isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    text = str(value)
    if not text.strip() or any(unicodedata.category(char) == "Cc" for char in text):
        return False
    if key in template.enums and text not in template.enums[key]:
        return False
    return pattern.fullmatch(text) is not None
