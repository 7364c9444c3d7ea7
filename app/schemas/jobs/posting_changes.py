"""The rules and words of postings as the office sees and changes them."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.rules.jobs.posting_changes import ChangeKind, ChangeState
from app.schemas.base import Input, Instant, Output, Text, Version, example

RuleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{2,39}$", description="Stable name of the rule")]
Source = Annotated[Text, Field(min_length=4, max_length=300, description="The law or notice, with number and title")]
Word = Annotated[Text, Field(min_length=1, max_length=60)]


class PostingRuleRead(Output):
    id: UUID
    version: int
    rule_id: str
    severity: Literal["block", "warn"]
    title: str
    law: str
    article: str
    mend: str
    effective_from: date
    effective_to: date | None = Field(description="The last day; null while no end is known")
    source: str


class PostingTermRead(Output):
    id: UUID
    version: int
    rule_id: str
    pattern: str
    kind: Literal["phrase", "regex"]
    unless: str = Field(description="Contexts in which the word does not count")
    effective_from: date
    effective_to: date | None


class RuleForm(Input):
    model_config = example({
        "rule_id": "overseas_scam", "severity": "block", "title": "境外高薪招聘", "law": "《反电信网络诈骗法》",
        "article": "第二十五条", "mend": "请删去“{quote}”", "effective_from": "2099-01-01", "effective_to": None,
        "source": "反电信网络诈骗法第二十五条",
    })  # fmt: skip

    rule_id: RuleId
    severity: Literal["block", "warn"]
    title: Annotated[Text, Field(min_length=2, max_length=60)]
    law: Annotated[Text, Field(min_length=2, max_length=80)]
    article: Annotated[Text, Field(min_length=1, max_length=40)]
    mend: Annotated[Text, Field(min_length=2, max_length=300, description="How to mend it; {quote} is what was found")]
    effective_from: date
    effective_to: date | None = None
    source: Source


class TermForm(Input):
    model_config = example({
        "rule_id": "hype", "pattern": "月入十万", "unless": ["拒绝月入十万"], "effective_from": "2099-01-01",
        "effective_to": None, "source": "2026年11月招聘专员会商记录",
    })  # fmt: skip

    rule_id: RuleId
    pattern: Word = Field(description="The word as people write it; width, blanks, script and marks do not matter")
    unless: Annotated[list[Word], Field(max_length=8)] = Field(
        default_factory=list, description="Longer wordings around it that are lawful"
    )
    effective_from: date
    effective_to: date | None = None
    source: Source


class EndForm(Input):
    model_config = example({
        "target_id": "019abcde-0000-7000-8000-000000000007", "effective_to": "2099-01-01", "source": "相关文件已废止",
    })  # fmt: skip

    target_id: UUID
    effective_to: date = Field(description="The last day on which it counts")
    source: Source


class ChangeDecision(Input):
    model_config = example({"confirm": True, "note": "与文件核对无误", "expected_version": 1})

    confirm: bool
    note: Annotated[Text, Field(max_length=200)] = ""
    expected_version: Version


class PostingChangeRead(Output):
    id: UUID
    version: int
    kind: ChangeKind
    kind_label: str
    state: ChangeState
    state_label: str
    content: dict[str, Any] = Field(description="The row as proposed")
    target_id: UUID | None
    source: str
    created_at: Instant
    decided_at: Instant | None
    note: str | None
