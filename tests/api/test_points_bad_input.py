"""Amounts of points and pieces that cannot be meant: refused by name, and nothing changes."""

import json
import math
from typing import Any

import pytest

from tests.factories.world import V1, World, ok, refused
from tests.support.api import nothing_stored
from tests.support.jobs import key
from tests.support.points import open_office, reward_form, rich, rule_form

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("amount", [0, -1, 1.5, "10", 2**63, math.nan, True, None], ids=str)
async def test_amounts_that_cannot_be_meant(world: World, amount: Any) -> None:
    office, mei = await open_office(world), await rich(world)
    reward, site = await office.reward()
    ok(await mei.post("/me/household", {"name": "林家"}, key=key()))
    calls: list[tuple[Any, str, dict[str, Any], str]] = [
        (mei, "/me/household/points", {"points": amount}, "points"),
        (
            office.first,
            f"/rewards/{reward}/stock",
            {"site_id": site, "kind": "receipt", "quantity": amount, "reason": "捐赠"},
            "quantity",
        ),
        (office.first, "/rewards", reward_form(points=amount), "points"),
        (office.first, "/points/rules", rule_form(points=amount), "points"),
        (office.first, "/points/budgets", office.decided | {"year": office.today.year, "points": amount}, "points"),
    ]
    async with nothing_stored(world):
        for who, path, form, field in calls:
            headers = who.headers | {"Idempotency-Key": key(), "Content-Type": "application/json"}
            answer = await world.api.post(V1 + path, content=json.dumps(form), headers=headers)
            refused(answer, 422, "invalid_fields", field)
