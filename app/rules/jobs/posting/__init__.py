"""What a posting may and may not say: dated rows for words, code for values. Pure; every finding names its law."""

from app.rules.jobs.posting.book import RuleBook
from app.rules.jobs.posting.check import check_posting, check_students
from app.rules.jobs.posting.rows import Finding, InternLimit, MinimumWage, PostingDraft, PostingRule, PostingTerm

__all__ = [
    "Finding", "InternLimit", "MinimumWage", "PostingDraft", "PostingRule", "PostingTerm", "RuleBook", "check_posting",
    "check_students",
]  # fmt: skip
