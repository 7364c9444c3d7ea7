"""Coordinates: WGS-84 to GCJ-02, and distances. Pure."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.rules.jobs.terms import CoordType

# Mean radius of the earth (IUGG), metres.
EARTH_M = 6_371_008.8
# The ellipsoid of the public GCJ-02 formula (Krasovsky 1940).
AXIS = 6_378_245.0
ECCENTRICITY = 0.006_693_421_622_965_943
# The middle of 宝盖镇 in GCJ-02: where the local grid begins. Stored metres count from here, so it never moves.
ORIGIN = (24.73, 118.66)
DEGREE_M = math.radians(EARTH_M)
# South, north, west, east, degrees: outside it maps use WGS-84 as it is.
CHINA_BOX = (0.8293, 55.8271, 72.004, 137.8347)


def to_gcj02(latitude: float, longitude: float, coord_type: CoordType) -> tuple[float, float]:
    """Degrees in the system of Chinese maps. GCJ-02 stays; outside China nothing is shifted.

    WeChat `wx.getLocation` gives wgs84 or gcj02 by its `type`; its maps take gcj02. The shift is the publicly known
    approximation, good to a few metres.
    """
    south, north, west, east = CHINA_BOX
    if coord_type is CoordType.GCJ02 or not (south < latitude < north and west < longitude < east):
        return latitude, longitude
    x, y = longitude - 105.0, latitude - 35.0
    shift_lat, shift_lon = _shift(x, y)
    radians = math.radians(latitude)
    magic = 1 - ECCENTRICITY * math.sin(radians) ** 2
    shift_lat = math.degrees(shift_lat / (AXIS * (1 - ECCENTRICITY) / magic**1.5))
    shift_lon = math.degrees(shift_lon / (AXIS / math.sqrt(magic) * math.cos(radians)))
    return latitude + shift_lat, longitude + shift_lon


def to_grid(latitude: float, longitude: float) -> tuple[int, int]:
    """Whole metres east and north of `ORIGIN`, for degrees in GCJ-02.

    A local equirectangular projection: distances within 50 km of the town are right to 0.4 %. Integers compare, sort and
    add up alike in every database, which floating point does not promise.
    """
    north = (latitude - ORIGIN[0]) * DEGREE_M
    east = (longitude - ORIGIN[1]) * DEGREE_M * math.cos(math.radians(ORIGIN[0]))
    return math.floor(east + 0.5), math.floor(north + 0.5)


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> int:
    """Great-circle distance in whole metres (haversine)."""
    return int(distances_m(lat_a, lon_a, lat_b, lon_b).item())


def distances_m(lat_a: Any, lon_a: Any, lat_b: Any, lon_b: Any) -> NDArray[np.float64]:
    """`distance_m` over arrays of degrees that broadcast: whole metres as floats, NaN where a coordinate is NaN."""
    a, b = np.radians(lat_a), np.radians(lat_b)
    half_lon = np.sin(np.radians(np.subtract(lon_b, lon_a)) / 2)
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * half_lon**2
    # Rounding may lift opposite points a hair above 1.
    return np.asarray(np.rint(2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))), dtype=np.float64)


def _shift(x: float, y: float) -> tuple[float, float]:
    """Metres north and east by the public formula."""
    wave = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave
    north += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave
    east += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    return north, east
