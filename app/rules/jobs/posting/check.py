"""The check of a whole posting: values first collected, then words, then put in the order of the form."""

from dataclasses import fields
from datetime import date

from app.rules.jobs.posting.book import RuleBook
from app.rules.jobs.posting.facts import value_issues
from app.rules.jobs.posting.issues import Issue, finding_of
from app.rules.jobs.posting.rows import TEXT_FIELDS, Finding, PostingDraft
from app.rules.jobs.posting.students import student_issues
from app.rules.jobs.posting.wages import wage_issues

# Between two fields: the end of a clause, and no end of a sentence.
SEAM = "，"
_ORDER = {field.name: place for place, field in enumerate(fields(PostingDraft))}

_UNLOADED = Finding(
    rule_id="rules_unloaded",
    severity="block",
    field="title",
    start=0,
    end=0,
    quote="",
    message="招聘信息规则还没有装入，暂时不能发布",
    law="《人力资源市场暂行条例》第二十九条",
    mend="请联系镇里的工作人员装入规则后再发布",
)


def check_posting(draft: PostingDraft, book: RuleBook, *, today: date) -> list[Finding]:
    """All findings of a posting on a day, in the order of the form (人力资源市场暂行条例 第二十四条 and the dated rows).

    A rule without a row in force on `today` says nothing; a book without any row blocks. Sorted by field, start, rule id; at most one finding per
    rule and span.
    """
    if not book.is_loaded(today):
        return [_UNLOADED]
    issues = [
        *_word_issues(draft, book, today), *value_issues(draft, today), *wage_issues(draft, book.wages(today)),
        *student_issues(draft, book.limits(today)),
    ]  # fmt: skip
    return _ordered(issues, draft, book, today)


def check_students(draft: PostingDraft, book: RuleBook, *, today: date) -> list[Finding]:
    """Only the limits for students, for a posting that is already out and comes to a fair."""
    return _ordered(list(student_issues(draft, book.limits(today))), draft, book, today)


def _ordered(issues: list[Issue], draft: PostingDraft, book: RuleBook, today: date) -> list[Finding]:
    findings = {
        (_ORDER[finding.field], finding.start, finding.rule_id, finding.end): finding
        for issue in issues
        if (finding := _judged(issue, draft, book, today)) is not None
    }
    return [findings[key] for key in sorted(findings)]


def _word_issues(draft: PostingDraft, book: RuleBook, today: date) -> list[Issue]:
    within = [
        Issue(rule_id=hit.rule_id, field=field, start=hit.start, end=hit.end)
        for field in TEXT_FIELDS
        for hit in book.hits(getattr(draft, field), today)
    ]
    return within + _spread_issues(draft, book, today)


def _spread_issues(draft: PostingDraft, book: RuleBook, today: date) -> list[Issue]:
    """What a rule finds only where two fields are read one after the other: quoted as far as the first of them goes."""
    written = [(field, getattr(draft, field)) for field in TEXT_FIELDS if getattr(draft, field)]
    whole, starts = "", []
    for field, text in written:
        starts.append((len(whole), field, len(text)))
        whole += text + SEAM
    issues = []
    for hit in book.hits(whole, today):
        start, field, length = next(place for place in reversed(starts) if place[0] <= hit.start)
        if hit.end > start + length + len(SEAM) and hit.start < start + length:
            issues.append(Issue(rule_id=hit.rule_id, field=field, start=hit.start - start, end=length))
    return issues


def _judged(issue: Issue, draft: PostingDraft, book: RuleBook, today: date) -> Finding | None:
    rule = book.rule(issue.rule_id, today)
    if rule is None:
        return None
    text = getattr(draft, issue.field) if issue.end else ""
    return finding_of(issue, rule, quote=text[issue.start : issue.end])
