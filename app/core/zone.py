"""China Standard Time as a value. Pure: it reads no clock, so rules may count in it."""

from datetime import date, datetime, timedelta, timezone

# Chinese dates (birthdays, deadlines, quiet hours) are counted in China Standard Time, which has had no summer
# time since 1991: a fixed offset needs no zone files, which slim images lack.
CHINA = timezone(timedelta(hours=8), "CST")


def china_date(instant: datetime) -> date:
    """The calendar date of an instant in China Standard Time."""
    return instant.astimezone(CHINA).date()
