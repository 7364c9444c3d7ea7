"""The law of hours and ages as dated rows: which numbers bind on a day, per employer or per person. Pure."""

from app.core.labels import Labelled


class LimitKind(Labelled):
    LAW = "law", "法定"
    HOUSE = "house", "平台规则"


class LimitScope(Labelled):
    PER_EMPLOYER = "per_employer", "按用工单位"
    PER_PERSON = "per_person", "按本人"
