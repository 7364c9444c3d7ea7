"""The same post twice: a firm's other open posting of the same work at the same place in nearly the same words. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from app.rules.geo import distance_m
from app.rules.jobs.posting.issues import Issue
from app.rules.jobs.posting.text import squeeze

# Titles are short: one changed character of ten stays within this.
TITLE_ALIKE = 0.85
TEXT_ALIKE = 0.9
# Two texts of a few words are alike by chance.
TEXT_LEAST = 12
SAME_PLACE_M = 100


@dataclass(frozen=True, slots=True)
class Place:
    """`point`: latitude and longitude in gcj02, None where the posting has none."""

    address: str
    point: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class OtherPosting:
    id: str
    title: str
    text: str
    place: Place
    # "招聘中，2026年6月1日发布": how the finding names it.
    told: str


def duplicate_issue(title: str, text: str, place: Place, others: Iterable[OtherPosting]) -> tuple[Issue, str] | None:
    """The first of `others` (same firm, same occupation, open) that says nearly the same, and its id."""
    for other in others:
        if _same_place(place, other.place) and (
            _alike(title, other.title, TITLE_ALIKE) or _same_text(text, other.text)
        ):
            message = f"与本企业的岗位“{other.title}”（{other.told}）几乎相同：同一职业、同一地点、文字相近"
            return Issue(rule_id="duplicate", field="title", message=message, params={"title": other.title}), other.id
    return None


def _same_place(one: Place, other: Place) -> bool:
    if one.point is not None and other.point is not None:
        return distance_m(*one.point, *other.point) <= SAME_PLACE_M
    return squeeze(one.address) == squeeze(other.address)


def _same_text(one: str, other: str) -> bool:
    return min(len(one), len(other)) >= TEXT_LEAST and _alike(one, other, TEXT_ALIKE)


def _alike(one: str, other: str, least: float) -> bool:
    """Width, case, script, blanks and marks do not make another posting of it."""
    plain, against = squeeze(one), squeeze(other)
    if plain == against:
        return bool(plain)
    matcher = SequenceMatcher(None, plain, against, autojunk=False)
    # The cheap upper bounds first: the exact ratio costs the product of both lengths.
    return matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least and matcher.ratio() >= least
