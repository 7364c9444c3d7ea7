"""The Chinese sentence of each part, made from the numbers the part was computed from and from nothing else.

Two readers: the seeker is addressed (您); the enterprise reads facts of work and a distance rounded to half a kilometre, and
neither the wished pay nor any other wish of the person in numbers.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from app.core.labels import Labelled
from app.matching.recommendation.cards import Experience, OccupationTree, SeekerCard, VacancyCard
from app.matching.recommendation.columns import LEVELS, board
from app.matching.recommendation.gates import BEIJING, Gate
from app.matching.recommendation.parts import USUAL_COMMUTE_M, PartKey, shift_value
from app.rules.geo import distance_m
from app.rules.jobs.terms import Benefit, PayCycle, PayUnit, ShiftPattern


class Tone(Labelled):
    """PLAIN says nothing that is worth a line."""

    REASON = "reason", "合适"
    GAP = "gap", "不合或未知"
    PLAIN = "plain", "说明"


@dataclass(frozen=True, slots=True)
class Phrase:
    tone: Tone
    text: str


SILENT = Phrase(Tone.PLAIN, "")
# The enterprise's own reading of "can start nearly at once".
SOON_DAYS = 7
NEAR_HALF_KM = 500
DAY_MINUTES = 24 * 60


def reason(text: str) -> Phrase:
    return Phrase(Tone.REASON, text)


def gap(text: str) -> Phrase:
    return Phrase(Tone.GAP, text)


def yuan(fen: float) -> str:
    """2,450 → 24.5: to a tenth of a yuan."""
    return f"{round(fen / 100, 1):g}"


def kilometres(metres: float) -> str:
    return f"{round(metres / 1000, 1):g}"


def clock(minute: int) -> str:
    """17:30; the next day's time is said so."""
    prefix = "次日" if minute > DAY_MINUTES else ""
    minute -= DAY_MINUTES if prefix else 0
    return f"{prefix}{minute // 60}:{minute % 60:02d}"


def day(value: date) -> str:
    return f"{value.month}月{value.day}日"


def years(count: float) -> str:
    return f"{count:g}年"


def words(items: frozenset[str]) -> str:
    return "、".join(sorted(items))


@dataclass(frozen=True)
class Pair:
    """One seeker and one vacancy, with the few numbers that several sentences need."""

    seeker: SeekerCard
    vacancy: VacancyCard
    tree: OccupationTree
    now: datetime

    @cached_property
    def metres(self) -> int | None:
        home, place = (self.seeker.home_lat, self.seeker.home_lon), (self.vacancy.lat, self.vacancy.lon)
        if home[0] is None or home[1] is None or place[0] is None or place[1] is None:
            return None
        return distance_m(home[0], home[1], place[0], place[1])

    @cached_property
    def best(self) -> Experience | None:
        return self.tree.best_experience(self.seeker.experience, self.vacancy.occupation_code)

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(BEIJING).date()

    @cached_property
    def days_late(self) -> int:
        start = self.seeker.earliest_start
        return 0 if start is None else (start - max(self.vacancy.start_date or self.today, self.today)).days


def pay(pair: Pair) -> Phrase:
    wish, hourly = pair.seeker.wish_hourly_fen, pair.vacancy.hourly_fen
    if not wish:
        return gap("还不知道您的期望工资")
    if hourly is None:
        piece = pair.vacancy.pay_unit is PayUnit.PIECE
        return gap("计件岗位没有写每小时产量，算不出时薪" if piece else "岗位没有写明工资，算不出时薪")
    offered, wished = yuan(hourly), yuan(wish)
    if offered == wished:
        return reason(f"综合约{offered}元/时，与您的期望相当")
    if hourly > wish:
        return reason(f"综合约{offered}元/时，高于期望的{wished}元/时")
    return gap(f"综合约{offered}元/时，低于期望的{wished}元/时")


def occupation(pair: Pair) -> Phrase:
    code = pair.vacancy.occupation_code
    if not pair.seeker.wanted:
        return gap("还不知道您想做什么工种")
    found = pair.tree.nearest(pair.seeker.wanted, code)
    if found is None:
        return gap("岗位的工种不在职业代码表里，没法比较")
    wanted, near = found
    if near == 1.0:
        return reason(f"{pair.tree.name(wanted)}正是您想做的")
    shared = pair.tree.common(wanted, code)
    # 大类 alone (all of production) says nothing to a person.
    if shared is None or len(pair.tree.path(shared)) < 2:  # noqa: PLR2004
        return gap(f"岗位是{pair.tree.name(code)}，不是您想做的{pair.tree.name(wanted)}")
    kin = f"与您想做的{pair.tree.name(wanted)}同属“{pair.tree.name(shared)}”"
    return reason(kin) if len(pair.tree.path(shared)) > 2 else gap(f"岗位是{pair.tree.name(code)}，只{kin}")  # noqa: PLR2004


def commute(pair: Pair) -> Phrase:
    if pair.seeker.home_lat is None or pair.seeker.home_lon is None:
        return gap("还不知道您住在哪里，算不出路程")
    if pair.metres is None:
        return gap("岗位没有标出位置，算不出路程")
    limit, far = pair.seeker.commute_limit_m, kilometres(pair.metres)
    if limit and pair.metres > limit:
        over = f"超过您设的{kilometres(limit)}公里" if far != kilometres(limit) else "略超过您设的距离"
        return gap(f"离家约{far}公里，{over}")
    if pair.metres > (limit or USUAL_COMMUTE_M[pair.seeker.vehicle]):
        return gap(f"离家约{far}公里，路程较远")
    return reason("离家不到0.1公里" if far == "0" else f"离家约{far}公里")


def hours(pair: Pair) -> Phrase:
    shift, end, free = pair.vacancy.shift, pair.vacancy.end_minute, pair.seeker.free_until_minute
    suits = shift_value(pair.seeker.shift_patterns, shift)
    nights = shift in {ShiftPattern.NIGHT, ShiftPattern.ROTATING}
    told = not math.isnan(suits)
    if nights and not (told and suits == 1.0):
        return gap("需上夜班")
    if told and suits < 1.0 and shift is not None:
        return gap(f"岗位上{shift.label}，与您选的班次不同")
    if end is not None and free is not None and end > free:
        return gap(f"{clock(end)}下班，晚于您的{clock(free)}")
    if not told and (end is None or free is None):
        return gap("还不知道您能上什么班" if shift is not None else "岗位没有写明班次")
    return reason("，".join(_day(pair.vacancy)))


def _day(vacancy: VacancyCard) -> list[str]:
    """班次, 每天几小时 or the end of work: what is known of the day."""
    said = [vacancy.shift.label] if vacancy.shift is not None else []
    if vacancy.minutes_per_day:
        said.append(f"每天{round(vacancy.minutes_per_day / 60, 1):g}小时")
    if vacancy.end_minute is not None:
        said.append(f"{clock(vacancy.end_minute)}下班")
    return said


def board_and_lodging(pair: Pair) -> Phrase:
    wishes = (pair.seeker.wants_meals, pair.seeker.wants_lodging)
    if wishes == (None, None):
        return gap("还不知道您要不要包吃包住")
    kinds = ((Benefit.MEALS, Benefit.MEAL_ALLOWANCE, "吃"), (Benefit.LODGING, Benefit.LODGING_ALLOWANCE, "住"))
    said, complete = [], True
    for wanted, (full, allowance, word) in zip(wishes, kinds, strict=True):
        if wanted:
            carried = board(pair.vacancy.benefits, full, allowance)
            complete = complete and carried == 1.0
            half = f"不包{word}，有{allowance.label}"
            said.append(full.label if carried == 1.0 else half if carried else f"不包{word}")
    if not said:
        return SILENT
    return reason("".join(said)) if complete else gap("，".join(said))


def pay_cycle(pair: Pair) -> Phrase:
    offered, wished = pair.vacancy.pay_cycle, pair.seeker.pay_cycles
    if not wished:
        return gap("还不知道您想多久发一次工资")
    if offered is None:
        return gap("岗位没有写明多久发一次工资")
    order = tuple(PayCycle)
    slowest = max(wished, key=order.index)
    if order.index(offered) <= order.index(slowest):
        return reason(f"工资{offered.label}")
    return gap(f"工资{offered.label}，您想要{slowest.label}")


def experience(pair: Pair) -> Phrase:
    required, best = pair.vacancy.required_years or 0, pair.best
    if best is None:
        return gap("还不知道您做过什么工种")
    if best.counted <= 0:
        return gap(f"要求{years(required)}经验，您还没有相关经验") if required else SILENT
    done = f"{pair.tree.name(best.code)}{years(best.years)}"
    if best.counted < required:
        return gap(f"{done}，要求{years(required)}对口经验")
    return reason(f"{done}对口" if best.closeness == 1.0 else f"{done}，工种相近")


def machines(pair: Pair) -> Phrase:
    required, held = pair.vacancy.required_machines, pair.seeker.machines
    if not required:
        return SILENT
    if not held:
        return gap(f"还不知道您会不会用{words(required)}")
    known = f"会用{words(required & held)}" if required & held else ""
    if required <= held:
        return reason(known)
    missing = f"还差{words(required - held)}" if known else f"要求会用{words(required)}"
    return gap("，".join(filter(None, (known, missing))))


def start(pair: Pair) -> Phrase:
    earliest, wanted = pair.seeker.earliest_start, pair.vacancy.start_date
    if earliest is None:
        return gap("还不知道您最早哪天能到岗")
    due = f"{day(wanted)}到岗" if wanted is not None and wanted > pair.today else "尽快到岗"
    if pair.days_late <= 0:
        return reason(f"要求{due}，您来得及")
    return gap(f"要求{due}，您最早{day(earliest)}")


def proven_for(pair: Pair) -> str:
    """What training has certified of what this vacancy asks for, or of its very trade; empty where nothing."""
    asked = pair.vacancy.required_certificates
    for one in pair.seeker.proven:
        if one.word is not None and one.word in asked:
            return f"持有经核验的“{one.word}”（{one.title}培训合格）"
    for one in pair.seeker.proven:
        if one.occupation_code is not None and pair.tree.same_trade(one.occupation_code, pair.vacancy.occupation_code):
            return f"{one.title}培训合格，与岗位对口"
    return ""


def level(pair: Pair) -> Phrase:
    required, held = pair.vacancy.required_level, pair.seeker.level
    proven = proven_for(pair)
    if proven and (required is None or (held is not None and LEVELS.index(held) >= LEVELS.index(required))):
        return reason(proven if required is None or held is None else f"{proven}，{held.label}，符合等级要求")
    if required is None:
        return SILENT
    if held is None:
        return gap(f"要求{required.label}，还不知道您的技能等级")
    if LEVELS.index(held) >= LEVELS.index(required):
        return reason(f"{held.label}，符合等级要求")
    return gap(f"要求{required.label}，您是{held.label}")


def firm_wishes(pair: Pair) -> Phrase:
    """All the seeker's wishes in one part, of which only a rounded distance is told."""
    if pair.metres is None:
        return SILENT
    halves = round(pair.metres / NEAR_HALF_KM)
    near = f"离岗位约{halves / 2:g}公里" if halves else "离岗位不到0.5公里"
    return reason(near) if pair.metres <= USUAL_COMMUTE_M[None] else gap(near)


def firm_experience(pair: Pair) -> Phrase:
    required, best = pair.vacancy.required_years or 0, pair.best
    if best is None:
        return gap("还没填做过的工种")
    if best.counted <= 0:
        return gap("没有相关经验") if required else SILENT
    done = f"{pair.tree.name(best.code)}{years(best.years)}"
    if best.counted < required:
        return gap(f"{done}，要求{years(required)}")
    return reason(done)


def firm_machines(pair: Pair) -> Phrase:
    required, held = pair.vacancy.required_machines, pair.seeker.machines
    if not required:
        return SILENT
    if not held:
        return gap("还没填会用的机器")
    if required <= held:
        return reason(f"会用{words(required)}")
    known = f"会用{words(required & held)}，" if required & held else ""
    return gap(f"{known}没填{words(required - held)}")


def firm_start(pair: Pair) -> Phrase:
    earliest = pair.seeker.earliest_start
    if earliest is None:
        return gap("还没填到岗时间")
    said = "随时可到岗" if earliest <= pair.today else f"{day(earliest)}可到岗"
    return reason(said) if pair.days_late <= SOON_DAYS else gap(said)


def firm_level(pair: Pair) -> Phrase:
    required, held = pair.vacancy.required_level, pair.seeker.level
    proven = proven_for(pair)
    if proven and (required is None or (held is not None and LEVELS.index(held) >= LEVELS.index(required))):
        return reason(proven)
    if required is None:
        return SILENT
    if held is None:
        return gap("还没填技能等级")
    return (
        reason(held.label)
        if LEVELS.index(held) >= LEVELS.index(required)
        else gap(f"{held.label}，要求{required.label}")
    )


FOR_SEEKER: Mapping[PartKey, Callable[[Pair], Phrase]] = {
    PartKey.PAY: pay, PartKey.OCCUPATION: occupation, PartKey.COMMUTE: commute, PartKey.HOURS: hours,
    PartKey.BOARD: board_and_lodging, PartKey.PAY_CYCLE: pay_cycle, PartKey.EXPERIENCE: experience,
    PartKey.MACHINES: machines, PartKey.START: start, PartKey.LEVEL: level,
}  # fmt: skip
FOR_ENTERPRISE: Mapping[PartKey, Callable[[Pair], Phrase]] = {
    PartKey.WISHES: firm_wishes, PartKey.EXPERIENCE: firm_experience, PartKey.MACHINES: firm_machines,
    PartKey.START: firm_start, PartKey.LEVEL: firm_level,
}  # fmt: skip


def gate_text(gate: Gate, seeker: SeekerCard, vacancy: VacancyCard) -> str:
    """Told to the seeker: what keeps the two apart, in their own words."""
    if gate is Gate.HIDDEN:
        return "您设置了对这家企业隐藏"
    if gate is Gate.CERTIFICATE:
        return f"岗位必须有{words(vacancy.required_certificates - seeker.certificates)}，您的求职登记里没有"
    if gate is Gate.NO_LIST:
        ruled_out = sorted(feature.label for feature in vacancy.demands & seeker.no_list)
        return f"岗位要{'、'.join(ruled_out)}，您选了不做"
    return f"岗位没有开放，或已过有效期（{day(vacancy.valid_until)}）"
