"""What is wrong with the shape of a value, in Chinese: for requests and for the rows of a sheet alike."""

import re
from typing import Any

# A field that is needed because of another one (`schemas.base.missing_fields`).
MISSING_TOGETHER = "missing_together"
# Pydantic's error types in words; values in braces come from the error's own context.
SENTENCES = {
    "missing": "此项必填",
    "extra_forbidden": "没有这个字段，请检查拼写",
    "string_too_short": "至少 {min_length} 个字",
    "string_too_long": "最多 {max_length} 个字",
    "string_type": "应为文字",
    "string_pattern_mismatch": "格式不正确",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数，不能有小数",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "finite_number": "应为有限的数字",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "too_long": "最多 {max_length} 项",
    "too_short": "至少 {min_length} 项",
    "enum": "应为以下之一：{expected}",
    "literal_error": "应为以下之一：{expected}",
    "uuid_parsing": "不是正确的编号",
    "uuid_type": "不是正确的编号",
    "date_type": "应为日期，例如 2026-12-31",
    "date_parsing": "应为日期，例如 2026-12-31",
    "date_from_datetime_parsing": "应为日期，例如 2026-12-31",
    "date_from_datetime_inexact": "应为日期，不带时间，例如 2026-12-31",
    "datetime_type": "应为时间，例如 2026-11-24T08:00:00+08:00",
    "datetime_parsing": "应为时间，例如 2026-11-24T08:00:00+08:00",
    "datetime_from_date_parsing": "应为时间，例如 2026-11-24T08:00:00+08:00",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "value_error": "{error}",
    MISSING_TOGETHER: "{error}",
}
FALLBACK = "格式不正确，请检查后再填"
# A text that was trimmed first is measured as a value like a list, and answered like a text all the same.
TEXT_LENGTH = {"too_short": "string_too_short", "too_long": "string_too_long"}


def sentence(error: Any) -> str:
    """One of Pydantic's errors as a sentence."""
    kind = error["type"]
    if isinstance(error.get("input"), str):
        kind = TEXT_LENGTH.get(kind, kind)
    template = SENTENCES.get(kind, FALLBACK)
    context = {key: str(value) for key, value in (error.get("ctx") or {}).items()}
    if "expected" in context:
        # Pydantic's English list: 'a', 'b' or 'c'.
        context["expected"] = "、".join(re.findall(r"'([^']*)'", context["expected"])) or context["expected"]
    try:
        return template.format(**context)
    except KeyError:
        return FALLBACK
