"""From what a check saw to the finding that a person reads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from app.rules.jobs.posting.rows import Finding, PostingRule, Severity

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What a check saw. `only_warns` where the facts do not bear a refusal (an unconfirmed wage)."""

    rule_id: str
    field: str
    start: int = 0
    end: int = 0
    message: str = ""
    params: Mapping[str, str] = dataclass_field(default_factory=dict)
    only_warns: bool = False


def finding_of(issue: Issue, rule: PostingRule, *, quote: str) -> Finding:
    severity: Severity = "block" if rule.severity == "block" and not issue.only_warns else "warn"
    ending = "修改后才能发布" if severity == "block" else "建议修改"
    return Finding(
        rule_id=rule.rule_id,
        severity=severity,
        field=issue.field,
        start=issue.start,
        end=issue.end,
        quote=quote,
        message=issue.message or f"“{quote}”涉及{rule.title}，{ending}",
        law=f"{rule.law}{rule.article}",
        mend=_filled(rule.mend, {"quote": quote, **issue.params}),
    )


def _filled(mend: str, params: Mapping[str, str]) -> str:
    """Names that this finding has no number for stay as they are: a row edited by staff must never fail a posting."""
    return _PLACEHOLDER.sub(lambda match: params.get(match[1], match[0]), mend)


def yuan(fen: float) -> str:
    """Fen as yuan without idle zeros: 219500 → "2195", 2050 → "20.5"."""
    return f"{fen / 100:.2f}".rstrip("0").rstrip(".")


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
