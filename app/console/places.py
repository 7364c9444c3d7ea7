"""Addresses of the console, and which of them a link may lead back to after signing in."""

import re
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

ROOT = "/console"
HOME = "/console/"
SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
STATIC = "/static"
# Only what our own addresses are made of: no dots, so nothing climbs out of /console, and no second slash in a row.
INSIDE = re.compile(r"/console/(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]*(?:\?[A-Za-z0-9=&_.%+-]*)?")
LONGEST = 300


def inside(target: str | None) -> str:
    """The address if it lies within the console; the first page for anything else."""
    if target is None or len(target) > LONGEST or INSIDE.fullmatch(target) is None:
        return HOME
    return target


def go(place: str) -> Response:
    """See Other, by path alone: an absolute address would repeat whatever Host header the request came with."""
    return RedirectResponse(place, 303)


def to_sign_in(after: str = HOME) -> Response:
    return go(ROOT + SIGN_IN + ("" if after == HOME else "?next=" + quote(after, safe="")))
