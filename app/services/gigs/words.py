"""Words that the notices of 零工配产 share."""

from datetime import datetime

from app.core.clock import CHINA

# A WeChat `thing` value holds 20 characters.
THING = 20


def moment(at: datetime) -> str:
    at = at.astimezone(CHINA)
    return f"{at.month}月{at.day}日 {at:%H:%M}"
