"""Where a worker sets out from, for distances only: opened in memory, never handed on."""

from math import hypot

from app.core.crypto import Crypto
from app.models.gigs import ShiftOrder, WorkerProfile
from app.rules.geo import to_grid


def home_of(crypto: Crypto, row: WorkerProfile) -> tuple[int, int] | None:
    """Metres of the town's grid; None where the person keeps it to themselves."""
    sealed = crypto.open_if("worker_profile", "home", row.id, row.home_sealed)
    if sealed is None:
        return None
    latitude, longitude = (float(part) for part in sealed.split(","))
    return to_grid(latitude, longitude)


def metres(crypto: Crypto, row: WorkerProfile, order: ShiftOrder) -> int | None:
    """As the crow flies; None where one of the two is unknown."""
    home = home_of(crypto, row)
    if home is None or order.east_m is None or order.north_m is None:
        return None
    return round(hypot(home[0] - order.east_m, home[1] - order.north_m))


def within(crypto: Crypto, row: WorkerProfile, order: ShiftOrder, limit_m: int) -> bool:
    found = metres(crypto, row, order)
    return found is not None and found <= limit_m
