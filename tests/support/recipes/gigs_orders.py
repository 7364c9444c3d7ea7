"""Orders of the firm that hires for ever, and how workers look for shifts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.clock import CHINA
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.gigs_profiles import worker
from tests.support.recipes.town import Town

CODE = "61101.01"


def stretch(days: int = 10, **changes: Any) -> dict[str, Any]:
    """By day, and so far ahead that nobody need confirm yet."""
    today = datetime.now(UTC).astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    start = today + timedelta(days=days, hours=8)
    return {
        "starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=9)).isoformat(), "break_minutes": 60, "heads": 2,
    } | changes  # fmt: skip


def form(town: Town, *shifts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    # A block that an earlier recipe left would stand in the way.
    town.restock("UPDATE publishing_block SET state = 'lifted'")
    return {
        "enterprise_id": town.firm.id, "title": "平车工白班", "process_code": CODE, "level": 2, "fill_mode": "first_come",
        "pay": {"unit": "hour", "hour_fen": 2500, "lines": []}, "wage_period": "week", "pay_days": 3,
        "cover": "work_injury", "standby_fen": 3000, "late_cancel_fen": 5000,
        "place": {"address": "宝盖镇科技园回兴路188号", "latitude": 24.7236, "longitude": 118.6651, "coord_type": "gcj02"},
        "duties": "合缝、上腰头，按样衣操作。", "shifts": list(shifts) or [stretch()], "submit": True,
    } | changes  # fmt: skip


def order(town: Town, *shifts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = town.firm.owner.post_keyed("/shift-orders", **form(town, *shifts, **changes))
    return made


def held(town: Town) -> dict[str, Any]:
    """As if WeChat had not been sure."""
    row = order(town)
    town.restock(f"UPDATE shift_order SET state = 'in_review' WHERE id = '{plain(row['id'])}'")  # noqa: S608  # an id of ours
    return row


def plain(row_id: str) -> str:
    """As both databases read an id in SQL: SQLite keeps it without dashes, PostgreSQL takes it so."""
    return row_id.replace("-", "")


def template(town: Town) -> dict[str, Any]:
    name = f"模板{town.serial()}"
    made: dict[str, Any] = town.firm.owner.post_keyed(f"/shift-orders/{order(town)['id']}/template", name=name)
    return made


@recipe
def lint_order(town: Town) -> Call:
    return Call(town.firm.owner, body=form(town))


@recipe
def create_order(town: Town) -> Call:
    return Call(town.firm.owner, body=form(town))


@recipe
def update_order(town: Town) -> Call:
    row = order(town, submit=False)
    body = form(town, submit=False) | {"expected_version": row["version"]}
    body.pop("enterprise_id")
    return Call(town.firm.owner, {"order_id": row["id"]}, body=body)


@recipe
def list_held_orders(town: Town) -> Call:
    held(town)
    return Call(town.gigs_officer, query={"limit": 5})


@recipe
def get_order(town: Town) -> Call:
    return Call(town.firm.owner, {"order_id": order(town)["id"]})


@recipe
def list_orders(town: Town) -> Call:
    order(town)
    return Call(town.firm.owner, {"enterprise_id": town.firm.id}, query={"limit": 5})


@recipe
def review_order(town: Town) -> Call:
    row = held(town)
    body = {"publish": False, "note": town.values.note, "expected_version": row["version"]}
    return Call(town.gigs_officer, {"order_id": row["id"]}, body=body)


@recipe
def cancel_order(town: Town) -> Call:
    row = order(town)
    body = {"reason": town.values.note, "expected_version": row["version"]}
    return Call(town.firm.owner, {"order_id": row["id"]}, body=body)


@recipe
def cancel_shift(town: Town) -> Call:
    (shift,) = order(town)["shifts"]
    body = {"reason": town.values.note, "expected_version": shift["version"]}
    return Call(town.firm.owner, {"shift_id": shift["id"]}, body=body)


@recipe
def copy_order(town: Town) -> Call:
    return Call(town.firm.owner, {"order_id": order(town)["id"]}, body={"days": 7})


@recipe
def keep_order_template(town: Town) -> Call:
    return Call(town.firm.owner, {"order_id": order(town)["id"]}, body={"name": f"模板{town.serial()}"})


@recipe
def list_order_templates(town: Town) -> Call:
    template(town)
    return Call(town.firm.owner, {"enterprise_id": town.firm.id})


@recipe
def order_from_template(town: Town) -> Call:
    return Call(town.firm.owner, {"template_id": template(town)["id"]}, body={"days": 7})


@recipe
def drop_order_template(town: Town) -> Call:
    return Call(town.firm.owner, {"template_id": template(town)["id"]})


@recipe
def list_shifts(town: Town) -> Call:
    order(town)
    return Call(worker(town)[0], query={"limit": 5, "process_code": CODE})


@recipe
def get_shift(town: Town) -> Call:
    (shift,) = order(town)["shifts"]
    return Call(worker(town)[0], {"shift_id": shift["id"]})
