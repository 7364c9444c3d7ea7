"""Excel and PDF files, and archives of files, as answers."""

from typing import Any

from fastapi import Response

from app.core.pdf import MEDIA_TYPE
from app.rules.common.files import SHEET_TYPE

WORKBOOK: dict[int | str, dict[str, Any]] = {200: {"content": {SHEET_TYPE: {}}, "description": "Excel 文件"}}


def workbook(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=SHEET_TYPE, headers=headers)


DOCUMENT: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {}}, "description": "PDF 文件"}}


def document(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


ZIP_TYPE = "application/zip"
ARCHIVE: dict[int | str, dict[str, Any]] = {200: {"content": {ZIP_TYPE: {}}, "description": "ZIP 文件"}}


def archive(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=ZIP_TYPE, headers=headers)
