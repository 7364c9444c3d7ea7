"""Where the plan contradicts itself or stays silent: sentences computed from the loaded rows, nothing forced. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.rules.organisation import CivicBodyKind, LiaisonRole

COMMITTEE = "宝盖科技园党委"
PARK = "宝盖科技园"
# An address that ends in a village's name says in which village it lies.
VILLAGE = re.compile(r"村$")


@dataclass(frozen=True, slots=True)
class Host:
    """What stands behind a row of annex 2; `kind` None is a firm."""

    name: str
    kind: CivicBodyKind | None


@dataclass(frozen=True, slots=True)
class PartyFact:
    seq: int
    secretary: str
    address: str
    host: Host


@dataclass(frozen=True, slots=True)
class Facts:
    """The loaded rows in plain values."""

    # (subject, figure) → the figure as printed.
    figures: Mapping[tuple[str, str], int]
    parties: Sequence[PartyFact]
    # Printed cells of annex 2: (seq, role, person).
    printed: Sequence[tuple[int, LiaisonRole, str]]
    team: Sequence[str]
    # Area → number of grids.
    grids: Mapping[str, int]
    # Firm → (address, area or None).
    firms: Mapping[str, tuple[str, str | None]]
    # (name used in our record, other name, source of the other name).
    other_names: Sequence[tuple[str, str, str]]
    # Notes of the plan's partners whose printed name is doubtful: (name, note).
    doubtful: Sequence[tuple[str, str]]


def discrepancies(facts: Facts) -> tuple[str, ...]:
    """One Chinese sentence each, in the order of the plan."""
    found = [
        *_branches(facts),
        *_firms(facts),
        *_grids(facts),
        *_places(facts),
        *_names(facts),
        *_people(facts),
    ]
    return tuple(found)


def _branches(facts: Facts) -> Iterable[str]:
    figure = facts.figures
    firms = sum(party.host.kind is None for party in facts.parties)
    kinds = Counter(party.host.kind for party in facts.parties if party.host.kind is not None)
    social = [party.host.name for party in facts.parties if party.host.kind is CivicBodyKind.SOCIAL_ORGANISATION]
    said = figure[COMMITTEE, "社会组织党支部"]
    if said != len(social):
        yield f"社会组织党支部：正文称{said}个，附件2列出{len(social)}个（{'、'.join(social)}），均按附件登记，未作取舍"
    said = figure[COMMITTEE, "非公企业党支部"]
    joint, park = kinds[CivicBodyKind.JOINT_BRANCH], kinds[CivicBodyKind.PARK]
    total = firms + joint + park
    verdict = "合计与正文相符，但归类属推断" if total == said else f"合计{total}个，与正文不符"
    yield f"非公企业党支部：正文称{said}个，附件2列企业{firms}家、企业联合支部{joint}个、文创园{park}个，{verdict}"
    branches, mobile = figure[COMMITTEE, "下辖党支部"], figure[COMMITTEE, "园区网格流动党组织"]
    parts = said + figure[COMMITTEE, "社会组织党支部"] + mobile
    if parts != branches:
        yield f"党支部总数：正文称{branches}个，各类相加为{parts}个"
    listed = len(facts.parties)
    gap = listed + mobile - branches
    verdict = "相符" if gap == 0 else f"与正文相差{abs(gap)}个"
    yield (
        f"党支部名单：正文称{branches}个，附件2只列其中{listed}个；流动党组织{mobile}个均未列出，"
        f"两者相加{listed + mobile}个，{verdict}"
    )


def _firms(facts: Facts) -> Iterable[str]:
    resident = facts.figures[PARK, "入驻企业"]
    large = facts.figures[PARK, "规上企业"]
    yield f"企业名单：正文称入驻企业{resident}多家、规上企业{large}家，附件2只出现{len(facts.firms)}家，其余无名单"


def _grids(facts: Facts) -> Iterable[str]:
    total = facts.figures["三区网格", "单元网格"]
    counted = sum(facts.grids.values())
    parts = "＋".join(str(number) for number in facts.grids.values())
    names = "、".join(facts.grids)
    verdict = "相符" if counted == total else "不符"
    yield f"网格数：{names}分别登记{parts}＝{counted}个，正文三（五）1称{total}个，{verdict}"
    for area, number in facts.grids.items():
        said = facts.figures.get((area, "网格"), facts.figures.get((area, "单元网格")))
        if said is not None and said != number:
            yield f"{area}网格：正文称{said}个，登记{number}个"


def _places(facts: Facts) -> Iterable[str]:
    by_address: defaultdict[str, list[int]] = defaultdict(list)
    for party in facts.parties:
        by_address[party.address].append(party.seq)
    for address, rows in by_address.items():
        if len(rows) > 1:
            yield f"地址重复：附件2第{_join(rows)}行同为“{address}”，地址不能作为身份依据"
    for name, address in outside(facts):
        yield f"三区之外：{name}的地址为“{address}”，不属于{'、'.join(facts.grids)}，未划入任何片区"


def outside(facts: Facts) -> list[tuple[str, str]]:
    """Firms whose address names a village that is none of the three areas."""
    return [
        (name, address)
        for name, (address, area) in facts.firms.items()
        if area is None and VILLAGE.search(address) and not any(address.endswith(known) for known in facts.grids)
    ]


def _names(facts: Facts) -> Iterable[str]:
    for name, other, source in facts.other_names:
        yield f"名称不一：“{name}”在{source}写作“{other}”，按同一企业登记，两个名称都可查到"
    for name, note in facts.doubtful:
        yield f"名称存疑：“{name}”，{note}"


def _people(facts: Facts) -> Iterable[str]:
    team = set(facts.team)
    absent: dict[LiaisonRole, list[str]] = {}
    for _, role, person in facts.printed:
        names = absent.setdefault(role, [])
        if person not in team and person not in names:
            names.append(person)
    people = {person for names in absent.values() for person in names}
    if people:
        parts = "；".join(f"{role.label}{'、'.join(absent[role])}" for role in LiaisonRole if absent.get(role))
        yield f"附件2的挂钩人员中有{len(people)}人不在附件1工作专班名单内：{parts}"
    secretaries = {party.secretary: party.seq for party in facts.parties}
    duties: defaultdict[tuple[str, LiaisonRole], list[int]] = defaultdict(list)
    for seq, role, person in facts.printed:
        duties[person, role].append(seq)
    for (person, role), rows in duties.items():
        if person in secretaries:
            yield f"一人两职：{person}是附件2第{secretaries[person]}行的书记，又是第{_join(rows)}行的{role.label}"
        elif role is not LiaisonRole.PARTY_AFFAIRS and len(rows) > 1:
            yield f"一人多处：{person}是附件2第{_join(rows)}行的{role.label}"


def _join(rows: Iterable[int]) -> str:
    return "、".join(str(row) for row in rows)
