"""The rings of an urgent search. Pure."""

from datetime import timedelta
from enum import IntEnum

from app.core.errors import ConflictError


class Ring(IntEnum):
    """Who is asked first."""

    ROSTER = 1
    NEARBY = 2
    ALL = 3

    @property
    def label(self) -> str:
        return {1: "本企业名单", 2: "附近经核实的熟手", 3: "所有合适的人"}[self.value]


RINGS = tuple(Ring)
# House rule: a ring has the seat to itself for so long.
RING_TIME = timedelta(minutes=10)
NEARBY_M = 3_000


class UrgentAlreadyError(ConflictError):
    code = "urgent_already"
    message = "急招已经开始，现在问到“{ring}”，会按时扩大范围"
