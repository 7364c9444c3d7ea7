"""Plans: solved by the worker, looked at, adjusted, published; pins; what was short."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.clock import CHINA
from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.gigs_offers import aimed
from tests.support.recipes.gigs_orders import order, stretch
from tests.support.recipes.gigs_profiles import worker
from tests.support.recipes.town import Town

DAYS = 10


def first_day(days: int = DAYS) -> str:
    return str((datetime.now(UTC).astimezone(CHINA) + timedelta(days=days)).date())


def shift(town: Town) -> dict[str, Any]:
    """For the plan to fill: two heads of a process that hardly anybody knows."""
    made: dict[str, Any] = order(town, stretch(days=DAYS, heads=2), fill_mode="allocate")["shifts"][0]
    return made


def begun(town: Town, *, days: int = 1) -> dict[str, Any]:
    shift(town)
    form = {"enterprise_id": town.firm.id, "first_day": first_day(), "days": days, "limit_seconds": 2}
    clear(town)
    done: dict[str, Any] = town.firm.owner.post_keyed("/allocation-runs", **form)
    return done


def clear(town: Town) -> None:
    """One run at a time: whatever an earlier recipe left is over."""
    town.restock("UPDATE allocation_run SET state = 'cancelled' WHERE state IN ('queued', 'running')")


def ready(town: Town) -> dict[str, Any]:
    worker(town)
    row = begun(town)

    def over() -> dict[str, Any] | None:
        now: dict[str, Any] = town.firm.owner.get(f"/allocation-runs/{row['id']}")
        assert now["state"] not in {"failed", "cancelled"}, now
        return now if now["state"] == "ready" else None

    return town.await_(over)  # type: ignore[no-any-return]


def run(row: dict[str, Any]) -> dict[str, str]:
    return {"run_id": row["id"]}


@recipe
def start_allocation(town: Town) -> Call:
    shift(town)
    clear(town)
    form = {"enterprise_id": town.firm.id, "first_day": first_day(), "days": 1, "limit_seconds": 2}
    return Call(town.firm.owner, body=form)


@recipe
def list_allocations(town: Town) -> Call:
    begun(town)
    return Call(town.firm.owner, query={"limit": 5})


@recipe
def get_allocation(town: Town) -> Call:
    return Call(town.firm.owner, run(ready(town)))


@recipe
def list_allocated(town: Town) -> Call:
    return Call(town.firm.owner, run(ready(town)), query={"limit": 5})


@recipe
def list_unfilled(town: Town) -> Call:
    return Call(town.firm.owner, run(ready(town)), query={"limit": 5})


@recipe
def list_unallotted(town: Town) -> Call:
    return Call(town.gigs_officer, run(ready(town)), query={"limit": 5})


@recipe
def edit_allocation(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(ready(town), "run_id", add=[], remove=[]))


@recipe
def publish_allocation(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(ready(town), "run_id"))


@recipe
def cancel_allocation(town: Town) -> Call:
    return Call(town.firm.owner, **aimed(ready(town), "run_id"))


def pinned(town: Town) -> tuple[dict[str, Any], Caller]:
    person, _ = worker(town)
    made = shift(town)
    path = f"/shifts/{made['id']}/pins/{person.person_id}"
    town.gigs_officer.put(path, kind="ban", reason=town.values.note)
    return made, person


@recipe
def list_plan_pins(town: Town) -> Call:
    return Call(town.firm.owner, {"shift_id": pinned(town)[0]["id"]})


@recipe
def put_plan_pin(town: Town) -> Call:
    person, _ = worker(town)
    path = {"shift_id": shift(town)["id"], "person_id": person.person_id}
    return Call(town.gigs_officer, path, body={"kind": "pin", "reason": "带过这条线"})


@recipe
def remove_plan_pin(town: Town) -> Call:
    made, person = pinned(town)
    return Call(town.gigs_officer, {"shift_id": made["id"], "person_id": person.person_id})


@recipe
def list_training_proposals(town: Town) -> Call:
    return Call(town.gigs_officer)
