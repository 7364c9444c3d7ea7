"""菜单式培训: courses, menus, demand, classes and their sessions."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.clock import CHINA
from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.gigs_offers import aimed
from tests.support.recipes.town import Town

ELECTRICIAN = "60706.01"


def course_form(**changes: Any) -> dict[str, Any]:
    return {
        "code": f"c{uuid.uuid4().hex[:20]}", "title": "电工（初级）", "brand": "skill", "hours": 24, "minimum": 1, "capacity": 30,
        "pass_by": "assessment", "skill_word": "电工证", "occupation_code": ELECTRICIAN, "level": "junior",
        "process_code": ELECTRICIAN, "gig_level": 2,
    } | changes  # fmt: skip


def draft_course(town: Town, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = town.training_officer.post_keyed("/training/courses", **course_form(**changes))
    return made


def course(town: Town, **changes: Any) -> dict[str, Any]:
    made = draft_course(town, **changes)
    done: dict[str, Any] = town.training_officer.post_keyed(
        f"/training/courses/{made['id']}/publish", expected_version=made["version"]
    )
    return done


def provider(town: Town) -> dict[str, Any]:
    form = {"name": f"培训学校{uuid.uuid4().hex[:10]}", "kind": "institution", "source": "自行登记"}
    made: dict[str, Any] = town.training_officer.post_keyed("/training/providers", **form)
    return made


def menu_form(town: Town, **changes: Any) -> dict[str, Any]:
    return {
        "title": f"菜单{uuid.uuid4().hex[:10]}", "year": 2026, "quarter": 4, "course_ids": [course(town)["id"]],
    } | changes  # fmt: skip


def menu(town: Town) -> dict[str, Any]:
    made: dict[str, Any] = town.training_officer.post_keyed("/training/menus", **menu_form(town))
    return made


def learner(town: Town) -> Caller:
    """With name and birth date."""
    person = town.consent(town.someone(), "service")
    person.put("/me/profile", **town.profile_form(person))
    return person


def demand_form(town: Town, **changes: Any) -> dict[str, Any]:
    return {
        "asker": "person", "enterprise_id": None, "grid_id": None, "course_id": None, "heads": 1,
        "wish": town.values.words, "submit": True,
    } | changes  # fmt: skip


def demanded(town: Town, **changes: Any) -> tuple[Caller, dict[str, Any]]:
    person = learner(town)
    return person, person.post_keyed("/training/demands", **demand_form(town, **changes))


def pooled(town: Town) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    """The asker, the demand, the pool."""
    person, made = demanded(town, course_id=course(town)["id"])
    return person, made, town.training_officer.get(f"/training/pools/{made['pool_id']}")


def quote_form() -> dict[str, Any]:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)
    return {"plan": "周末两个全天，科技园培训室", "each_fen": 0, "answer_until": until.isoformat()}


def quoted(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, made, pool = pooled(town)
    path = f"/training/pools/{pool['id']}/quote"
    town.training_officer.post_keyed(path, **quote_form(), expected_version=pool["version"])
    return person, person.get(f"/training/demands/{made['id']}")


def shortage(town: Town) -> dict[str, Any]:
    """As a day's look at the vacancies would have found it."""
    row_id, now = uuid.uuid4(), f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.000000}"
    town.restock(
        "INSERT INTO training_shortage (id, created_at, version, updated_at, kind, key, occupation_code, heads, told, state)"  # noqa: S608  # values of ours
        f" VALUES ('{row_id.hex}', '{now}', 1, '{now}', 'vacancy', '{row_id.hex}', '{ELECTRICIAN}', 3, '电工缺3人', 'proposed')"
    )
    return {"id": str(row_id), "version": 1}


def session_form(days: int = 30, **changes: Any) -> dict[str, Any]:
    start = datetime.now(UTC).astimezone(CHINA).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(
        days=days
    )
    return {
        "starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=3)).isoformat(),
        "venue": f"培训室{uuid.uuid4().hex[:8]}", "trainer_id": None, "topic": "安全用电",
    } | changes  # fmt: skip


def class_form(town: Town, **changes: Any) -> dict[str, Any]:
    session = session_form()
    until = datetime.fromisoformat(session["starts_at"]) - timedelta(hours=1)
    return {
        "course_id": course(town)["id"], "title": "电工（初级）第一期", "capacity": 30, "enrol_until": until.isoformat(),
        "sessions": [session],
    } | changes  # fmt: skip


def draft_class(town: Town, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = town.training_officer.post_keyed("/training/classes", **class_form(town, **changes))
    return made


def approved_class(town: Town, **changes: Any) -> dict[str, Any]:
    made = draft_class(town, **changes)
    done: dict[str, Any] = town.training_officer.post_keyed(
        f"/training/classes/{made['id']}/approve", expected_version=made["version"]
    )
    return done


def open_class(town: Town, **changes: Any) -> dict[str, Any]:
    made = approved_class(town, **changes)
    done: dict[str, Any] = town.training_officer.post_keyed(
        f"/training/classes/{made['id']}/open", expected_version=made["version"]
    )
    return done


@recipe
def list_training_providers(town: Town) -> Call:
    return Call(town.someone())


@recipe
def add_training_provider(town: Town) -> Call:
    return Call(town.training_officer, body={"name": f"培训学校{uuid.uuid4().hex[:10]}", "kind": "institution"})


@recipe
def update_training_provider(town: Town) -> Call:
    made = provider(town)
    return Call(
        town.training_officer, {"provider_id": made["id"]},
        body={"name": made["name"] + "二部", "kind": "school", "expected_version": made["version"]},
    )  # fmt: skip


@recipe
def list_courses(town: Town) -> Call:
    course(town)
    return Call(town.someone(), query={"brand": "skill", "state": "published", "limit": 5})


@recipe
def add_course(town: Town) -> Call:
    return Call(town.training_officer, body=course_form())


@recipe
def get_course(town: Town) -> Call:
    return Call(town.someone(), {"course_id": course(town)["id"]})


@recipe
def update_course(town: Town) -> Call:
    made = draft_course(town)
    form = course_form(code=made["code"], expected_version=made["version"])
    return Call(town.training_officer, {"course_id": made["id"]}, body=form)


@recipe
def publish_course(town: Town) -> Call:
    return Call(town.training_officer, **aimed(draft_course(town), "course_id"))


@recipe
def withdraw_course(town: Town) -> Call:
    return Call(town.training_officer, **aimed(course(town), "course_id"))


@recipe
def list_menus(town: Town) -> Call:
    return Call(town.someone())


@recipe
def add_menu(town: Town) -> Call:
    return Call(town.training_officer, body=menu_form(town))


@recipe
def update_menu(town: Town) -> Call:
    made = menu(town)
    form = menu_form(town, expected_version=made["version"])
    return Call(town.training_officer, {"menu_id": made["id"]}, body=form)


@recipe
def publish_menu(town: Town) -> Call:
    return Call(town.training_officer, **aimed(menu(town), "menu_id"))


@recipe
def close_menu(town: Town) -> Call:
    return Call(town.training_officer, **aimed(menu(town), "menu_id"))


@recipe
def list_my_demands(town: Town) -> Call:
    return Call(demanded(town)[0], query={"limit": 5})


@recipe
def place_demand(town: Town) -> Call:
    return Call(learner(town), body=demand_form(town))


@recipe
def list_demands(town: Town) -> Call:
    _, made, pool = pooled(town)
    return Call(town.training_officer, query={"state": made["state"], "pool_id": pool["id"], "limit": 5})


@recipe
def get_demand(town: Town) -> Call:
    person, made = demanded(town)
    return Call(person, {"demand_id": made["id"]})


@recipe
def update_demand(town: Town) -> Call:
    person, made = demanded(town, submit=False)
    return Call(person, **aimed(made, "demand_id", course_id=None, heads=1, wish=town.values.words))


@recipe
def submit_demand(town: Town) -> Call:
    person, made = demanded(town, submit=False)
    return Call(person, **aimed(made, "demand_id"))


@recipe
def answer_quote(town: Town) -> Call:
    person, made = quoted(town)
    return Call(person, **aimed(made, "demand_id", accept=True))


@recipe
def drop_demand(town: Town) -> Call:
    person, made = demanded(town)
    return Call(person, **aimed(made, "demand_id"))


@recipe
def match_demand(town: Town) -> Call:
    return Call(town.training_officer, **aimed(demanded(town)[1], "demand_id", course_id=course(town)["id"]))


@recipe
def decline_demand(town: Town) -> Call:
    return Call(town.training_officer, **aimed(demanded(town)[1], "demand_id", reason=town.values.answer))


@recipe
def list_pools(town: Town) -> Call:
    pooled(town)
    return Call(town.training_officer, query={"state": "open", "limit": 5})


@recipe
def get_pool(town: Town) -> Call:
    return Call(town.training_officer, {"pool_id": pooled(town)[2]["id"]})


@recipe
def quote_pool(town: Town) -> Call:
    return Call(town.training_officer, **aimed(pooled(town)[2], "pool_id", **quote_form()))


@recipe
def close_pool(town: Town) -> Call:
    return Call(town.training_officer, **aimed(pooled(town)[2], "pool_id", reason=town.values.answer))


@recipe
def list_shortages(town: Town) -> Call:
    shortage(town)
    return Call(town.training_officer, query={"state": "proposed", "limit": 5})


@recipe
def take_shortage(town: Town) -> Call:
    return Call(town.training_officer, **aimed(shortage(town), "shortage_id", course_id=course(town)["id"], heads=3))


@recipe
def dismiss_shortage(town: Town) -> Call:
    return Call(town.training_officer, **aimed(shortage(town), "shortage_id"))


@recipe
def list_classes(town: Town) -> Call:
    made = open_class(town)
    return Call(town.someone(), query={"state": "enrolling", "course_id": made["course_id"], "limit": 5})


@recipe
def create_class(town: Town) -> Call:
    return Call(town.training_officer, body=class_form(town))


@recipe
def get_class(town: Town) -> Call:
    return Call(town.someone(), {"class_id": open_class(town)["id"]})


@recipe
def update_class(town: Town) -> Call:
    made = open_class(town)
    form = {name: made[name] for name in ("title", "enrol_until", "cost_fen", "subsidised", "filing_number")}
    return Call(town.training_officer, **aimed(made, "class_id", capacity=40, **form))


@recipe
def approve_class(town: Town) -> Call:
    return Call(town.training_officer, **aimed(draft_class(town), "class_id"))


@recipe
def open_class_enrolment(town: Town) -> Call:
    return Call(town.training_officer, **aimed(approved_class(town), "class_id"))


@recipe
def close_class_enrolment(town: Town) -> Call:
    return Call(town.training_officer, **aimed(open_class(town), "class_id"))


@recipe
def cancel_class(town: Town) -> Call:
    return Call(town.training_officer, **aimed(open_class(town), "class_id", reason="教师生病"))


@recipe
def update_session(town: Town) -> Call:
    (session,) = open_class(town)["sessions"]
    return Call(town.training_officer, **aimed(session, "session_id", **session_form(31)))
