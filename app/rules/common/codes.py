"""Code tables and policy texts that clients read. Pure."""

from app.core.errors import NotFoundError


class CodeTableNotFoundError(NotFoundError):
    code = "code_table_not_found"
    message = "没有这张代码表"
