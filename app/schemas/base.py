"""Bases and shared types of requests and answers."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.core.clock import CHINA
from app.core.sentences import MISSING_TOGETHER

# RFC 3339 with offset, without fractions, in China Standard Time.
Instant = Annotated[
    datetime,
    PlainSerializer(lambda at: at.astimezone(CHINA).isoformat(timespec="seconds"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-24T08:00:00+08:00"]}),
]

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("时间必须带时区，例如 2026-11-24T08:00:00+08:00")
    if not EARLIEST_YEAR <= at.year <= LATEST_YEAR:
        # At the ends of the calendar even a change of zone overflows.
        raise ValueError(f"时间应在 {EARLIEST_YEAR} 年到 {LATEST_YEAR} 年之间，请核对")
    return at


def _clean(text: str) -> str:
    # PostgreSQL refuses NUL; other control characters and lone surrogates are never typed by a person.
    if any((ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) <= 0xDFFF for c in text):  # noqa: PLR2004
        raise ValueError("含有不允许的控制字符，请删除后重填")
    return text


def _clean_secret(secret: SecretStr) -> SecretStr:
    _clean(secret.get_secret_value())
    return secret


InstantIn = Annotated[datetime, AfterValidator(_aware)]
Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_clean)]
# As typed, blanks included; never shown in a log or an error.
Secret = Annotated[SecretStr, AfterValidator(_clean_secret)]
Fen = Annotated[int, Field(ge=0, le=100_000_000, description="分，1元 = 100分")]
Version = Annotated[int, Field(ge=1, le=2_147_483_647, description="您读到的 version；不是最新的会得到 409 stale")]


def missing_fields(names: Iterable[str], sentence: str) -> ValidationError:
    """For a validator of a whole form: the same refusal as for a field of wrong shape, at each of these fields."""
    error = PydanticCustomError(MISSING_TOGETHER, "{error}", {"error": sentence})
    return ValidationError.from_exception_data(
        "form", [InitErrorDetails(type=error, loc=(name,), input=None) for name in names]
    )


class Input(BaseModel):
    """A request body. Unknown fields are refused: a typing error must not be silently dropped."""

    model_config = ConfigDict(extra="forbid", str_max_length=5000, allow_inf_nan=False)


class Output(BaseModel):
    """An answer. No defaults: every field is always there."""

    model_config = ConfigDict(from_attributes=True)


class Action(Output):
    """What this caller may do now, else why not."""

    action: str = Field(description="The transition's name, as in its path")
    allowed: bool
    reason: str | None = Field(description="Why not, in Chinese; null where allowed")


class Labelled(Output):
    """A code with its Chinese label."""

    code: str
    label: str


def example(value: dict[str, Any]) -> ConfigDict:
    """`model_config` part that puts one example into the OpenAPI file."""
    return ConfigDict(json_schema_extra={"example": value})


class ExpectedVersion(Input):
    model_config = example({"expected_version": 1})

    expected_version: Version
