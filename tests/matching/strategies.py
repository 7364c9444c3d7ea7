"""Cards for tests: a small tree, and hypothesis strategies that leave anything unknown now and then."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from app.matching.recommendation import OccupationTree, SeekerCard, VacancyCard
from app.rules.jobs.terms import Benefit, PayCycle, PayUnit, ShiftPattern, SkillLevel, Vehicle, WorkFeature

# 08:00 in the town.
NOW = datetime(2026, 7, 20, 0, 0, tzinfo=UTC)
TODAY = date(2026, 7, 20)
HOME = (24.7300, 118.6500)
ROWS = [
    ("6", "生产制造及有关人员", None),
    ("605", "纺织品、服装和皮革、毛皮制品加工制作人员", "6"),
    ("60501", "纺织品和服装剪裁缝纫人员", "605"),
    ("60501.01", "平车工", "60501"),
    ("60501.02", "锁边工", "60501"),
    ("60504", "鞋帽制作人员", "605"),
    ("60504.01", "鞋面车工", "60504"),
    ("618", "机械制造基础加工人员", "6"),
    ("61801", "机械冷加工人员", "618"),
    ("4", "社会生产服务和生活服务人员", None),
    ("402", "交通运输、仓储和邮政业服务人员", "4"),
    ("40202", "道路运输服务人员", "402"),
]
TREE = OccupationTree.from_rows(ROWS)
CODES = [code for code, _, _ in ROWS]
MACHINES = ["平车", "四线", "锁眼机", "冲床"]
CERTIFICATES = ["电工证", "叉车证"]
FIRMS = [UUID(int=900 + number) for number in range(3)]


def north(metres):
    """A point that far to the north of HOME."""
    return HOME[0] + metres / 111_195.08, HOME[1]


def seeker(number=1, **facts):
    return SeekerCard(id=UUID(int=number), **facts)


def vacancy(number=1, **facts):
    base = {
        "enterprise_id": FIRMS[0], "occupation_code": "60501.01", "published_at": NOW - timedelta(days=1),
        "valid_until": TODAY + timedelta(days=30),
    }  # fmt: skip
    return VacancyCard(id=UUID(int=number), **{**base, **facts})


def maybe(strategy):
    return st.none() | strategy


def subset(values):
    return st.frozensets(st.sampled_from(list(values)), max_size=3)


minutes = st.integers(0, 1439)
latitudes = st.floats(24.6, 24.9)
longitudes = st.floats(118.5, 118.8)
days = st.dates(TODAY - timedelta(days=40), TODAY + timedelta(days=60))

# Wishes and pay that a person would call money: the curves are strict there, not between a fen and a fortune.
wishes = st.integers(800, 10_000)
pays = st.integers(800, 20_000)

seekers = st.builds(
    SeekerCard, id=st.uuids(), wanted=st.lists(st.sampled_from(CODES), max_size=3, unique=True).map(tuple),
    experience=st.dictionaries(st.sampled_from(CODES), st.integers(0, 30), max_size=3), machines=subset(MACHINES),
    level=maybe(st.sampled_from(SkillLevel)), certificates=subset(CERTIFICATES), wish_hourly_fen=maybe(wishes),
    shift_patterns=subset(ShiftPattern), free_until_minute=maybe(minutes), earliest_start=maybe(days),
    commute_limit_m=maybe(st.integers(500, 30_000)), vehicle=maybe(st.sampled_from(Vehicle)),
    wants_meals=maybe(st.booleans()), wants_lodging=maybe(st.booleans()),
    no_list=st.just(frozenset()) | subset(WorkFeature), hidden_from=st.just(frozenset()) | subset(FIRMS),
    home_lat=maybe(latitudes), home_lon=maybe(longitudes), pay_cycles=subset(PayCycle),
)  # fmt: skip
vacancies = st.builds(
    VacancyCard, id=st.uuids(), enterprise_id=st.sampled_from(FIRMS),
    occupation_code=st.sampled_from([*CODES, "99999"]), headcount=st.integers(1, 50), hourly_fen=maybe(pays),
    pay_unit=maybe(st.sampled_from(PayUnit)), minutes_per_day=maybe(st.integers(60, 720)),
    shift_pattern=maybe(st.sampled_from(ShiftPattern)), work_start_minute=maybe(minutes),
    work_end_minute=maybe(minutes), lat=maybe(latitudes), lon=maybe(longitudes), benefits=subset(Benefit),
    features=st.just(frozenset()) | subset(WorkFeature), pay_cycle=maybe(st.sampled_from(PayCycle)),
    required_years=maybe(st.integers(0, 10)), required_machines=subset(MACHINES),
    required_level=maybe(st.sampled_from(SkillLevel)),
    required_certificates=st.just(frozenset()) | subset(CERTIFICATES), start_date=maybe(days),
    published_at=st.integers(-7 * 24 * 60, 48 * 60).map(lambda ago: NOW + timedelta(minutes=ago)),
    valid_until=st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=90)),
)  # fmt: skip
vacancy_lists = st.lists(vacancies, max_size=12, unique_by=lambda card: card.id)
seeker_lists = st.lists(seekers, max_size=12, unique_by=lambda card: card.id)
