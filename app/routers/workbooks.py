"""Excel files as answers."""

from typing import Any

from fastapi import Response

from app.rules.common.files import SHEET_TYPE

WORKBOOK: dict[int | str, dict[str, Any]] = {200: {"content": {SHEET_TYPE: {}}, "description": "Excel 文件"}}


def workbook(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=SHEET_TYPE, headers=headers)
