"""Consents: one purpose, one version, its own gate; withdrawn, what it allowed ends at once and what must stay stays."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from app.core.clock import china_date
from app.rules.identity.consents import POLICY_VERSIONS, SENSITIVE, ConsentPurpose
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import column, count, nothing_stored
from tests.support.jobs import Hiring, key
from tests.support.privacy import (
    BORN,
    HOME,
    ID_NUMBER,
    acting,
    acts,
    agreed_before,
    full_person,
    holding,
    relative_of,
    row_of,
    rows,
    table_of,
)

PERSON, CONSENT, PROFILE = table_of("person").c, table_of("consent").c, table_of("seeker_profile").c
EVERYDAY = {purpose.value for purpose in ConsentPurpose if purpose not in SENSITIVE}


async def given(person: Someone) -> set[str]:
    return {row["purpose"] for row in ok(await person.get("/me/consents"))["purposes"] if row["given"]}


async def missing(person: Someone) -> set[str]:
    return {row["purpose"] for row in ok(await person.get("/me"))["missing_consents"]}


async def withdraw(person: Someone, purpose: str) -> None:
    assert (await person.call("DELETE", f"/me/consents/{purpose}")).status_code == 204


async def test_a_new_text_asks_again_and_until_then_allows_nothing(world: World) -> None:
    person = await world.person()
    for purpose in ConsentPurpose:
        await agreed_before(world, person, purpose)
    assert await missing(person) == EVERYDAY
    assert await given(person) == set()
    shown = ok(await person.get("/me/consents"))
    assert [row["purpose"] for row in shown["purposes"]] == [purpose.value for purpose in ConsentPurpose]
    assert {row["purpose"] for row in shown["purposes"] if row["sensitive"]} == {p.value for p in SENSITIVE}
    assert {row["policy_version"] for row in shown["history"]} == {"2025-01"}
    wanted = {"wanted": [await world.occupation()]}
    number = {"id_number": ID_NUMBER, "expected_version": 1}
    async with nothing_stored(world):
        body = refused(await person.put("/me/seeker-profile", wanted), 422, "consent_missing", "consent")
        assert body["message"] == ("请先单独同意“使用求职与零工服务”（PUT /me/consents/service），不同意不影响其他功能")
        refused(await person.put("/me/id-number", number), 422, "consent_missing", "consent")
    await world.consent(person, "service")
    assert (await missing(person), await given(person)) == ({"personal_recommendation"}, {"service"})
    ok(await person.put("/me/seeker-profile", wanted))
    refused(await person.put("/me/id-number", number), 422, "consent_missing", "consent")
    # Both versions are taken back together; the proof of both stays.
    await withdraw(person, "service")
    history = ok(await person.get("/me/consents"))["history"]
    service = {row["policy_version"]: row["withdrawn_at"] for row in history if row["purpose"] == "service"}
    assert set(service) == {"2025-01", POLICY_VERSIONS[ConsentPurpose.SERVICE]}
    assert None not in service.values()
    assert len({row["policy_version"] for row in history if row["withdrawn_at"] is None}) == 1


async def test_sensitive_data_needs_a_consent_of_its_own_and_nothing_else(world: World) -> None:
    person = await world.person()
    # Everything but the one that is needed.
    for purpose in ConsentPurpose:
        if purpose is not ConsentPurpose.ID_NUMBER:
            await world.consent(person, purpose.value)
    number = {"id_number": ID_NUMBER, "expected_version": 1}
    async with nothing_stored(world):
        body = refused(await person.put("/me/id-number", number), 422, "consent_missing", "consent")
    assert "“登记身份证号”" in body["message"]
    assert ID_NUMBER not in str(body)
    # And with the one alone, nothing else is asked for.
    other = await world.person()
    await world.consent(other, "id_number")
    saved = ok(await other.put("/me/id-number", number))
    assert (saved["id_number_masked"], saved["birth_date"]) == ("999***********0028", BORN)
    assert await missing(other) == EVERYDAY
    # Without the consent for the exact place, the rest of the registration is as good.
    await world.consent(other, "service")
    form = {"wanted": [await world.occupation()]}
    async with nothing_stored(world):
        body = refused(await other.put("/me/seeker-profile", form | {"home": HOME}), 422, "consent_missing", "consent")
    assert "PUT /me/consents/exact_location" in body["message"]
    assert ok(await other.put("/me/seeker-profile", form))["home_known"] is False
    await world.consent(other, "exact_location")
    assert ok(await other.put("/me/seeker-profile", form | {"home": HOME, "expected_version": 1}))["home_known"]


async def test_a_withdrawal_erases_what_only_this_purpose_needed(world: World) -> None:
    area = ok(await (await world.person()).get("/areas"))[0]["id"]
    seeker, number = await world.seeker(home=HOME, home_area_id=area), {"id_number": ID_NUMBER}
    await world.consent(seeker, "id_number")
    version = ok(await seeker.get("/me"))["person"]["version"]
    ok(await seeker.put("/me/id-number", number | {"expected_version": version}))
    profile = ok(await seeker.get("/me/seeker-profile"))
    assert await holding(world, ID_NUMBER, "118.651234") == {"person.id_number_sealed", "seeker_profile.home_sealed"}
    await withdraw(seeker, "exact_location")
    assert await holding(world, ID_NUMBER, "118.651234") == {"person.id_number_sealed"}
    # The area is no exact place, and the person chose it from a list.
    after = ok(await seeker.get("/me/seeker-profile"))
    told = {name: after[name] for name in ("completeness", "next_question")}
    assert after == profile | told | {"home_known": False, "version": profile["version"] + 1}
    assert told["completeness"]["percent"] < profile["completeness"]["percent"]
    assert after["home_area_id"] == area
    await withdraw(seeker, "id_number")
    assert await holding(world, ID_NUMBER, "118.651234") == set()
    stored = await row_of(world, "person", seeker.id)
    assert (stored["id_number_hash"], stored["birth_date_sealed"] is None) == (None, False)
    assert ok(await seeker.get("/me"))["person"]["id_number_masked"] is None
    # Again: nothing is left to erase, no version moves. The other consents stand.
    before = ok(await seeker.get("/me"))["person"]["version"]
    await withdraw(seeker, "id_number")
    assert ok(await seeker.get("/me"))["person"]["version"] == before
    assert await given(seeker) == EVERYDAY
    withdrawn = await acts(world, "consent_withdrawn")
    assert [(row["actor_id"], row["subject_id"]) for row in withdrawn] == [
        (UUID(seeker.id), "exact_location"), (UUID(seeker.id), "id_number"), (UUID(seeker.id), "id_number"),
    ]  # fmt: skip


async def test_without_the_service_consent_applications_end_and_the_record_of_them_stays(
    world: World, hiring: Hiring
) -> None:
    running, done, refused_one = await hiring.post(), await hiring.post(), await hiring.post()
    seeker = await world.seeker()
    mine = {v["id"]: await world.apply(seeker, v["id"]) for v in (running, done, refused_one)}
    ok(await hiring.step(mine[done["id"]], "hired"))
    ok(await hiring.step(mine[refused_one["id"]], "rejected", reason="schedule"))
    await withdraw(seeker, "service")
    states = {row["vacancy_id"]: row["state"] for row in ok(await seeker.get("/me/applications"))["items"]}
    # Who was hired works there; that is no application any more that could be taken back.
    assert states == {running["id"]: "withdrawn", done["id"]: "hired", refused_one["id"]: "rejected"}
    for vacancy in (running, done, refused_one):
        answer = await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates")
        (shown,) = ok(answer)["items"]
        assert (shown["contact"], shown["score"], shown["parts"], shown["reasons"]) == (None, None, [], [])
        assert "林小梅" not in answer.text
        assert "13850000001" not in answer.text
    form = {"vacancy_id": running["id"], "release_contact": True}
    async with nothing_stored(world):
        refused(await seeker.post("/applications", form, key=key()), 422, "consent_missing", "consent")
    # What the law keeps is kept: the steps, the consents, the registration until its owner deletes it.
    assert await count(world, table_of("consent"), CONSENT.person_id == UUID(seeker.id)) == 2
    steps = await rows(world, "application_step")
    assert len(steps) == 6
    ok(await seeker.get("/me/seeker-profile"))
    # Given anew, the way is open again.
    await world.consent(seeker, "service")
    assert ok(await seeker.post("/applications", form, key=key()))["state"] == "applied"


def birthday_of(day: date, years: int) -> datetime:
    return datetime(day.year + years, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)


async def test_a_guardian_agrees_for_a_child_until_the_fourteenth_birthday(world: World) -> None:
    child, stranger, guardian = [await world.person() for _ in range(3)]
    tomorrow = china_date(world.clock.now()) + timedelta(days=1)
    born = tomorrow.replace(year=tomorrow.year - 14)
    ok(await child.put("/me/profile", {"name": "林小宝", "birth_date": str(born), "expected_version": 1}))
    agree = {"policy_version": POLICY_VERSIONS[ConsentPurpose.SERVICE]}
    async with nothing_stored(world):
        body = refused(await child.put("/me/consents/service", agree), 403, "guardian_needed")
    assert "由监护人用自己的微信代为同意" in body["message"]
    # A relative is no guardian, and a guardian without an age on record is none either.
    relative = await relative_of(child, stranger, "relative", "profile")
    refused(await acting(stranger, relative).put("/me/consents/service", agree), 403, "guardian_needed")
    offer = {"kind": "guardian", "scopes": ["profile"], "text_version": relative["text_version"]}
    code = ok(await child.post("/representations", offer))["code"]
    refused(await guardian.post("/representations/claims", {"code": code}), 422, "guardian_age", "code")
    ok(await guardian.put("/me/profile", {"name": "林大山", "birth_date": "1985-02-01", "expected_version": 1}))
    accepted = ok(await guardian.post("/representations/claims", {"code": code}))
    ok(await acting(guardian, accepted).put("/me/consents/service", agree))
    stored = await column(world, CONSENT.representation_id, CONSENT.person_id == UUID(child.id))
    assert stored == UUID(accepted["id"])
    (shown,) = ok(await child.get("/me/consents"))["history"]
    assert (shown["purpose"], shown["method"]) == ("service", "guardian")
    # From midnight in China the child agrees by itself, and the guardian needs the child's own word.
    other = {"policy_version": POLICY_VERSIONS[ConsentPurpose.HEALTH]}
    world.clock.advance(birthday_of(born, 14) - timedelta(seconds=1) - world.clock.now())
    child, guardian = [await world.person(someone.name) for someone in (child, guardian)]
    refused(await child.put("/me/consents/health", other), 403, "guardian_needed")
    world.clock.advance(timedelta(seconds=1))
    refused(await acting(guardian, accepted).put("/me/consents/health", other), 403, "own_code_needed")
    ok(await child.put("/me/consents/health", other))
    assert ok(await child.get("/me/consents"))["history"][0]["method"] == "self"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_consents_belong_to_the_person_and_earn_nothing(world: World) -> None:
    one, other = await full_person(world), await world.person()
    assert await given(other) == set()
    await withdraw(other, "id_number")
    assert await given(one) == EVERYDAY | {"exact_location", "id_number"}
    assert await column(world, PERSON.id_number_hash, PERSON.id == UUID(one.id)) is not None
    refused(await world.anonymous.get("/me/consents"), 401, "token_invalid")
    assert await column(world, PROFILE.home_sealed, PROFILE.person_id == UUID(one.id)) is not None
