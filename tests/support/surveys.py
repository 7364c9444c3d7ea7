"""What the tests of 就业摸底 arrange: grids with their members, a wave, households, answers as a device sends them."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.core.clock import china_date
from app.core.ids import new_id
from app.models.jobs import SurveyAnswer, SurveyChoice, SurveyHousehold
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.identity.onbehalf import REPRESENTATION_VERSION
from app.rules.identity.roles import Role, ScopeKind
from app.rules.jobs.surveys import HouseholdSource, HouseholdState, SurveyAgeBand, SurveyOutcome, counted_choices
from tests.factories.world import Someone, World, ok

SURVEY_TEXT = POLICY_VERSIONS[ConsentPurpose.SURVEY]
AT_HOME = {"employment_state": "at_home", "wish_to_work": "yes", "training_wishes": ["sewing"], "obstacles": ["caring"]}
EMPLOYED = {"employment_state": "employed", "hours_worked": 48}


@dataclass
class Survey:
    """An open wave by person over two grids of one area, each with its member, and a grid of another area."""

    world: World
    officer: Someone
    leader: Someone
    one: Someone
    two: Someone
    grids: list[dict[str, Any]]
    wave: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/survey-waves/{self.wave['id']}"

    async def household(self, member: Someone, grid: int, address: str | None = None) -> str:
        form = {
            "client_id": str(uuid.uuid4()), "grid_id": self.grids[grid]["id"], "source": "visit",
            "address": address or f"塘后村{uuid.uuid4().hex[:6]}号",
        }  # fmt: skip
        return str(ok(await member.post("/survey-households", form))["id"])

    def item(self, household: str, **changes: Any) -> dict[str, Any]:
        """Answered by member 1; `outcome` of another kind carries nothing else."""
        now = self.world.clock.now().isoformat(timespec="seconds")
        bare = {
            "client_id": str(uuid.uuid4()), "recorded_at": now, "household_id": household, "member_no": 1,
            "outcome": "answered",
        }  # fmt: skip
        said = {
            "consent": {"by": "本人", "method": "verbal", "at": now, "policy_version": SURVEY_TEXT},
            "answers": AT_HOME,
        }  # fmt: skip
        return (bare if "outcome" in changes else bare | said) | changes

    async def send(self, member: Someone, *items: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = ok(await member.post(f"{self.path}/answers", {"items": list(items)}))
        return answer

    async def answer(self, member: Someone, household: str, **changes: Any) -> str:
        (done,) = (await self.send(member, self.item(household, **changes)))["items"]
        assert done["state"] == "accepted", done
        return str(done["answer_id"])

    async def move(self, name: str) -> dict[str, Any]:
        version = ok(await self.officer.get(self.path))["version"]
        self.wave = ok(await self.officer.post(f"{self.path}/{name}", {"expected_version": version}))
        return self.wave


async def new_wave(world: World, officer: Someone, **changes: Any) -> dict[str, Any]:
    today = china_date(world.clock.now())
    form = {
        "name": "冬季就业摸底", "unit": "person", "questions_version": "2026-11", "opens_on": str(today),
        "closes_on": str(today + timedelta(days=14)),
    } | changes  # fmt: skip
    made: dict[str, Any] = ok(await officer.post("/survey-waves", form))
    return made


async def survey(world: World, **changes: Any) -> Survey:
    officer, admin = await world.officer(), await world.admin()
    every = ok(await admin.get("/grids"))
    first = [row for row in every if row["area_name"] == every[0]["area_name"]][:2]
    grids = [*first, next(row for row in every if row["area_name"] != every[0]["area_name"])]
    one, two, leader = await world.person(), await world.person(), await world.person()
    await world.appoint(one, Role.GRID_MEMBER, ScopeKind.GRID, grids[0]["id"])
    await world.appoint(two, Role.GRID_MEMBER, ScopeKind.GRID, grids[1]["id"])
    await world.appoint(leader, Role.GRID_LEADER, ScopeKind.GRID, grids[0]["id"])
    made = Survey(world, officer, leader, one, two, grids, await new_wave(world, officer, **changes))
    await made.move("open")
    return made


def register_form(**changes: Any) -> dict[str, Any]:
    return {
        "purposes": ["service"], "method": "verbal", "text_version": REPRESENTATION_VERSION, "note": "本人在家中口头同意",
        "expected_version": 1,
    } | changes  # fmt: skip


async def put_answers(made: Survey, grid: int, people: int, answers: dict[str, Any], band: SurveyAgeBand) -> None:
    """So many answered households, as many batches would have left them."""
    now, member = made.world.clock.now(), UUID(made.one.id)
    stamps = {"created_at": now, "updated_at": now, "version": 1}
    households, rows, choices = [], [], []
    for _ in range(people):
        household, answer = new_id(), new_id()
        households.append(
            stamps | {"id": household, "client_id": uuid.uuid4(), "grid_id": UUID(made.grids[grid]["id"]),
                      "address_sealed": made.world.crypto.seal("survey_household", "address", household, "某处"),
                      "address_hash": uuid.uuid4().hex, "source": HouseholdSource.VISIT,
                      "state": HouseholdState.LIVED_IN, "recorded_by": member}
        )  # fmt: skip
        rows.append(
            stamps | {"id": answer, "wave_id": UUID(made.wave["id"]), "household_id": household,
                      "client_id": uuid.uuid4(), "content_hash": "", "member_no": 1,
                      "outcome": SurveyOutcome.ANSWERED, "age_band": band, "recorded_at": now, "recorded_by": member}
        )  # fmt: skip
        choices += [{"answer_id": answer, "question_key": k, "code": c} for k, c in counted_choices(answers)]
    async with made.world.runtime.db.unit_of_work() as session:
        connection = await session.connection()
        for model, found in ((SurveyHousehold, households), (SurveyAnswer, rows), (SurveyChoice, choices)):
            await connection.execute(insert(model), found)
