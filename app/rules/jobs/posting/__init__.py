"""What a posting may and may not say: dated rows for words, code for values. Pure; every finding names its law."""

from app.rules.jobs.posting.book import RuleBook
from app.rules.jobs.posting.check import check_posting
from app.rules.jobs.posting.rows import Finding, MinimumWage, PostingDraft, PostingRule, PostingTerm

__all__ = ["Finding", "MinimumWage", "PostingDraft", "PostingRule", "PostingTerm", "RuleBook", "check_posting"]
