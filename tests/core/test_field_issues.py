"""Where something is wrong, in the client's own words: no member of a union, no tag, no wrapper in a path."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from app.core.field_issues import field_issues


class Bus(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["bus"]
    line: int
    stops: list[int] = Field(default=[], max_length=3)


class Bike(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["bike"]
    colour: str


class Trip(BaseModel):
    ride: Annotated[Bus | Bike, Field(discriminator="kind")] | None = None
    tagged: (
        Annotated[
            Annotated[Bus, Tag("by_road")] | Annotated[Bike, Tag("by_hand")],
            Discriminator(lambda value: "by_road" if "line" in value else "by_hand"),
        ]
        | None
    ) = None
    either: Bus | Bike | None = None
    answers: dict[Annotated[str, Field(max_length=6)], int | str | Annotated[list[str], Field(max_length=2)]] = {}
    even: Annotated[list[int], AfterValidator(lambda value: value)] | Annotated[int, Field(ge=5)] = 5


def told(**sent: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        Trip.model_validate(sent)
    return {issue.path: issue.message for issue in field_issues(caught.value.errors(), sent)}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"ride": {"kind": "bus", "line": "x"}}, {"ride.line": "应为整数"}),
        ({"ride": {"kind": "bus"}}, {"ride.line": "此项必填"}),
        ({"ride": {"kind": "bus", "line": 1, "stops": [1, "x"]}}, {"ride.stops.1": "应为整数"}),
        ({"ride": {"kind": "bike", "colour": "red", "bus": 1}}, {"ride.bus": "没有这个字段，请检查拼写"}),
        ({"tagged": {"line": "x", "kind": "bus"}}, {"tagged.line": "应为整数"}),
        ({"tagged": {"kind": "bike"}}, {"tagged.colour": "此项必填"}),
        # Two firm candidates; what the second lacks is no help to whom the first was meant.
        ({"either": 5}, {"either": "应为对象"}),
        ({"answers": {"q": {"int": 1}}}, {"answers.q": "应为整数，或应为文字，或应为列表"}),
        ({"answers": {"q": ["a", 5]}}, {"answers.q.1": "应为文字"}),
        ({"answers": {"q": ["a", "b", "c"]}}, {"answers.q": "最多 2 项"}),
        ({"answers": {"too long a key": 1}}, {"answers.too long a key": "最多 6 个字"}),
        ({"even": 3}, {"even": "不能小于 5"}),
        ({"even": "x"}, {"even": "应为列表，或应为整数"}),
    ],
)
def test_the_path_is_the_clients(sent: dict[str, Any], expected: dict[str, str]) -> None:
    assert told(**sent) == expected


def test_several_places_are_told_one_by_one() -> None:
    sent = {"answers": {"a": None, "b": [1]}, "ride": {"kind": "bus", "line": None}}
    assert set(told(**sent)) == {"answers.a", "answers.b.0", "ride.line"}


def test_nothing_sent_is_about_the_body() -> None:
    error = {"type": "missing", "loc": (), "input": None}
    assert [issue.path for issue in field_issues([error], None)] == ["body"]
