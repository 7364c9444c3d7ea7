"""The one error format: `{code, message, params, fields[{path, message}], retryable, request_id}`.

A concrete error is a class in `rules/<domain>.py`; its status and code are the contract with the front ends,
its message is a Chinese sentence with `{params}`. Messages of a database or a library never reach a caller.
"""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

# Takes the session of the second transaction.
Aftermath = Callable[[Any], Awaitable[None]]


class FieldIssue(BaseModel):
    """One field that must be mended. `path` is dotted, as in the request body (`place.latitude`, `query.limit`)."""

    model_config = ConfigDict(extra="allow")

    path: str = Field(description="Where: dotted path into the body, or `query.x`, `path.x`, `header.x`")
    message: str = Field(description="What is wrong and the way out, in Chinese")


class ErrorBody(BaseModel):
    """What every answer outside 2xx and 304 looks like."""

    code: str = Field(description="Stable and English: branch on this, never on the message")
    message: str = Field(description="A sentence in Chinese to show to the person")
    params: dict[str, Any] = Field(description="The values the message was made from")
    fields: list[FieldIssue] = Field(description="The fields to mend, empty where no field is at fault")
    retryable: bool = Field(description="True where the same call may succeed later (see Retry-After)")
    request_id: str = Field(description="Quote this to the operator")


class AppError(Exception):
    """Base of every expected failure. Subclasses set `status`, `code` and `message`."""

    status: ClassVar[int] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[str] = "internal"
    message: ClassVar[str] = "系统出错，请稍后再试；如仍不行，请把编号告诉工作人员"
    retryable: ClassVar[bool] = False
    # Which field of the request is at fault, where that is always the same one.
    field: ClassVar[str | None] = None

    def __init__(self, *, fields: Sequence[FieldIssue] = (), retry_after: int | None = None, **params: Any) -> None:
        # What must survive this refusal: run in a second short transaction after the rollback (deps.unit).
        self.aftermath: Aftermath | None = None
        self.params = params
        self.text = self.message.format(**params)
        self.fields = list(fields)
        if not self.fields and self.field:
            self.fields = [FieldIssue(path=self.field, message=self.text)]
        self.retry_after = retry_after
        super().__init__(self.text)

    def surviving(self, aftermath: Aftermath) -> Self:
        """`raise WrongCodeError().surviving(count_it)`."""
        self.aftermath = aftermath
        return self

    def body(self, request_id: str) -> ErrorBody:
        return ErrorBody(
            code=self.code,
            message=self.text,
            params=self.params,
            fields=self.fields,
            retryable=self.retryable,
            request_id=request_id,
        )


class UnauthorisedError(AppError):
    """Only for a missing, expired or revoked token: the client logs in again on it."""

    status = HTTPStatus.UNAUTHORIZED
    code = "token_invalid"
    message = "登录已失效，请重新登录"


class ForbiddenError(AppError):
    status = HTTPStatus.FORBIDDEN
    code = "forbidden"
    message = "您没有进行此操作的权限"


class NotFoundError(AppError):
    """Also the answer for what the caller may not see: it does not exist for them."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"
    message = "没有找到，可能已删除或不对您开放"


class MethodNotAllowedError(AppError):
    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"
    message = "这个地址不支持该请求方法"


class ConflictError(AppError):
    status = HTTPStatus.CONFLICT
    code = "conflict"
    message = "当前状态不能进行此操作，请刷新后再试"


class StaleError(ConflictError):
    """The row moved on since the caller read it (`expected_version`)."""

    code = "stale"
    message = "内容已被更新（当前版本 {current}，您看到的是 {expected}），请刷新后再试"
    field = "expected_version"


class TooLargeError(AppError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "body_too_large"
    message = "提交的内容超过 {limit} 字节的上限，请删减后再提交"
    field = "body"


class LengthMissingError(AppError):
    """A body sent in pieces of unknown number: an upload says beforehand how large it is."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "length_missing"
    message = "上传须带 Content-Length 请求头，不能分块发送"
    field = "header.Content-Length"


class UnprocessableError(AppError):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid"
    message = "提交的内容有误，请按提示修改"


class InvalidFieldsError(UnprocessableError):
    """Shape and type errors of a request; `fields` names each."""

    code = "invalid_fields"


class UnavailableError(AppError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"
    message = "服务暂时繁忙，请稍后再试"
    retryable = True

    def __init__(self, *, retry_after: int | None = 2, **params: Any) -> None:
        super().__init__(retry_after=retry_after, **params)


class DatabaseAwayError(UnavailableError):
    code = "database_unavailable"
    message = "数据库暂时无法访问，您的操作没有保存，请稍后重试"


def errors(*classes: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses=` made from error classes, so that the document and the code cannot part."""
    grouped: dict[int, list[type[AppError]]] = {}
    for cls in classes:
        grouped.setdefault(int(cls.status), []).append(cls)
    return {
        status: {
            "model": ErrorBody,
            "description": "；".join(f"`{cls.code}` {cls.message}" for cls in group),
            "x-codes": [cls.code for cls in group],
        }
        for status, group in sorted(grouped.items())
    }
