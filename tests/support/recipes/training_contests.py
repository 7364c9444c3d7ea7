"""菜单式培训: declarations and competitions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.gigs_offers import aimed
from tests.support.recipes.gigs_orders import plain
from tests.support.recipes.town import Town
from tests.support.recipes.training import ELECTRICIAN, learner

MATERIALS = ("identity", "work_years", "photo")


def declaration_form(town: Town, person: Caller, **changes: Any) -> dict[str, Any]:
    papers = [{"material": one, "file_id": town.paper(person, "declaration_paper")} for one in MATERIALS]
    return {"kind": "level", "occupation_code": ELECTRICIAN, "target": "中级工", "papers": papers} | changes


def declared(town: Town) -> tuple[Caller, dict[str, Any]]:
    person = learner(town)
    return person, person.post_keyed("/training/declarations", **declaration_form(town, person))


def step(by: Caller, row: dict[str, Any], verb: str, **more: Any) -> dict[str, Any]:
    path = f"/training/declarations/{row['id']}/{verb}"
    done: dict[str, Any] = by.post_keyed(path, expected_version=row["version"], **more)
    return done


def submitted(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, row = declared(town)
    return person, step(person, row, "submit")


def checked(town: Town) -> dict[str, Any]:
    return step(town.training_officer, submitted(town)[1], "check")


def competition_form(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC).replace(microsecond=0)
    until, theory, practical = (now + timedelta(days=days) for days in (5, 6, 7))
    return {
        "title": "宝盖镇电工技能竞赛", "occupation_code": ELECTRICIAN, "licensed": True, "categories": ["企业职工组", "村民组"],
        "place": "科技园党建+邻里中心", "registering_until": until.isoformat(), "theory_at": theory.isoformat(),
        "practical_at": practical.isoformat(), "capacity": 60, "theory_weight": 30, "judges": 1, "awards": {"1": "一等奖"},
    } | changes  # fmt: skip


def announced(town: Town) -> dict[str, Any]:
    made: dict[str, Any] = town.training_officer.post_keyed("/training/competitions", **competition_form())
    return made


def move(town: Town, made: dict[str, Any], *verbs: str) -> dict[str, Any]:
    path = f"/training/competitions/{made['id']}"
    for verb in verbs:
        made = town.training_officer.post_keyed(
            f"{path}/{verb}", expected_version=town.training_officer.get(path)["version"]
        )
    return made


def registering(town: Town) -> dict[str, Any]:
    return move(town, announced(town), "open")


def entered(town: Town) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    """The contestant, the entry, the competition."""
    made, person = registering(town), learner(town)
    entry = person.post_keyed(f"/training/competitions/{made['id']}/enter", category="村民组")
    return person, entry, made


def eligible(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, entry, made = entered(town)
    form = {"eligible": True, "reason": None, "expected_version": entry["version"]}
    town.training_officer.post_keyed(f"/training/competition-entries/{entry['id']}/check", **form)
    return person, made


def at(town: Town, *verbs: str) -> tuple[Caller, dict[str, Any]]:
    person, made = eligible(town)
    return person, move(town, made, *verbs)


def score(town: Town, made: dict[str, Any], part: str) -> None:
    form = {"part": part, "scores": [{"number": 1, "tenths": 865}]}
    town.judge.post_keyed(f"/training/competitions/{made['id']}/scores", **form)


def scored(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, made = at(town, "close", "theory")
    score(town, made, "theory")
    made = move(town, made, "practical")
    score(town, made, "practical")
    return person, town.training_officer.get(f"/training/competitions/{made['id']}")


def published(town: Town) -> tuple[Caller, dict[str, Any]]:
    person, made = scored(town)
    return person, move(town, made, "results", "publish")


def over(town: Town) -> dict[str, Any]:
    """The window has closed."""
    _, made = published(town)
    town.restock(
        f"UPDATE competition SET objections_until = created_at WHERE id = '{plain(made['id'])}'"  # noqa: S608  # an id of ours
    )
    return made


def objected(town: Town) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    person, made = published(town)
    path = f"/training/competitions/{made['id']}/objections"
    return person, person.post_keyed(path, words=town.values.words), made


@recipe
def list_declaration_kinds(town: Town) -> Call:
    return Call(town.someone())


@recipe
def list_my_declarations(town: Town) -> Call:
    return Call(declared(town)[0], query={"limit": 5})


@recipe
def write_declaration(town: Town) -> Call:
    person = learner(town)
    return Call(person, body=declaration_form(town, person))


@recipe
def list_declarations(town: Town) -> Call:
    submitted(town)
    return Call(town.training_officer, query={"state": "submitted", "limit": 5})


@recipe
def get_declaration(town: Town) -> Call:
    person, row = declared(town)
    return Call(person, {"declaration_id": row["id"]})


@recipe
def update_declaration(town: Town) -> Call:
    person, row = declared(town)
    return Call(person, **aimed(row, "declaration_id", **declaration_form(town, person, target="高级工")))


@recipe
def submit_declaration(town: Town) -> Call:
    person, row = declared(town)
    return Call(person, **aimed(row, "declaration_id"))


@recipe
def withdraw_declaration(town: Town) -> Call:
    person, row = declared(town)
    return Call(person, **aimed(row, "declaration_id"))


@recipe
def check_declaration(town: Town) -> Call:
    return Call(town.training_officer, **aimed(submitted(town)[1], "declaration_id"))


@recipe
def return_declaration(town: Town) -> Call:
    return Call(town.training_officer, **aimed(checked(town), "declaration_id", reason=town.values.answer))


@recipe
def forward_declaration(town: Town) -> Call:
    form = {"office": "石狮市人力资源和社会保障局", "number": "石人社受2026-0123"}
    return Call(town.training_officer, **aimed(checked(town), "declaration_id", **form))


@recipe
def record_declaration_outcome(town: Town) -> Call:
    row = step(town.training_officer, checked(town), "forward", office="石狮市人社局", number="2026-0123")
    return Call(town.training_officer, **aimed(row, "declaration_id", passed=False, reason=town.values.answer))


@recipe
def list_competitions(town: Town) -> Call:
    announced(town)
    return Call(town.someone(), query={"limit": 5})


@recipe
def announce_competition(town: Town) -> Call:
    return Call(town.training_officer, body=competition_form())


@recipe
def get_competition(town: Town) -> Call:
    return Call(town.someone(), {"competition_id": announced(town)["id"]})


@recipe
def update_competition(town: Town) -> Call:
    return Call(
        town.training_officer, **aimed(announced(town), "competition_id", **competition_form(title="改名的竞赛"))
    )


@recipe
def open_competition(town: Town) -> Call:
    return Call(town.training_officer, **aimed(announced(town), "competition_id"))


@recipe
def close_competition(town: Town) -> Call:
    person, made = eligible(town)
    del person
    fresh = town.training_officer.get(f"/training/competitions/{made['id']}")
    return Call(town.training_officer, **aimed(fresh, "competition_id"))


@recipe
def begin_theory(town: Town) -> Call:
    return Call(town.training_officer, **aimed(at(town, "close")[1], "competition_id"))


@recipe
def begin_practical(town: Town) -> Call:
    return Call(town.training_officer, **aimed(at(town, "close", "theory")[1], "competition_id"))


@recipe
def make_competition_results(town: Town) -> Call:
    return Call(town.training_officer, **aimed(scored(town)[1], "competition_id"))


@recipe
def publish_competition_results(town: Town) -> Call:
    made = move(town, scored(town)[1], "results")
    return Call(town.training_officer, **aimed(made, "competition_id"))


@recipe
def finalise_competition(town: Town) -> Call:
    return Call(town.training_officer, **aimed(over(town), "competition_id"))


@recipe
def award_competition(town: Town) -> Call:
    return Call(town.training_officer, **aimed(move(town, over(town), "finalise"), "competition_id"))


@recipe
def cancel_competition(town: Town) -> Call:
    return Call(town.training_officer, **aimed(registering(town), "competition_id", reason="场地停电"))


@recipe
def enter_competition(town: Town) -> Call:
    return Call(learner(town), {"competition_id": registering(town)["id"]}, body={"category": "村民组"})


@recipe
def leave_competition(town: Town) -> Call:
    person, _, made = entered(town)
    return Call(person, {"competition_id": made["id"]})


@recipe
def list_competition_entries(town: Town) -> Call:
    return Call(town.training_officer, {"competition_id": entered(town)[2]["id"]})


@recipe
def check_competition_entry(town: Town) -> Call:
    entry = entered(town)[1]
    return Call(town.training_officer, **aimed(entry, "entry_id", eligible=False, reason=town.values.answer))


@recipe
def score_competition(town: Town) -> Call:
    _, made = at(town, "close", "theory")
    form = {"part": "theory", "scores": [{"number": 1, "tenths": 865}]}
    return Call(town.judge, {"competition_id": made["id"]}, body=form)


@recipe
def list_my_competition_scores(town: Town) -> Call:
    return Call(town.judge, {"competition_id": scored(town)[1]["id"]})


@recipe
def get_competition_results(town: Town) -> Call:
    person, made = published(town)
    return Call(person, {"competition_id": made["id"]})


@recipe
def object_to_results(town: Town) -> Call:
    person, made = published(town)
    return Call(person, {"competition_id": made["id"]}, body={"words": town.values.words})


@recipe
def list_competition_objections(town: Town) -> Call:
    person, _, made = objected(town)
    return Call(person, {"competition_id": made["id"]})


@recipe
def answer_competition_objection(town: Town) -> Call:
    objection = objected(town)[1]
    form = {"uphold": False, "answer": town.values.answer}
    return Call(town.training_officer, {"objection_id": objection["id"]}, body=form)
