"""Facets, bookmarked vacancies, searches that are kept."""

from typing import Any

from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.town import Town

POINT = {"latitude": 24.7265, "longitude": 118.6702, "coord_type": "gcj02", "within_m": 3000}


def searcher(town: Town) -> tuple[Caller, dict[str, Any]]:
    person = town.consent(town.someone(), "service", "exact_location")
    body = {"name": "离家近的平车", "notify": True, "filters": {"q": "平车"} | POINT}
    return person, body


def kept(town: Town) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    person, body = searcher(town)
    return person, body, person.post("/me/saved-searches", **body)


@recipe
def count_vacancy_facets(town: Town) -> Call:
    assert town.open_vacancy
    return Call(query={"shift_pattern": "day"})


@recipe
def save_vacancy(town: Town) -> Call:
    return Call(town.consent(town.someone(), "service"), {"vacancy_id": town.open_vacancy["id"]})


@recipe
def list_saved_vacancies(town: Town) -> Call:
    call = save_vacancy(town)
    assert call.caller is not None
    call.caller.put(f"/me/saved-vacancies/{call.path['vacancy_id']}")
    return Call(call.caller, query={"limit": 5})


@recipe
def drop_saved_vacancy(town: Town) -> Call:
    call = list_saved_vacancies(town)
    return Call(call.caller, {"vacancy_id": town.open_vacancy["id"]})


@recipe
def save_search(town: Town) -> Call:
    person, body = searcher(town)
    return Call(person, body=body)


@recipe
def list_saved_searches(town: Town) -> Call:
    return Call(kept(town)[0])


@recipe
def update_saved_search(town: Town) -> Call:
    person, body, row = kept(town)
    return Call(person, {"search_id": row["id"]}, body=body | {"notify": False, "expected_version": row["version"]})


@recipe
def drop_saved_search(town: Town) -> Call:
    person, _, row = kept(town)
    return Call(person, {"search_id": row["id"]})
