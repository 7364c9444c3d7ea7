"""A filled import sheet, as a firm's clerk would send it."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl


def filled_sheet(form: dict[str, Any], contact: str) -> bytes:
    """One row by the headings of the template, from a posting's form."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    row = {
        "岗位名称": "平车工", "职业": form["occupation_code"], "用工类型": "直接招用", "招聘人数": 2, "计薪方式": "月薪",
        "工资下限（元）": 5500, "工资上限（元）": 8000, "发薪周期": "月结", "每天工作小时": 8, "班次": "白班",
        "工作地址": "宝盖镇科技园回兴路188号", "工作内容": "平车缝制服装配件，按工艺单操作。", "联系说明": contact,
        "有效期至": str((datetime.now(UTC) + timedelta(days=30)).date()),
    }  # fmt: skip
    page.append(list(row))
    page.append(list(row.values()))
    with io.BytesIO() as out:
        book.save(out)
        return out.getvalue()
