"""Being found, invitations, interviews, and whether who was hired has stayed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.clock import CHINA
from app.rules.jobs.invitations import FINDABLE_VERSION
from demo.client import Caller
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.town import Town


def invitation(town: Town) -> tuple[str, dict[str, Any]]:
    """A vacancy of its own, and the findable person's invitation to it."""
    vacancy = town.vacancy()["id"]
    person = town.findable
    for _ in range(20):
        (first, *_) = town.firm.owner.get(f"/vacancies/{vacancy}/suggested-seekers")["items"]
        town.firm.owner.post_keyed(f"/vacancies/{vacancy}/invitations", seeker_ref=first["seeker_ref"])
        for row in person.get("/me/invitations", limit=100)["items"]:
            if row["vacancy"]["id"] == vacancy:
                return vacancy, row
    raise AssertionError("没有轮到要邀请的人")


def slots() -> list[dict[str, Any]]:
    tomorrow = datetime.now(UTC).astimezone(CHINA).replace(hour=9, minute=0, second=0, microsecond=0)
    return [{"starts_at": (tomorrow + timedelta(days=1)).isoformat(), "minutes": 30}]


def interview(town: Town) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    """A seeker, their application, and the times offered."""
    seeker, row = town.application()
    made = town.firm.owner.post_keyed(f"/applications/{row['id']}/interviews", slots=slots())
    return seeker, row, made


def agreed(town: Town) -> dict[str, Any]:
    seeker, _, made = interview(town)
    done: dict[str, Any] = seeker.post_keyed(
        f"/me/interviews/{made['id']}/confirm", slot=0, expected_version=made["version"]
    )
    return done


def hired(town: Town) -> tuple[Caller, dict[str, Any]]:
    """So long ago that nobody knows the day."""
    seeker, row = town.application()
    row = town.firm.owner.post_keyed(f"/applications/{row['id']}/steps", state="hired", expected_version=row["version"])
    town.restock("UPDATE application SET hired_at = NULL")
    return seeker, row


@recipe
def set_findable(town: Town) -> Call:
    return Call(town.registered(), body={"findable": False, "text_version": FINDABLE_VERSION})


@recipe
def suggest_seekers(town: Town) -> Call:
    assert town.findable
    return Call(town.firm.owner, {"vacancy_id": town.open_vacancy["id"]})


@recipe
def invite_seeker(town: Town) -> Call:
    assert town.findable
    vacancy = town.vacancy()["id"]
    (first, *_) = town.firm.owner.get(f"/vacancies/{vacancy}/suggested-seekers")["items"]
    return Call(town.firm.owner, {"vacancy_id": vacancy}, body={"seeker_ref": first["seeker_ref"]})


@recipe
def list_invitations(town: Town) -> Call:
    return Call(town.firm.owner, {"vacancy_id": invitation(town)[0]}, query={"limit": 5})


@recipe
def withdraw_invitation(town: Town) -> Call:
    _, row = invitation(town)
    return Call(town.firm.owner, {"invitation_id": row["id"]}, body={"expected_version": row["version"]})


@recipe
def list_my_invitations(town: Town) -> Call:
    return Call(town.findable, query={"limit": 5})


@recipe
def get_my_invitation(town: Town) -> Call:
    return Call(town.findable, {"invitation_id": invitation(town)[1]["id"]})


@recipe
def accept_invitation(town: Town) -> Call:
    _, row = invitation(town)
    body = {"release_contact": True, "expected_version": row["version"]}
    return Call(town.findable, {"invitation_id": row["id"]}, body=body)


@recipe
def decline_invitation(town: Town) -> Call:
    _, row = invitation(town)
    return Call(
        town.findable, {"invitation_id": row["id"]}, body={"reason": "distance", "expected_version": row["version"]}
    )


@recipe
def propose_interview(town: Town) -> Call:
    _, row = town.application()
    return Call(town.firm.owner, {"application_id": row["id"]}, body={"slots": slots()})


@recipe
def list_interviews(town: Town) -> Call:
    return Call(town.firm.owner, {"application_id": interview(town)[1]["id"]})


@recipe
def reschedule_interview(town: Town) -> Call:
    _, _, row = interview(town)
    body = {"slots": slots(), "expected_version": row["version"]}
    return Call(town.firm.owner, {"interview_id": row["id"]}, body=body)


@recipe
def cancel_interview(town: Town) -> Call:
    _, _, row = interview(town)
    return Call(town.firm.owner, {"interview_id": row["id"]}, body={"expected_version": row["version"]})


@recipe
def record_interview_result(town: Town) -> Call:
    row = agreed(town)
    town.restock("UPDATE interview SET starts_at = created_at WHERE state = 'confirmed'")
    body = {"result": "passed", "expected_version": row["version"]}
    return Call(town.firm.owner, {"interview_id": row["id"]}, body=body)


@recipe
def list_my_interviews(town: Town) -> Call:
    return Call(interview(town)[0], query={"limit": 5})


@recipe
def get_my_interview(town: Town) -> Call:
    seeker, _, row = interview(town)
    return Call(seeker, {"interview_id": row["id"]})


@recipe
def confirm_interview(town: Town) -> Call:
    seeker, _, row = interview(town)
    return Call(seeker, {"interview_id": row["id"]}, body={"slot": 0, "expected_version": row["version"]})


@recipe
def ask_other_time(town: Town) -> Call:
    seeker, _, row = interview(town)
    body = {"words": "周末都可以", "expected_version": row["version"]}
    return Call(seeker, {"interview_id": row["id"]}, body=body)


@recipe
def get_vacancy_version(town: Town) -> Call:
    return Call(town.firm.owner, {"vacancy_id": town.open_vacancy["id"], "number": "1"})


@recipe
def get_candidate(town: Town) -> Call:
    return Call(town.firm.owner, {"application_id": town.application()[1]["id"]})


@recipe
def answer_kept(town: Town) -> Call:
    _, row = hired(town)
    body = {"days": 30, "answer": "on_post", "expected_version": row["version"]}
    return Call(town.firm.owner, {"application_id": row["id"]}, body=body)


@recipe
def answer_my_kept(town: Town) -> Call:
    seeker, row = hired(town)
    return Call(seeker, {"application_id": row["id"]}, body={"days": 30, "answer": "on_post"})


@recipe
def explain_recommendation(town: Town) -> Call:
    return Call(town.registered(), {"vacancy_id": town.open_vacancy["id"]})
