"""The rule book changed by the office: listed, proposed, confirmed by a second person, in force without a release."""

from datetime import timedelta
from typing import Any

from app.core.clock import china_date
from tests.api.test_jobs_takedowns import second_officer
from tests.factories.world import World, ok, refused
from tests.support.jobs import NOBODY, Hiring

WORD = "龙眼树计划"


def term(world: World, **changes: Any) -> dict[str, Any]:
    today = china_date(world.clock.now())
    return {
        "rule_id": "hype", "pattern": WORD, "unless": [f"拒绝{WORD}"], "effective_from": str(today),
        "source": "招聘专员会商记录",
    } | changes  # fmt: skip


async def decide(someone: Any, change: dict[str, Any], *, confirm: bool = True) -> Any:
    form = {"confirm": confirm, "note": "", "expected_version": change["version"]}
    return await someone.post(f"/posting-changes/{change['id']}/decide", form)


async def found(hiring: Hiring, text: str) -> set[str]:
    said = ok(await hiring.recruiter.post("/vacancies/lint", {"requirements": text}))["findings"]
    return {finding["rule_id"] for finding in said if finding["quote"]}


async def test_rules_are_listed_with_law_and_source(world: World, hiring: Hiring) -> None:
    officer = await world.officer()
    rules = ok(await officer.get("/posting-rules"))
    assert {"deposit", "sex", "origin", "duplicate", "repost_source_missing", "validity_too_long"} <= {
        row["rule_id"] for row in rules
    }
    assert all(row["law"] and row["source"] for row in rules)
    page = ok(await officer.get("/posting-terms", rule_id="deposit", limit=2))
    assert {row["rule_id"] for row in page["items"]} == {"deposit"}
    following = ok(await officer.get("/posting-terms", rule_id="deposit", limit=2, cursor=page["next_cursor"]))
    assert not {row["id"] for row in page["items"]} & {row["id"] for row in following["items"]}
    refused(await hiring.recruiter.get("/posting-rules"), 403, "forbidden")


async def test_a_word_counts_once_a_second_person_has_confirmed_it(world: World, hiring: Hiring) -> None:
    officer, other = await world.officer(), await second_officer(world)
    change = ok(await officer.post("/posting-terms", term(world)))
    assert (change["state"], change["kind_label"]) == ("proposed", "新增词条")
    assert await found(hiring, f"加入{WORD}") == set()
    refused(await decide(officer, change), 403, "self_review")
    task = next(t for t in ok(await other.get("/tasks"))["items"] if t["kind"] == "posting_change")
    assert task["subject_id"] == change["id"]
    assert ok(await decide(other, change))["state"] == "confirmed"
    assert await found(hiring, f"加入{WORD}") == {"hype"}
    assert await found(hiring, "加入龙 眼 樹 計 劃") == {"hype"}
    assert await found(hiring, f"拒绝{WORD}") == set()
    refused(await decide(other, change), 409, "stale")
    refused(await decide(other, change | {"version": 2}), 409, "posting_change_state_wrong")
    # Ended the same way: the last day still counts.
    row = ok(await officer.get("/posting-terms", rule_id="hype", limit=1))["items"][0]
    end = {"target_id": row["id"], "effective_to": str(china_date(world.clock.now())), "source": "不再需要"}
    ended = ok(await other.post("/posting-terms/end", end))
    ok(await decide(officer, ended))
    assert await found(hiring, f"加入{WORD}") == {"hype"}
    refused(await other.post("/posting-terms/end", end), 422, "posting_change_target_unknown")
    world.clock.advance(timedelta(days=1))
    hiring.recruiter = await world.person(hiring.recruiter.name)
    assert await found(hiring, f"加入{WORD}") == set()


async def test_a_new_rule_with_its_word(world: World, hiring: Hiring) -> None:
    officer, other = await world.officer(), await second_officer(world)
    rule = {
        "rule_id": "overseas", "severity": "block", "title": "境外高薪招聘", "law": "《反电信网络诈骗法》",
        "article": "第二十五条", "mend": "请删去“{quote}”", "effective_from": str(china_date(world.clock.now())),
        "source": "反电信网络诈骗法第二十五条",
    }  # fmt: skip
    refused(await officer.post("/posting-terms", term(world, rule_id="overseas")), 422, "posting_rule_unknown")
    ok(await decide(other, ok(await officer.post("/posting-rules", rule))))
    ok(await decide(other, ok(await officer.post("/posting-terms", term(world, rule_id="overseas")))))
    form = await hiring.form(requirements=WORD)
    (finding,) = refused(await hiring.recruiter.post("/vacancies", form), 422, "posting_refused")["fields"]
    assert (finding["rule_id"], finding["law"]) == ("overseas", "《反电信网络诈骗法》第二十五条")
    twice = ok(await officer.post("/posting-rules", rule))
    refused(await decide(other, twice), 409, "posting_change_exists")
    assert ok(await decide(other, twice, confirm=False))["state"] == "refused"
    listed = ok(await officer.get("/posting-changes", limit=2))
    assert [change["state"] for change in listed["items"]] == ["refused", "confirmed"]


async def test_what_cannot_be_proposed(world: World, hiring: Hiring) -> None:
    officer = await world.officer()
    yesterday = str(china_date(world.clock.now()) - timedelta(days=1))
    for changes, code in (
        ({"effective_from": yesterday}, "posting_change_period_wrong"),
        ({"effective_to": yesterday}, "posting_change_period_wrong"),
        ({"pattern": "(a+)+$"}, "posting_change_word_wrong"),
        ({"unless": ["a|b"]}, "posting_change_word_wrong"),
        ({"pattern": "！！！"}, "posting_change_word_wrong"),
        ({"pattern": "x" * 61}, "invalid_fields"),
        ({"rule_id": "Drop Table"}, "invalid_fields"),
    ):
        refused(await officer.post("/posting-terms", term(world, **changes)), 422, code)
    refused(await hiring.recruiter.post("/posting-terms", term(world)), 403, "forbidden")
    end = {"target_id": NOBODY, "effective_to": str(china_date(world.clock.now())), "source": "不再需要"}
    refused(await officer.post("/posting-rules/end", end), 422, "posting_change_target_unknown")
    refused(await decide(officer, {"id": NOBODY, "version": 1}), 404, "posting_change_not_found")
    assert ok(await officer.get("/posting-changes"))["items"] == []
