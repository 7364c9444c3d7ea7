"""The texts that people agree to: one file per purpose and version beside the code, served with their version."""

from functools import cache
from pathlib import Path

from app.rules.identity.consents import POLICY_VERSIONS, SENSITIVE, ConsentPurpose
from app.schemas.common.clients import PolicyRead

FOLDER = Path(__file__).resolve().parents[2] / "policies"


@cache
def read_policy(purpose: ConsentPurpose) -> PolicyRead:
    version = POLICY_VERSIONS[purpose]
    return PolicyRead(
        purpose=purpose, label=purpose.label, version=version, sensitive=purpose in SENSITIVE,
        text=(FOLDER / f"{purpose.value}-{version}.md").read_text(encoding="utf-8"),
    )  # fmt: skip
