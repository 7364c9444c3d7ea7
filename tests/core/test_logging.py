"""Log lines: JSON, only known keys, no texts of exceptions."""

import json
import subprocess
import sys
from typing import Any

from app.core.logging import ALLOWED, drop_unknown, safe_exception

PRELUDE = """
import logging
from app.core.logging import configure_logging, get_logger
configure_logging("INFO")
log = get_logger()
"""


def lines(code: str) -> list[dict[str, Any]]:
    """What a fresh process prints: the configuration is global, so each test has its own."""
    done = subprocess.run([sys.executable, "-c", PRELUDE + code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_unknown_keys_are_dropped() -> None:
    event = {"event": "request", "phone": "13800138000", "name": "林小梅", "status": 200, "body": "{}"}
    assert drop_unknown(None, "info", event) == {"event": "request", "status": 200}


def test_no_key_of_a_person_is_allowed() -> None:
    for key in (
        "phone",
        "name",
        "openid",
        "unionid",
        "token",
        "code_value",
        "person",
        "person_id",
        "body",
        "query",
        "url",
    ):
        assert key not in ALLOWED


def test_exceptions_keep_class_and_place_and_lose_their_text() -> None:
    try:
        try:
            raise ValueError("手机号 13800138000")  # noqa: TRY301
        except ValueError as inner:
            raise KeyError("林小梅") from inner
    except KeyError as exc:
        event = safe_exception(None, "error", {"event": "unexpected", "exc_info": exc})
    assert set(event) == {"event", "exception"}
    assert event["exception"].startswith("KeyError at test_logging.py:")
    assert "ValueError at" in event["exception"]
    assert "13800138000" not in event["exception"]
    assert "林小梅" not in event["exception"]


def test_without_an_exception_nothing_is_added() -> None:
    assert safe_exception(None, "info", {"event": "x", "exc_info": None}) == {"event": "x"}
    assert safe_exception(None, "info", {"event": "x", "exc_info": True}) == {"event": "x"}


def test_a_line_is_one_json_object_in_chinese() -> None:
    (line,) = lines('log.info("启动", host="127.0.0.1", phone="13800138000")')
    assert (line["event"], line["level"], line["host"]) == ("启动", "info", "127.0.0.1")
    assert line["timestamp"].endswith("Z")
    assert "phone" not in line


def test_below_the_level_nothing_is_printed() -> None:
    assert lines('log.debug("x")') == []


def test_an_exception_in_a_real_line() -> None:
    (line,) = lines(
        """
try:
    raise ValueError("13800138000")
except ValueError:
    log.exception("unexpected")
"""
    )
    assert "13800138000" not in json.dumps(line)
    assert line["exception"].startswith("ValueError at")


def test_a_library_that_quotes_a_row_is_cut_to_its_template() -> None:
    (line,) = lines('logging.getLogger("some.driver").warning("bad row %s", "13800138000")')
    assert (line["event"], line["level"], line["logger"]) == ("bad row %s", "warning", "some.driver")


def test_a_librarys_exception_loses_its_text_too() -> None:
    (line,) = lines(
        """
try:
    raise ValueError("13800138000")
except ValueError:
    logging.getLogger("some.driver").exception("failed")
"""
    )
    assert "13800138000" not in json.dumps(line)
    assert line["exception"].startswith("ValueError at")


def test_addresses_with_secrets_are_not_logged() -> None:
    assert lines('logging.getLogger("httpx").info("GET https://api/token?secret=s")') == []
    assert lines('logging.getLogger("uvicorn.access").warning("GET /x?code=c")') == []
