"""A town of any size as plain columns: enterprises, recruiters, seekers, vacancies. Seeded, vectorised, no database.

Every name, phone number and address is fictional. Shapes follow the jobs design: few firms post most vacancies, few
trades take most of them, most postings are recent, some published ones have run past their date and wait for the sweep.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.matching.tokens import index_tokens
from app.models.jobs import Vacancy
from app.rules.identity.apps import WechatApp
from app.rules.identity.consents import POLICY_VERSIONS, ConsentMethod
from app.rules.identity.people import PersonState
from app.rules.identity.roles import Role, ScopeKind
from app.rules.jobs.terms import (
    Benefit,
    CoordType,
    Engagement,
    PayCycle,
    PayUnit,
    SeekerState,
    ShiftPattern,
    SkillLevel,
    Vehicle,
    WorkFeature,
)
from app.rules.jobs.vacancies import OPEN, VacancyState
from app.rules.organisation import EnterpriseState, VerifiedHow, verified_label
from app.services.jobs.derived import derive

Columns = dict[str, Sequence[Any]]
Ints = NDArray[np.int64]

# A day in milliseconds; vacancies reach back half a year.
DAY_MS = 86_400_000
HISTORY_DAYS = 180
STATES = {
    VacancyState.PUBLISHED: 0.62, VacancyState.EXPIRED: 0.12, VacancyState.FILLED: 0.10, VacancyState.WITHDRAWN: 0.05,
    VacancyState.DRAFT: 0.04, VacancyState.PAUSED: 0.03, VacancyState.IN_REVIEW: 0.015, VacancyState.RETURNED: 0.015,
    VacancyState.TAKEN_DOWN: 0.01,
}  # fmt: skip
NEVER_PUBLISHED = {VacancyState.DRAFT, VacancyState.IN_REVIEW, VacancyState.RETURNED}
# Published rows whose date has passed and that the sweep has not met yet; rows that share their instant with another.
STALE, TIED = 0.03, 0.02

FIRST = list("恒宏鑫华盛泰裕锦瑞腾隆祥昌达丰嘉佳美雅尚卓远凯德信诚睿博天海金银龙凤云星辰旭")
SECOND = list("源达发兴利荣鑫辉耀宇博创联合顺安康宁和平成功胜凡翔飞鸿图强伟杰威奇妙彩丽韵格")
BUSINESS = ["服饰", "服装配件", "针织", "印染", "织造", "鞋业", "箱包", "拉链", "五金", "塑胶", "包装", "电子商务", "物流", "食品"]  # fmt: skip
ROADS = ["科技园回兴路", "宋塘路", "宝盖大道", "香江路", "塘后工业区", "仑后村新街", "石狮大道", "子芳路", "鞋城路", "濠江路"]  # fmt: skip
MACHINES = ["平车", "包缝机", "双针车", "绷缝机", "电剪", "横机", "圆机", "注塑机", "冲床", "叉车"]
CERTIFICATES = ["叉车证", "电工证", "焊工证", "健康证", "会计证"]
WORK = ["按工艺单操作，保证质量和产量", "负责日常生产，服从班组安排", "按样衣要求完成各道工序", "负责设备点检，做好交接记录", "按订单备料、清点、入库", "配合主管完成当天任务"]  # fmt: skip
WISH = ["有经验者优先，新手可带教", "手脚勤快，做事认真", "能适应加班", "会看工艺单，懂基本尺寸", "身体健康，长期稳定", "熟悉本地，住在附近优先"]  # fmt: skip
EXTRA = ["工厂靠近公交站", "车间有空调", "旺季货源稳定", "老厂直招不收费", "淡季保底", "工资准时发放", "提供夜宵", "可夫妻同厂"]  # fmt: skip
SURNAMES = list("林陈蔡王李张黄吴许郑施邱卢洪杨刘周曾谢苏")
GIVEN = list("梅英强伟丽芳军杰燕玲明华平艳勇霞建国红秀兰志刚")


@dataclass(frozen=True)
class Size:
    vacancies: int = 100_000
    enterprises: int = 2_000
    seekers: int = 30_000
    seed: int = 20_261_124


@dataclass(frozen=True, slots=True)
class Codes:
    """What the seeds already hold: the town's occupations with the words for them, the ids of the areas."""

    occupations: Sequence[tuple[str, str]]
    aliases: dict[str, list[str]]
    areas: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Town:
    """`tables`: name → column → values, in the order in which foreign keys allow inserting. `tokens`: by document seq."""

    tables: dict[str, Columns]
    tokens: list[tuple[int, list[str]]]
    # Somebody who can sign in: (person, session).
    someone: tuple[UUID, UUID]


class Maker:
    def __init__(self, size: Size, codes: Codes, crypto: Crypto, now: datetime) -> None:
        self.size, self.codes, self.crypto, self.now = size, codes, crypto, now
        self.rng = np.random.default_rng(size.seed)
        self.today = china_date(now)
        self.now_ms = int(now.timestamp() * 1000)

    def make(self) -> Town:
        firms = self._enterprises()
        people = self._people()
        recruiters, seekers = people["id"][: self.size.enterprises], people["id"][self.size.enterprises :]
        vacancies = self._vacancies(firms, recruiters)
        documents, tokens = self._documents(vacancies)
        sessions = self._sessions(seekers)
        tables: dict[str, Columns] = {
            "person": people,
            "wechat_identity": self._identities(people["id"]),
            "login_session": sessions,
            "consent": self._consents(seekers),
            "enterprise": firms,
            "appointment": self._appointments(recruiters, firms),
            "seeker_profile": self._seekers(seekers),
            "vacancy": vacancies,
            "vacancy_document": documents,
        }
        return Town(tables, tokens, (sessions["person_id"][0], sessions["id"][0]))

    # -- drawing ---------------------------------------------------------------------------------------------------

    def ids(self, at_ms: Ints) -> list[UUID]:
        """UUIDv7 (RFC 9562) of these milliseconds."""
        high = (at_ms.astype(np.uint64) << np.uint64(16)) | np.uint64(0x7000)
        high |= self.rng.integers(0, 1 << 12, at_ms.size, dtype=np.uint64)
        low = np.uint64(1 << 63) | self.rng.integers(0, 1 << 62, at_ms.size, dtype=np.uint64)
        return [UUID(int=(int(h) << 64) | int(v)) for h, v in zip(high, low, strict=True)]

    def pick(self, options: Sequence[Any], count: int, weights: Any = None) -> list[Any]:
        chances = None if weights is None else np.asarray(weights, float) / np.sum(weights)
        return [options[i] for i in self.rng.choice(len(options), count, p=chances).tolist()]

    def some(self, options: Sequence[Any], count: int, share: float) -> list[list[Any]]:
        """For each of `count` rows a sub-list: each option by itself with this chance."""
        drawn = self.rng.random((count, len(options))) < share
        return [[options[i] for i in np.flatnonzero(row).tolist()] for row in drawn]

    def maybe(self, values: Sequence[Any], share: float) -> list[Any]:
        kept = self.rng.random(len(values)) < share
        return [value if keep else None for value, keep in zip(values, kept, strict=True)]

    def whole(self, low: int, high: int, count: int, step: int = 1) -> list[int]:
        drawn: list[int] = (self.rng.integers(low, high + 1, count) * step).tolist()
        return drawn

    @staticmethod
    def instants(at_ms: Ints) -> list[datetime]:
        return [datetime.fromtimestamp(ms / 1000, UTC) for ms in at_ms.tolist()]

    @staticmethod
    def zipf(count: int, power: float) -> NDArray[np.float64]:
        weights: NDArray[np.float64] = np.arange(1, count + 1, dtype=np.float64) ** -power
        return weights

    def past(self, count: int, days: int) -> Ints:
        """Instants of the last `days`, recent ones more often."""
        back: Ints = (self.rng.beta(1, 2.2, count) * days * DAY_MS).astype(np.int64)
        return self.now_ms - back - 60_000

    # -- tables ----------------------------------------------------------------------------------------------------

    def _versioned(self, at_ms: Ints) -> Columns:
        at = self.instants(at_ms)
        return {"id": self.ids(at_ms), "created_at": at, "updated_at": at, "version": [1] * len(at)}

    def _enterprises(self) -> Columns:
        count = self.size.enterprises
        names = [f"石狮市{a}{b}{c}有限公司" for a, b, c in product(FIRST, SECOND, BUSINESS)]
        if count > len(names):
            raise ValueError(f"至多 {len(names)} 家企业")
        chosen = self.rng.permutation(len(names))[:count]
        return self._versioned(self.past(count, 700)) | {
            "name": [names[i] for i in chosen],
            "kind": ["employer"] * count,
            "state": [EnterpriseState.APPROVED] * count,
            "address": self._addresses(count),
            "approved_at": [self.now] * count,
            "verified_how": [VerifiedHow.UPLOAD] * count,
            "verified_until": [self.today + timedelta(days=365)] * count,
            "area_id": self.maybe(self.pick(self.codes.areas, count), 0.8),
        }

    def _addresses(self, count: int) -> list[str]:
        numbers = self.whole(1, 999, count)
        return [f"宝盖镇{road}{number}号" for road, number in zip(self.pick(ROADS, count), numbers, strict=True)]

    def _people(self) -> Columns:
        """Recruiters first, then seekers; names, phones, birth dates sealed as the service seals them."""
        count = self.size.enterprises + self.size.seekers
        columns = self._versioned(self.past(count, 600))
        names = [a + b + c for a, b, c in zip(*(self.pick(o, count) for o in (SURNAMES, GIVEN, GIVEN)), strict=True)]
        births = [date(1960, 1, 1) + timedelta(days=d) for d in self.whole(0, 365 * 46, count)]
        phones = [f"1385{n:07d}" for n in range(count)]
        seal = self.crypto.seal
        ids = columns["id"]
        return columns | {
            "unionid": [f"bench-union-{n:06d}" for n in range(count)],
            "state": [PersonState.ACTIVE] * count,
            "name_held": [False] * count,
            "night_messages": [False] * count,
            "name_sealed": [seal("person", "name", i, v) for i, v in zip(ids, names, strict=True)],
            "phone_sealed": [seal("person", "phone", i, v) for i, v in zip(ids, phones, strict=True)],
            "phone_hash": [self.crypto.keyed_hash("phone", v) for v in phones],
            "birth_date_sealed": [
                seal("person", "birth_date", i, v.isoformat()) for i, v in zip(ids, births, strict=True)
            ],
        }

    def _identities(self, people: Sequence[UUID]) -> Columns:
        count = len(people)
        at = self.past(count, 300)
        return {
            "id": self.ids(at), "created_at": self.instants(at), "person_id": people,
            "app": [WechatApp.ZHIPIN] * count, "openid": [f"bench-open-{n:06d}" for n in range(count)],
        }  # fmt: skip

    def _sessions(self, seekers: Sequence[UUID]) -> Columns:
        count = len(seekers)
        at = self.past(count, 20)
        return {
            "id": self.ids(at), "created_at": self.instants(at), "person_id": seekers,
            "app": [WechatApp.ZHIPIN] * count, "expires_at": [self.now + timedelta(days=30)] * count,
            "latest_at": [self.now + timedelta(days=180)] * count,
        }  # fmt: skip

    def _consents(self, seekers: Sequence[UUID]) -> Columns:
        pairs = [(person, purpose) for person in seekers for purpose in POLICY_VERSIONS]
        at = self.past(len(pairs), 300)
        return {
            "id": self.ids(at), "created_at": self.instants(at), "person_id": [person for person, _ in pairs],
            "purpose": [purpose for _, purpose in pairs],
            "policy_version": [POLICY_VERSIONS[purpose] for _, purpose in pairs],
            "app": [WechatApp.ZHIPIN] * len(pairs), "method": [ConsentMethod.SELF] * len(pairs),
        }  # fmt: skip

    def _appointments(self, recruiters: Sequence[UUID], firms: Columns) -> Columns:
        at = self.past(len(recruiters), 300)
        return self._versioned(at) | {
            "person_id": recruiters, "role": [Role.RECRUITER] * len(recruiters),
            "scope_kind": [ScopeKind.ENTERPRISE] * len(recruiters), "scope_id": firms["id"],
            "valid_from": self.instants(at), "source": ["企业认领"] * len(recruiters),
        }  # fmt: skip

    def _seekers(self, seekers: Sequence[UUID]) -> Columns:
        count = len(seekers)
        columns = self._versioned(self.past(count, 400))
        codes = [code for code, _ in self.codes.occupations]
        trades = [self.pick(codes, count, self.zipf(len(codes), 0.7)) for _ in range(3)]
        many = self.whole(0, 3, count)
        wanted = [list(dict.fromkeys(t))[:n] for t, n in zip(zip(*trades, strict=True), many, strict=True)]
        years = self.whole(0, 15, count)
        latitude = 24.72 + self.rng.normal(0, 0.015, count)
        longitude = 118.66 + self.rng.normal(0, 0.02, count)
        places = [f"{a:.6f},{b:.6f}" for a, b in zip(latitude, longitude, strict=True)]
        homes = self.maybe(
            [self.crypto.seal("seeker_profile", "home", i, p) for i, p in zip(columns["id"], places, strict=True)], 0.4
        )
        wishes = self.maybe(self.whole(40, 90, count, 10_000), 0.7)
        flags = [True, False, None]
        return columns | {
            "person_id": seekers, "wanted": wanted,
            "experience_years": [{w[0]: y} if w else {} for w, y in zip(wanted, years, strict=True)],
            "machines": self.some(MACHINES, count, 0.15), "certificates": self.some(CERTIFICATES, count, 0.08),
            "level": self.maybe(self.pick(list(SkillLevel)[:5], count), 0.5),
            "wish_pay_unit": [None if w is None else PayUnit.MONTH for w in wishes], "wish_pay_fen": wishes,
            "shift_patterns": self.some(list(ShiftPattern), count, 0.4),
            "commute_limit_m": self.maybe(self.whole(2, 20, count, 1000), 0.5),
            "vehicle": self.maybe(self.pick(list(Vehicle), count), 0.7),
            "wants_meals": self.pick(flags, count), "wants_lodging": self.pick(flags, count),
            "no_list": self.some(list(WorkFeature), count, 0.12), "hidden_from": [[]] * count,
            "pay_cycles": self.some(list(PayCycle), count, 0.3),
            "seeker_state": self.maybe(self.pick(list(SeekerState), count), 0.9),
            "home_area_id": self.maybe(self.pick(self.codes.areas, count), 0.6), "home_sealed": homes,
            "findable": [False] * count,
            "home_coord_type": [None if h is None else CoordType.GCJ02 for h in homes],
        }  # fmt: skip

    def _vacancies(self, firms: Columns, recruiters: Sequence[UUID]) -> Columns:
        count = self.size.vacancies
        firm = self.rng.choice(len(recruiters), count, p=_shares(self.zipf(len(recruiters), 0.6)))
        state = self.pick(list(STATES), count, list(STATES.values()))
        created = self.past(count, HISTORY_DAYS)
        at = self._published_at(created)
        headcount = self.pick([1, 2, 3, 5, 10, 20], count, [30, 25, 15, 15, 10, 5])
        hired = np.floor(self.rng.random(count) * np.asarray(headcount) * 0.8).astype(int).tolist()
        label = verified_label(VerifiedHow.UPLOAD, self.today, self.today + timedelta(days=365), [])
        columns = (
            self._versioned(created)
            | {
                "enterprise_id": [firms["id"][i] for i in firm],
                "enterprise_name": [firms["name"][i] for i in firm],
                "enterprise_label": [label] * count,
                "posted_by": [recruiters[i] for i in firm],
                "place_address": [firms["address"][i] for i in firm],
                "area_id": [firms["area_id"][i] for i in firm],
                "state": state,
                "content_version": [1] * count,
                "published_at": [None if s in NEVER_PUBLISHED else t for s, t in zip(state, at, strict=True)],
                "valid_until": self._valid_until(state, at),
                "headcount": headcount,
                "hired_count": [
                    h if s is VacancyState.FILLED else min(d, h - 1)
                    for h, d, s in zip(headcount, hired, state, strict=True)
                ],
            }
            | self._work(count)
            | self._pay(count)
        )
        return columns | _derived(columns)

    def _published_at(self, created: Ints) -> list[datetime]:
        """Minutes to days after the draft; some in one instant, as a firm's batch would be."""
        at = np.minimum(created + (self.rng.exponential(0.2, created.size) * DAY_MS).astype(np.int64), self.now_ms)
        tied = np.flatnonzero(self.rng.random(at.size) < TIED)
        at[tied] = at[tied - 1]
        return self.instants(at)

    def _valid_until(self, state: Sequence[VacancyState], at: Sequence[datetime]) -> list[date]:
        ahead, behind = self.whole(0, 89, len(state)), self.whole(1, 5, len(state))
        stale = (self.rng.random(len(state)) < STALE).tolist()
        open_until = [self.today + timedelta(days=d) for d in ahead]
        return [
            self.today - timedelta(days=back) if late or s is VacancyState.EXPIRED
            else until if s in OPEN or s in NEVER_PUBLISHED
            else china_date(t) + timedelta(days=forward)
            for s, t, until, forward, back, late in zip(state, at, open_until, ahead, behind, stale, strict=True)
        ]  # fmt: skip

    def _work(self, count: int) -> Columns:
        occupations = self.codes.occupations
        trade = self.pick(occupations, count, self.zipf(len(occupations), 0.8))
        called = self.rng.integers(0, 1 << 30, count).tolist()
        titles = [
            _call(self.codes.aliases.get(code, []) or [name], n) for (code, name), n in zip(trade, called, strict=True)
        ]
        texts = [self.pick(options, count) for options in (WORK, EXTRA, WISH, EXTRA)]
        pattern = self.pick(list(ShiftPattern), count, [70, 5, 20, 5])
        latitude, longitude = 24.72 + self.rng.normal(0, 0.01, count), 118.66 + self.rng.normal(0, 0.012, count)
        placed = (self.rng.random(count) < 0.7).tolist()
        return {
            "title": titles,
            "occupation_code": [code for code, _ in trade],
            "occupation_name": [name for _, name in trade],
            "engagement": self.pick(list(Engagement), count, [85, 8, 4, 3]),
            "minutes_per_day": self.pick([480, 540, 600, 240], count, [55, 25, 12, 8]),
            "days_per_month": self.pick([26, 28, 22, None], count, [60, 20, 12, 8]),
            "shift_pattern": pattern,
            "latitude": [round(v, 6) if p else None for v, p in zip(latitude.tolist(), placed, strict=True)],
            "longitude": [round(v, 6) if p else None for v, p in zip(longitude.tolist(), placed, strict=True)],
            "coord_type": [CoordType.GCJ02 if p else None for p in placed],
            "benefits": self.some(list(Benefit), count, 0.25),
            "features": self.some(list(WorkFeature), count, 0.12),
            "required_years": self.pick([None, 0, 1, 2, 3, 5], count, [40, 20, 15, 12, 8, 5]),
            "required_machines": self.some(MACHINES, count, 0.06),
            "required_certificates": self.some(CERTIFICATES, count, 0.02),
            "required_level": self.maybe(self.pick(list(SkillLevel)[:4], count), 0.15),
            "duties": [f"{title}：{a}。{b}。" for title, a, b in zip(titles, texts[0], texts[1], strict=True)],
            "requirements": [f"{a}，{b}。" for a, b in zip(texts[2], texts[3], strict=True)],
            "benefits_note": [""] * count,
            "contact_note": [""] * count,
        }

    def _pay(self, count: int) -> Columns:
        unit = self.pick([PayUnit.MONTH, PayUnit.PIECE, PayUnit.HOUR], count, [60, 30, 10])
        month, hour, spread = self.whole(40, 90, count), self.whole(18, 40, count), self.whole(0, 30, count)
        low = [
            {PayUnit.MONTH: m * 10_000, PayUnit.HOUR: h * 100, PayUnit.PIECE: None}[u]
            for u, m, h in zip(unit, month, hour, strict=True)
        ]
        piece = [u is PayUnit.PIECE for u in unit]
        return {
            "pay_unit": unit,
            "pay_min_fen": low,
            "pay_max_fen": [None if v is None else v * (100 + s) // 100 for v, s in zip(low, spread, strict=True)],
            "piece_rate_fen": [r if p else None for r, p in zip(self.whole(10, 999, count), piece, strict=True)],
            "piece_per_quantity": [
                q if p else None for q, p in zip(self.pick([1, 10, 100], count), piece, strict=True)
            ],
            "piece_hourly_output": [n if p else None for n, p in zip(self.whole(5, 200, count), piece, strict=True)],
            "pay_cycle": self.pick(list(PayCycle), count, [3, 5, 7, 85]),
        }

    def _documents(self, vacancies: Columns) -> tuple[Columns, list[tuple[int, list[str]]]]:
        """The same text under the same canonicaliser as `services.jobs.search.index_vacancy`."""
        fields = ("title", "enterprise_name", "occupation_name", "duties", "requirements", "place_address")
        ids: list[UUID] = []
        tokens: list[tuple[int, list[str]]] = []
        rows = zip(vacancies["id"], vacancies["state"], vacancies["occupation_code"], *(vacancies[f] for f in fields), strict=True)  # fmt: skip
        for vacancy_id, state, code, *words in rows:
            if state in OPEN:
                ids.append(vacancy_id)
                tokens.append((len(ids), index_tokens("\n".join([*words, *self.codes.aliases.get(code, [])]))))
        return {"seq": range(1, len(ids) + 1), "vacancy_id": ids}, tokens


def _derived(columns: Columns) -> Columns:
    """The columns of search as the service makes them (`services.jobs.derived`)."""
    made: dict[str, list[int | None]] = {name: [] for name in ("hourly_fen", "benefit_bits", "east_m", "north_m")}
    names = (
        "pay_unit", "pay_min_fen", "pay_max_fen", "piece_rate_fen", "piece_per_quantity", "piece_hourly_output",
        "minutes_per_day", "days_per_month", "benefits", "latitude", "longitude", "coord_type",
    )  # fmt: skip
    for values in zip(*(columns[name] for name in names), strict=True):
        row = Vacancy(**dict(zip(names, values, strict=True)))
        derive(row)
        for name, kept in made.items():
            kept.append(getattr(row, name))
    return dict(made)


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def _call(words: Sequence[str], number: int) -> str:
    return words[number % len(words)]
