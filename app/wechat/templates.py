"""The limits of subscription-template values, checked before sending (47003 would come back too late to mend).

https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage.html
"""

import re
import unicodedata
from collections.abc import Mapping

from app.wechat.errors import TemplateValueError

DATE = r"[0-9]{4}([-/.]|年)(0?[1-9]|1[0-2])([-/.]|月)(0?[1-9]|[12][0-9]|3[01])日?"
TIME = r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
MOMENT = rf"({DATE}( {TIME})?|{TIME})"
# Key prefix → (pattern of the whole value, the rule in words).
RULES: dict[str, tuple[str, str]] = {
    "thing": (r".{1,20}", "最多 20 个字"),
    "number": (r"(?=.{1,32}$)-?[0-9]+(\.[0-9]+)?", "最多 32 位数字"),
    "letter": (r"[A-Za-z]{1,32}", "最多 32 个字母"),
    "symbol": (r"[^\w\s]{1,5}", "最多 5 个符号"),
    "character_string": (r"[!-~ ]{1,32}", "最多 32 个数字、字母或符号"),
    "time": (rf"({DATE} )?{TIME}(~({DATE} )?{TIME})?", "24 小时制时间，可带日期"),
    "date": (rf"{DATE}( {TIME})?(~{MOMENT})?", "日期，可带时间"),
    "amount": (r"[¥￥$€£]?(?=[0-9.]{1,11}元?$)[0-9]{1,10}(\.[0-9]+)?元?", "1 个币种符号加最多 10 位数字"),
    "phone_number": (r"[0-9+\-() ]{1,17}", "最多 17 位数字或符号"),
    "car_number": (r"[0-9A-Za-z一-龥]{1,8}", "最多 8 位"),
    "phrase": (r"[一-龥]{1,5}", "最多 5 个汉字"),
    "enum": (r".{1,20}", "模板列出的值之一"),
}
KEY = re.compile(r"([a-z_]+?)\d+")
NAME_CHINESE, NAME_LATIN = 10, 20


def check_values(data: Mapping[str, Mapping[str, str]]) -> None:
    """Every value against the rule of its key; `TemplateValueError` names the first that breaks one."""
    for key, wrapped in data.items():
        value = wrapped["value"]
        match = KEY.fullmatch(key)
        if match is None:
            raise TemplateValueError(key, "不是模板的关键词")
        if not value.strip() or any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in value):
            raise TemplateValueError(key, "不能为空，不能有换行或控制字符")
        prefix = match[1]
        if prefix == "name":
            limit = NAME_CHINESE if re.search(r"[一-龥]", value) else NAME_LATIN
            if len(value) > limit or any(character.isdigit() for character in value):
                raise TemplateValueError(key, f"最多 {limit} 个字，不能有数字")
            continue
        rule = RULES.get(prefix)
        if rule is None:
            raise TemplateValueError(key, "不是模板的关键词")
        if re.fullmatch(rule[0], value) is None:
            raise TemplateValueError(key, rule[1])
