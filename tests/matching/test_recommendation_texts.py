import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.recommendation import PartKey, Population, Side, explain, rank_seekers, rank_vacancies
from app.matching.recommendation import VacancyColumns as Columns
from app.rules.jobs.terms import Benefit, PayCycle, PayUnit, ShiftPattern, SkillLevel, Vehicle, WorkFeature
from tests.matching.strategies import HOME, NOW, TODAY, TREE, north, seeker, vacancies, vacancy
from tests.matching.strategies import seekers as any_seeker

DAY, NIGHT, ROTATING = ShiftPattern.DAY, ShiftPattern.NIGHT, ShiftPattern.ROTATING


def at(metres):
    lat, lon = north(metres)
    return {"lat": lat, "lon": lon}


home = {"home_lat": HOME[0], "home_lon": HOME[1]}
sewing = {"experience": {"60501.01": 3}}
EIGHT_TO_HALF_PAST_FIVE = {"work_start_minute": 480, "work_end_minute": 1050}


def said(person, post, key, reader=Side.SEEKER):
    item = explain(seeker(**person), vacancy(**post), TREE, Population.neutral(), NOW, reader=reader)
    part = next(part for part in item.parts if part.key is key)
    mark = "+" if part.text in item.reasons else "-" if part.text in item.gaps else ""
    return mark + part.text


@pytest.mark.parametrize(
    ("key", "person", "post", "text"),
    [
        (PartKey.PAY, {"wish_hourly_fen": 2200}, {"hourly_fen": 2400}, "+综合约24元/时，高于期望的22元/时"),
        (PartKey.PAY, {"wish_hourly_fen": 2200}, {"hourly_fen": 1850}, "-综合约18.5元/时，低于期望的22元/时"),
        (PartKey.PAY, {"wish_hourly_fen": 2200}, {"hourly_fen": 2203}, "+综合约22元/时，与您的期望相当"),
        (PartKey.PAY, {}, {"hourly_fen": 2400}, "-还不知道您的期望工资"),
        (PartKey.PAY, {"wish_hourly_fen": 2200}, {}, "-岗位没有写明工资，算不出时薪"),
        (PartKey.PAY, {"wish_hourly_fen": 2200}, {"pay_unit": PayUnit.PIECE}, "-计件岗位没有写每小时产量，算不出时薪"),
        (PartKey.COMMUTE, home, at(2100), "+离家约2.1公里"),
        (PartKey.COMMUTE, home, at(20), "+离家不到0.1公里"),
        (PartKey.COMMUTE, {**home, "commute_limit_m": 5000}, at(9400), "-离家约9.4公里，超过您设的5公里"),
        (PartKey.COMMUTE, {**home, "commute_limit_m": 5000}, at(5020), "-离家约5公里，略超过您设的距离"),
        (PartKey.COMMUTE, {**home, "commute_limit_m": 10000}, at(9400), "+离家约9.4公里"),
        (PartKey.COMMUTE, home, at(9400), "-离家约9.4公里，路程较远"),
        (PartKey.COMMUTE, {**home, "vehicle": Vehicle.CAR}, at(9400), "+离家约9.4公里"),
        (PartKey.COMMUTE, {}, at(2100), "-还不知道您住在哪里，算不出路程"),
        (PartKey.COMMUTE, home, {}, "-岗位没有标出位置，算不出路程"),
        (PartKey.OCCUPATION, {"wanted": ("60501.01",)}, {}, "+平车工正是您想做的"),
        (PartKey.OCCUPATION, {"wanted": ("60501.02",)}, {}, "+与您想做的锁边工同属“纺织品和服装剪裁缝纫人员”"),
        (PartKey.OCCUPATION, {"wanted": ("40202",)}, {}, "-岗位是平车工，不是您想做的道路运输服务人员"),
        (PartKey.OCCUPATION, {"wanted": ("61801",)}, {}, "-岗位是平车工，不是您想做的机械冷加工人员"),
        (PartKey.OCCUPATION, {}, {}, "-还不知道您想做什么工种"),
        (PartKey.HOURS, {"shift_patterns": frozenset({DAY})}, {"shift_pattern": NIGHT}, "-需上夜班"),
        (PartKey.HOURS, {"shift_patterns": frozenset({DAY})}, {"shift_pattern": ROTATING}, "-需上夜班"),
        (PartKey.HOURS, {}, {"features": frozenset({WorkFeature.NIGHT_WORK})}, "-需上夜班"),
        (PartKey.HOURS, {"shift_patterns": frozenset({DAY, NIGHT})}, {"shift_pattern": ROTATING}, "+两班倒"),
        (PartKey.HOURS, {"shift_patterns": frozenset({NIGHT})}, {"shift_pattern": DAY}, "-岗位上白班，与您选的班次不同"),
        (PartKey.HOURS, {"shift_patterns": frozenset({DAY})}, {"shift_pattern": DAY, "minutes_per_day": 510}, "+白班，每天8.5小时"),
        (PartKey.HOURS, {"free_until_minute": 960}, EIGHT_TO_HALF_PAST_FIVE, "-17:30下班，晚于您的16:00"),
        (PartKey.HOURS, {"free_until_minute": 1080}, EIGHT_TO_HALF_PAST_FIVE, "+17:30下班"),
        (PartKey.HOURS, {"free_until_minute": 960}, {"work_start_minute": 1200, "work_end_minute": 360}, "-次日6:00下班，晚于您的16:00"),
        (PartKey.HOURS, {}, {"shift_pattern": DAY}, "-还不知道您能上什么班"),
        (PartKey.HOURS, {"shift_patterns": frozenset({DAY})}, {}, "-岗位没有写明班次"),
        (PartKey.BOARD, {"wants_meals": True}, {"benefits": frozenset({Benefit.MEALS})}, "+包吃"),
        (PartKey.BOARD, {"wants_meals": True, "wants_lodging": True}, {"benefits": frozenset({Benefit.MEALS, Benefit.LODGING})}, "+包吃包住"),
        (PartKey.BOARD, {"wants_meals": True, "wants_lodging": True}, {"benefits": frozenset({Benefit.MEALS, Benefit.LODGING_ALLOWANCE})}, "-包吃，不包住，有房补"),
        (PartKey.BOARD, {"wants_lodging": True}, {}, "-不包住"),
        (PartKey.BOARD, {"wants_meals": False}, {}, ""),
        (PartKey.BOARD, {}, {}, "-还不知道您要不要包吃包住"),
        (PartKey.PAY_CYCLE, {"pay_cycles": frozenset({PayCycle.WEEKLY})}, {"pay_cycle": PayCycle.DAILY}, "+工资日结"),
        (PartKey.PAY_CYCLE, {"pay_cycles": frozenset({PayCycle.WEEKLY, PayCycle.DAILY})}, {"pay_cycle": PayCycle.MONTHLY}, "-工资月结，您想要周结"),
        (PartKey.PAY_CYCLE, {}, {}, "-还不知道您想多久发一次工资"),
        (PartKey.PAY_CYCLE, {"pay_cycles": frozenset({PayCycle.WEEKLY})}, {}, "-岗位没有写明多久发一次工资"),
        (PartKey.EXPERIENCE, sewing, {"required_years": 2}, "+平车工3年对口"),
        (PartKey.EXPERIENCE, sewing, {"required_years": 5}, "-平车工3年，要求5年对口经验"),
        (PartKey.EXPERIENCE, {"experience": {"60501.02": 4}}, {"required_years": 1}, "+锁边工4年，工种相近"),
        (PartKey.EXPERIENCE, {"experience": {"40202": 4}}, {"required_years": 1}, "-要求1年经验，您还没有相关经验"),
        (PartKey.EXPERIENCE, {"experience": {"40202": 4}}, {}, ""),
        (PartKey.EXPERIENCE, {}, {}, "-还不知道您做过什么工种"),
        (PartKey.MACHINES, {"machines": frozenset({"平车", "四线"})}, {"required_machines": frozenset({"平车"})}, "+会用平车"),
        (PartKey.MACHINES, {"machines": frozenset({"平车"})}, {"required_machines": frozenset({"平车", "四线"})}, "-会用平车，还差四线"),
        (PartKey.MACHINES, {"machines": frozenset({"冲床"})}, {"required_machines": frozenset({"平车"})}, "-要求会用平车"),
        (PartKey.MACHINES, {}, {"required_machines": frozenset({"平车"})}, "-还不知道您会不会用平车"),
        (PartKey.MACHINES, {}, {}, ""),
        (PartKey.START, {"earliest_start": date(2026, 8, 1)}, {"start_date": date(2026, 8, 1)}, "+要求8月1日到岗，您来得及"),
        (PartKey.START, {"earliest_start": date(2026, 8, 10)}, {"start_date": date(2026, 8, 1)}, "-要求8月1日到岗，您最早8月10日"),
        (PartKey.START, {"earliest_start": TODAY}, {}, "+要求尽快到岗，您来得及"),
        (PartKey.START, {}, {}, "-还不知道您最早哪天能到岗"),
        (PartKey.LEVEL, {"level": SkillLevel.SENIOR}, {"required_level": SkillLevel.JUNIOR}, "+高级工，符合等级要求"),
        (PartKey.LEVEL, {"level": SkillLevel.JUNIOR}, {"required_level": SkillLevel.SENIOR}, "-要求高级工，您是初级工"),
        (PartKey.LEVEL, {}, {"required_level": SkillLevel.SENIOR}, "-要求高级工，还不知道您的技能等级"),
        (PartKey.LEVEL, {"level": SkillLevel.JUNIOR}, {}, ""),
    ],
)  # fmt: skip
def test_what_the_seeker_reads(key, person, post, text):
    assert said(person, post, key) == text


@pytest.mark.parametrize(
    ("key", "person", "post", "text"),
    [
        (PartKey.EXPERIENCE, sewing, {}, "+平车工3年"),
        (PartKey.EXPERIENCE, sewing, {"required_years": 5}, "-平车工3年，要求5年"),
        (PartKey.EXPERIENCE, {}, {}, "-还没填做过的工种"),
        (PartKey.EXPERIENCE, {"experience": {"40202": 4}}, {"required_years": 1}, "-没有相关经验"),
        (PartKey.EXPERIENCE, {"experience": {"40202": 4}}, {}, ""),
        (PartKey.MACHINES, {"machines": frozenset({"平车"})}, {"required_machines": frozenset({"平车"})}, "+会用平车"),
        (PartKey.MACHINES, {"machines": frozenset({"平车"})}, {"required_machines": frozenset({"平车", "四线"})}, "-会用平车，没填四线"),
        (PartKey.MACHINES, {}, {"required_machines": frozenset({"平车"})}, "-还没填会用的机器"),
        (PartKey.START, {"earliest_start": date(2026, 8, 1)}, {"start_date": date(2026, 8, 1)}, "+8月1日可到岗"),
        (PartKey.START, {"earliest_start": date(2026, 9, 1)}, {}, "-9月1日可到岗"),
        (PartKey.START, {"earliest_start": TODAY - timedelta(days=3)}, {}, "+随时可到岗"),
        (PartKey.START, {}, {}, "-还没填到岗时间"),
        (PartKey.LEVEL, {"level": SkillLevel.SENIOR}, {"required_level": SkillLevel.JUNIOR}, "+高级工"),
        (PartKey.LEVEL, {"level": SkillLevel.JUNIOR}, {"required_level": SkillLevel.SENIOR}, "-初级工，要求高级工"),
        (PartKey.LEVEL, {}, {"required_level": SkillLevel.SENIOR}, "-还没填技能等级"),
        (PartKey.WISHES, home, at(2100), "+离岗位约2公里"),
        (PartKey.WISHES, home, at(2300), "+离岗位约2.5公里"),
        (PartKey.WISHES, home, at(200), "+离岗位不到0.5公里"),
        (PartKey.WISHES, home, at(9400), "-离岗位约9.5公里"),
        (PartKey.WISHES, {}, at(9400), ""),
    ],
)  # fmt: skip
def test_what_the_enterprise_reads(key, person, post, text):
    assert said(person, post, key, Side.ENTERPRISE) == text


@settings(deadline=None)
@given(any_seeker, vacancies)
def test_the_enterprise_reads_distances_by_half_kilometres_and_no_wishes(person, post):
    for item in rank_seekers(post, [person], TREE, now=NOW, limit=1):
        told = "".join(part.text for part in item.parts)
        assert "元" not in told
        assert "您" not in told
        for kilometres in re.findall(r"([\d.]+)公里", told):
            assert float(kilometres) * 2 % 1 == 0


@settings(deadline=None)
@given(any_seeker, vacancies, st.integers(800, 9000), st.integers(800, 9000))
def test_the_wish_does_not_show_in_what_the_enterprise_reads(person, post, one, other):
    texts = []
    for wish in (one, other):
        card = type(person)(**{name: getattr(person, name) for name in person.__slots__} | {"wish_hourly_fen": wish})
        items = rank_seekers(post, [card], TREE, now=NOW, limit=1)
        texts.append([(item.reasons and sorted(item.reasons), sorted(item.gaps)) for item in items])
    assert texts[0] == texts[1]


def test_a_good_fit_reads_as_a_person_would_say_it():
    person = seeker(
        wanted=("60501.01",), wish_hourly_fen=2200, wants_meals=True, shift_patterns=frozenset({DAY}), **home, **sewing
    )
    post = vacancy(
        hourly_fen=2400, benefits=frozenset({Benefit.MEALS}), shift_pattern=ROTATING, required_years=1, **at(2100)
    )
    (item,) = rank_vacancies(person, Columns.from_cards([post]), TREE, now=NOW, limit=1)
    assert set(item.reasons) == {
        "平车工3年对口", "平车工正是您想做的", "综合约24元/时，高于期望的22元/时", "离家约2.1公里", "包吃",
    }  # fmt: skip
    # Known misfits before open questions.
    assert item.gaps == ("需上夜班", "还不知道您最早哪天能到岗", "还不知道您想多久发一次工资")
