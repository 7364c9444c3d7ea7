"""From recommendations to answers."""

from enum import StrEnum
from typing import Any

from pydantic_core import to_json

from app.matching.recommendation import Part, PartKey, RankedItem, Side
from app.schemas.jobs.seekers import GateRead, PlaceInList, RecommendationExplained, ScorePart
from app.schemas.jobs.vacancies import VacancyListItem
from app.services.jobs.recommendations import Explanation, Recommendation, Recommended

# Asking an enumeration for its value four hundred times an answer is felt.
_CODES: dict[StrEnum, str] = {member: member.value for kind in (PartKey, Side) for member in kind}


def page(found: Recommendation) -> bytes:
    """Straight to JSON: twenty vacancies of ten parts each would cost more to validate than to rank."""
    items = b",".join(_item(one) for one in found.items)
    rest = to_json({"personalised": found.personalised, "considered": found.considered})
    return b'{"items":[' + items + b"]," + rest[1:]


def _item(one: Recommended) -> bytes:
    item = one.item
    rest = to_json({
        "score": item.score if item else 0,
        "confidence": item.confidence if item else 0,
        "parts": [_part(part) for part in item.parts] if item else [],
        "reasons": item.reasons if item else [],
        "gaps": item.gaps if item else [],
        "moved_because": one.moved_because,
    })  # fmt: skip
    return b'{"vacancy":' + one.vacancy.json + b"," + rest[1:]


def _part(part: Part) -> dict[str, Any]:
    return {
        "key": _CODES[part.key], "label": part.label, "side": _CODES[part.side], "weight": part.weight,
        "value": part.value, "points": part.points, "text": part.text,
    }  # fmt: skip


def explained(found: Explanation) -> RecommendationExplained:
    item, place = found.item, None
    if found.place is not None:
        place = PlaceInList(rank=found.place.rank, out_of=found.place.out_of, text=_place_text(found))
    return RecommendationExplained(
        vacancy=VacancyListItem.model_validate_json(found.vacancy.json),
        personalised=found.personalised,
        gate=None if found.gate is None else GateRead(code=found.gate.value, text=found.gate_text or ""),
        score=item.score if item else None,
        confidence=item.confidence if item else None,
        parts=[ScorePart.model_validate(part) for part in item.parts] if item else [],
        reasons=list(item.reasons) if item else [],
        gaps=list(item.gaps) if item else [],
        place=place,
        text=_sentence(found, item),
    )


def _place_text(found: Explanation) -> str:
    if found.place is None:
        return "这个岗位没有参加排序：您没有填想做的工种，只比较了最新发布的岗位"
    by = "按匹配得分" if found.personalised else "按发布时间"
    return f"在{found.place.out_of}个岗位中{by}排第{found.place.rank}"


def _sentence(found: Explanation, item: RankedItem | None) -> str:
    if found.gate is not None:
        return f"不会推荐给您：{found.gate_text}"
    if item is None:
        why = "您关闭了个性化推荐，岗位不打分"
        return why if found.place is None else f"{why}；{_place_text(found)}"
    said = [f"得{item.score}分（满分1000）", _place_text(found)]
    said += [f"合适：{'、'.join(item.reasons)}"] if item.reasons else []
    said += [f"不合或未知：{'、'.join(item.gaps)}"] if item.gaps else []
    return "；".join(said)
