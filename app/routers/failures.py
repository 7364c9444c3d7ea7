"""One handler turns every failure into the error format; unknown ones into a 500 with nothing but an id."""

from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from app.core.errors import (
    AppError,
    FieldIssue,
    ForbiddenError,
    InvalidFieldsError,
    MethodNotAllowedError,
    NotFoundError,
    UnprocessableError,
)
from app.core.field_issues import field_issues, path_of
from app.core.idempotency import REPLAYED, ReplayedAnswer
from app.core.logging import get_logger
from app.core.middleware import SECURITY_HEADERS
from app.core.sentences import sentence
from app.services.identity.audit import record_denial

log = get_logger()


class MalformedBodyError(UnprocessableError):
    code = "body_malformed"
    message = "提交的内容不是正确的 JSON，请检查后再提交"
    field = "body"


class UnsupportedMediaError(AppError):
    status = 415
    code = "unsupported_media_type"
    message = "请以 JSON 提交（Content-Type: application/json）"
    field = "header.Content-Type"


def install(app: FastAPI) -> None:
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ReplayedAnswer, _replayed)
    app.add_exception_handler(Exception, _unknown)


def render(error: AppError) -> JSONResponse:
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    body = error.body(correlation_id.get() or "")
    return JSONResponse(body.model_dump(mode="json"), int(error.status), headers)


async def _app_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, AppError)  # noqa: S101  # registered for nothing else
    if int(exc.status) >= 500:  # noqa: PLR2004
        log.warning("refused", code=exc.code, status=int(exc.status), exc_info=exc)
    actor = getattr(request.state, "actor", None)
    if isinstance(exc, ForbiddenError) and actor is not None:
        # Somebody known reached for what is not theirs.
        await record_denial(request.app.state.runtime, actor, request.scope["route"].name, exc.code)
    return render(exc)


async def _validation_error(request: Request, exc: Exception) -> Response:
    del request
    assert isinstance(exc, RequestValidationError)  # noqa: S101
    found = exc.errors()
    if any(error["type"] == "json_invalid" for error in found):
        return render(MalformedBodyError())
    if isinstance(exc.body, bytes) and exc.body:
        # FastAPI hands on the raw bytes of what was not declared to be JSON.
        return render(UnsupportedMediaError())
    # `body.pay.min_fen` is `pay.min_fen` to the person who sent the body; other places keep their name.
    of_body = [error | {"loc": error["loc"][1:]} for error in found if error["loc"][0] == "body"]
    elsewhere = [error for error in found if error["loc"][0] != "body"]
    issues = [FieldIssue(path=path_of(error["loc"]), message=sentence(error)) for error in elsewhere]
    return render(InvalidFieldsError(fields=[*issues, *field_issues(of_body, exc.body)]))


async def _http_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101
    if isinstance(exc.__cause__, AppError):
        # Raised while the framework read the body.
        return render(exc.__cause__)
    mapped: dict[int, type[AppError]] = {
        400: MalformedBodyError, 404: NotFoundError, 405: MethodNotAllowedError, 415: UnsupportedMediaError,
    }  # fmt: skip
    response = render(mapped.get(exc.status_code, AppError)())
    if exc.headers:
        response.headers.update(exc.headers)
    if exc.status_code == MethodNotAllowedError.status and (allowed := _methods_at(request)):
        response.headers["Allow"] = allowed
    return response


def _methods_at(request: Request) -> str:
    """All methods of the address (RFC 9110 §15.5.6): the framework names those of its first route alone."""
    path = getattr(request.scope.get("route"), "path", None)
    routes = [route for route in iter_route_contexts(request.app.routes) if route.path == path]
    return ", ".join(sorted({method for route in routes for method in route.methods or ()}))


async def _replayed(request: Request, exc: Exception) -> Response:
    del request
    assert isinstance(exc, ReplayedAnswer)  # noqa: S101
    return Response(exc.body, exc.status, {REPLAYED: "true"}, "application/json")


async def _unknown(request: Request, exc: Exception) -> Response:
    del request
    log.error("unexpected", exc_info=exc)
    response = render(AppError())
    # This handler answers outside the middleware, which gives every other answer these headers.
    response.headers["X-Request-ID"] = correlation_id.get() or ""
    response.raw_headers.extend(SECURITY_HEADERS)
    return response
