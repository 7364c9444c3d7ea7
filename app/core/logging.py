"""JSON lines on stdout, without personal data: only the keys named here pass, and values are scalars we chose."""

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from asgi_correlation_id import correlation_id

# An allow-list: a key that nobody thought about is dropped, so a careless log line cannot leak a person.
ALLOWED = frozenset({
    "event", "level", "timestamp", "logger", "request_id", "method", "route", "status", "ms", "code",
    "operation", "topic", "outbox_id", "attempts", "error", "exception", "app", "api", "errcode", "count", "revision",
    "state", "worker", "anchor", "sweep", "profile", "database", "host", "port", "seconds", "retry_after",
})  # fmt: skip


def _request_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    request_id = correlation_id.get()
    if request_id:
        event["request_id"] = request_id
    return event


def drop_unknown(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in ALLOWED}


def safe_exception(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Class and place of each link of the chain, never its text: a database quotes the values it refused."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    links = []
    while isinstance(error, BaseException):
        trace = error.__traceback__
        frames = []
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}:{code.co_name}")
            trace = trace.tb_next
        links.append(f"{type(error).__name__} at {' < '.join(reversed(frames[-8:]))}")
        error = error.__cause__ or error.__context__
    if links:
        event["exception"] = " | ".join(links)
    return event


# Made once: `json.dumps` with options of its own makes an encoder for every line.
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=repr)


def _to_json(event: Any, **_: Any) -> str:
    return _ENCODER.encode(event)


def configure_logging(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _request_id,
            safe_exception,
            drop_unknown,
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard module; their texts may quote values, so only warnings' names come through.
    root = logging.getLogger()
    root.handlers = [_BareHandler()]
    root.setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True
    # These log whole addresses, and WeChat's carry secret and token in the query.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Its warnings tell who asked for which page, with the query.
    logging.getLogger("starlette_admin").setLevel(logging.ERROR)


class _BareHandler(logging.Handler):
    """A library's record without its arguments, which may quote a row."""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        structlog.get_logger().log(record.levelno, text[:200], logger=record.name, exc_info=record.exc_info)


def get_logger() -> Any:
    return structlog.get_logger()
