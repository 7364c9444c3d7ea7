"""The corpus of whole postings that the author of the word lists has not written: `tests/data/postings`.

Sets a and c were looked at while the words were tuned; b and g never were, only their two
figures (do not read their rows); nothing was tuned to e yet.
"""

import csv
from pathlib import Path

from app.rules.jobs.posting import Finding, RuleBook, check_posting
from tests.rules.jobs.posting_material import TODAY, draft

FOLDER = Path(__file__).parents[2] / "data" / "postings"
TEXTS = ("title", "duties", "requirements", "benefits_note", "contact_note")
# The corpus names groups of rules as the law does; ours are finer.
RULES = {
    "deposit": {"deposit", "fee", "training_loan", "id_seizure"},
    "ethnicity": {"ethnicity_religion"},
    "religion": {"ethnicity_religion"},
    "hbv": {"hbv", "infection"},
    "hours": {"hours_over_law"},
    "late_pay": {"pay_late"},
    "minors_hazard": {"minor_hazard"},
}
Posting = dict[str, str]


def postings(name: str) -> list[Posting]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def findings(posting: Posting, book: RuleBook) -> list[Finding]:
    return check_posting(draft(**{name: posting[name] for name in TEXTS}), book, today=TODAY)


def caught(posting: Posting, book: RuleBook) -> bool:
    wanted = RULES.get(posting["rule"], {posting["rule"]})
    return any(finding.rule_id in wanted for finding in findings(posting, book))


def measured(name: str, book: RuleBook) -> tuple[float, float]:
    """Recall over the postings that break a rule (that rule must be named), and the share of lawful ones with any finding."""
    breaks, clean = postings(f"breaks_{name}"), postings(f"clean_{name}")
    recall = sum(caught(posting, book) for posting in breaks) / len(breaks)
    return recall, sum(bool(findings(posting, book)) for posting in clean) / len(clean)
