"""`GET /config` and `GET /dictionary`: what a front end needs before it shows its first page."""

import hashlib
import importlib
import json
import pkgutil
from functools import cache
from typing import Any

import app.rules
from app.core.columns import snake
from app.core.labels import Labelled
from app.core.settings import Settings
from app.rules.common.files import PURPOSES
from app.rules.identity.apps import WechatApp
from app.rules.identity.consents import POLICY_VERSIONS
from app.rules.identity.onbehalf import REPRESENTATION_TEXTS, REPRESENTATION_VERSION

# The oldest mini-program release that speaks this API.
LEAST_CLIENT_VERSION = "1.0.0"
FEATURES = ("identity", "organisation", "jobs", "gigs", "points", "training", "disputes")


@cache
def enumerations() -> dict[str, list[dict[str, str]]]:
    """Every labelled enumeration of the rule book, by its name in snake case."""
    for module in pkgutil.walk_packages(app.rules.__path__, "app.rules."):
        importlib.import_module(module.name)
    return {
        snake(enum.__name__): [{"code": member.value, "label": member.label} for member in enum]
        for enum in sorted(Labelled.__subclasses__(), key=lambda enum: enum.__name__)
        if enum.__module__.startswith("app.rules")
    }


def config(settings: Settings, app_key: WechatApp) -> dict[str, Any]:
    return {
        "app": app_key,
        "app_name": app_key.label,
        "least_client_version": LEAST_CLIENT_VERSION,
        "policy_versions": {purpose.value: version for purpose, version in POLICY_VERSIONS.items()},
        "templates": {
            kind: template.id
            for kind in settings.wechat_templates.get(app_key.value, {})
            if (template := settings.template_of(app_key.value, kind)) is not None
        },
        "representation_text": REPRESENTATION_TEXTS[REPRESENTATION_VERSION],
        "representation_text_version": REPRESENTATION_VERSION,
        "limits": {
            "body_bytes": settings.body_limit_bytes,
            "page_size": settings.page_limit,
            "upload_bytes": settings.upload_limit_bytes,
            "image_pixels": settings.image_pixels,
            "pdf_pages": settings.pdf_pages,
            "sheet_rows": settings.sheet_rows,
        },
        "uploads": [
            {"purpose": purpose, "label": purpose.label, "kinds": sorted(rule.kinds), "public": rule.public}
            for purpose, rule in PURPOSES.items()
        ],
        "features": list(FEATURES),
        "hotline": settings.hotline or None,
    }


def etag(content: Any) -> str:
    """A strong validator of an answer (RFC 9110 §8.8.3)."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'


def holds(if_none_match: str | None, tag: str) -> bool:
    """True where the caller's copy is current: compared weakly, one of several (RFC 9110 §13.1.2)."""
    held = {part.strip().removeprefix("W/") for part in (if_none_match or "").split(",")}
    return bool(held & {tag, "*"})
