"""`sanqu seed --report`: what was loaded, what the sources leave unknown, where they contradict themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.organisation import (
    Area,
    CivicBody,
    Enterprise,
    EnterpriseName,
    Figure,
    Grid,
    LiaisonLink,
    PartyOrganisation,
    PlanItem,
    RosterPerson,
    SeedRecord,
    TaskForceMember,
)
from app.rules.organisation import LiaisonRole, LiaisonState, PlanItemKind
from app.services.jobs.seeding import unverified_wages
from app.services.organisation.seed_discrepancies import Facts, Host, PartyFact, discrepancies, outside

# What the sources hold, counted by hand from plan and standards; None where staff decide how many rows there are.
EXPECTED: dict[str, tuple[str, int | None]] = {
    "areas": ("三区", 3),
    "grids": ("网格（8＋9＋7）", 24),
    "roster_people": ("名单人员（附件1、附件2）", 66),
    "task_force": ("工作专班成员（附件1）", 31),
    "enterprises": ("企业（附件2）", 14),
    "enterprise_names": ("企业的其他名称", 3),
    "civic_bodies": ("联合支部1、文创园1、社会组织4", 6),
    "party_organisations": ("党组织（附件2）", 20),
    "liaison_links": ("挂钩关系（20行×3栏）", 60),
    "figures": ("正文数字", 52),
    "plan_items": ("正文所列品牌、竞赛、队伍、合作单位与需求", 44),
    "industries": ("行业分类 GB/T 4754-2017", 1967),
    "divisions": ("行政区划（泉州市及下辖乡镇街道）", 189),
    "occupations": ("职业分类（三级）", 518),
    "occupations_town": ("本镇细分工种", None),
    "occupation_aliases": ("工种俗称", None),
    "holidays": ("节假日与调休（2024—2026年）", 108),
    "posting_rules": ("招聘信息规则", None),
    "posting_terms": ("招聘信息用词", None),
    "minimum_wages": ("最低工资标准", None),
    "dispute_policies": ("调解期限和人数", None),
    "labour_limits": ("工时、年龄与平台期限", None),
    "survey_questions": ("就业摸底题目", None),
    "survey_options": ("就业摸底选项", None),
    "points_rules": ("积分规则提案", None),
    "training_providers": ("培训机构（方案所列合作单位与镇里）", 6),
    "training_courses": ("培训课程（草稿）", None),
    "training_menus": ("培训菜单（草稿）", None),
    "training_subsidies": ("培训补贴标准", None),
    "declaration_materials": ("申报材料清单", None),
}
# In the plan's partners a note with this word questions the printed name.
DOUBT = "推断"


@dataclass(frozen=True, slots=True)
class DatasetCount:
    dataset: str
    label: str
    count: int
    # None: no number to compare with.
    expected: int | None

    @property
    def as_expected(self) -> bool:
        return self.expected is None or self.count == self.expected


@dataclass(frozen=True, slots=True)
class BlankPair:
    """A row of annex 2 whose cells are blank, with the inference from the row above."""

    seq: int
    party_organisation: str
    # Role → suggested name, None where nothing suggests itself.
    suggested: tuple[tuple[LiaisonRole, str | None], ...]


@dataclass(frozen=True, slots=True)
class Unknowns:
    blank_pairs: tuple[BlankPair, ...]
    unnamed_grids: int
    grids_without_leader: int
    # The plan states their number, names none and does not split it by grid.
    unnamed_grid_members: int
    secretaries_without_phone: int
    firms_without_area: tuple[str, ...]
    unverified_wages: int

    @property
    def blank_links(self) -> int:
        return sum(len(pair.suggested) for pair in self.blank_pairs)


@dataclass(frozen=True, slots=True)
class SeedReport:
    counts: tuple[DatasetCount, ...]
    unknowns: Unknowns
    discrepancies: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Every dataset holds what its source holds."""
        return all(count.as_expected for count in self.counts)


async def seed_report(session: AsyncSession) -> SeedReport:
    """Computed from the rows as they stand now: a gap that the town has filled is no longer reported."""
    counts = await _counts(session)
    if not all(count.count for count in counts if count.dataset in ("figures", "party_organisations", "areas")):
        # Before the first load there is nothing to compare.
        return SeedReport(counts, Unknowns((), 0, 0, 0, 0, (), 0), ())
    facts = await _facts(session)
    return SeedReport(counts, await _unknowns(session, facts), discrepancies(facts))


async def _counts(session: AsyncSession) -> tuple[DatasetCount, ...]:
    found = await session.exec(select(col(SeedRecord.dataset), func.count()).group_by(col(SeedRecord.dataset)))
    loaded = dict(found.all())
    return tuple(
        DatasetCount(dataset, label, loaded.get(dataset, 0), expected)
        for dataset, (label, expected) in EXPECTED.items()
    )


async def _facts(session: AsyncSession) -> Facts:
    figures = (await session.exec(select(Figure))).all()
    team = await session.exec(
        select(col(RosterPerson.name))
        .join(TaskForceMember, col(TaskForceMember.roster_person_id) == col(RosterPerson.id))
        .order_by(col(TaskForceMember.seq))
    )
    grids = await session.exec(
        select(col(Area.name), func.count(col(Grid.id)))
        .join(Grid, col(Grid.area_id) == col(Area.id))
        .group_by(col(Area.id), col(Area.name))
        .order_by(col(Area.id))
    )
    others = await session.exec(
        select(col(Enterprise.name), col(EnterpriseName.name), col(EnterpriseName.source))
        .join(Enterprise, col(Enterprise.id) == col(EnterpriseName.enterprise_id))
        .order_by(col(EnterpriseName.id))
    )
    partners = await session.exec(
        select(col(PlanItem.name), col(PlanItem.note)).where(
            PlanItem.kind == PlanItemKind.PARTNER, col(PlanItem.note).contains(DOUBT)
        )
    )
    return Facts(
        figures={(row.subject, row.figure): int(row.value) for row in figures if row.value.isdecimal()},
        parties=await _parties(session),
        printed=await _printed(session),
        team=team.all(),
        grids=dict(grids.all()),
        firms=await _firms(session),
        other_names=others.all(),
        doubtful=partners.all(),
    )


async def _parties(session: AsyncSession) -> list[PartyFact]:
    rows = await session.exec(
        select(PartyOrganisation, col(RosterPerson.name), Enterprise, CivicBody)
        .join(RosterPerson, col(RosterPerson.id) == col(PartyOrganisation.secretary_id))
        .outerjoin(Enterprise, col(Enterprise.id) == col(PartyOrganisation.enterprise_id))
        .outerjoin(CivicBody, col(CivicBody.id) == col(PartyOrganisation.civic_body_id))
        .order_by(col(PartyOrganisation.seq))
    )
    return [
        PartyFact(
            party.seq,
            secretary,
            party.address,
            Host(body.name, body.kind) if body is not None else Host(firm.name, None),
        )
        for party, secretary, firm, body in rows
    ]


async def _printed(session: AsyncSession) -> list[tuple[int, LiaisonRole, str]]:
    """The cells as printed, also where the link has ended since."""
    rows = await session.exec(
        select(col(PartyOrganisation.seq), col(LiaisonLink.role), col(RosterPerson.name))
        .join(PartyOrganisation, col(PartyOrganisation.id) == col(LiaisonLink.party_organisation_id))
        .join(RosterPerson, col(RosterPerson.id) == col(LiaisonLink.roster_person_id))
        .where(LiaisonLink.state == LiaisonState.PRINTED)
        .order_by(col(PartyOrganisation.seq), col(LiaisonLink.id))
    )
    return list(rows.all())


async def _firms(session: AsyncSession) -> dict[str, tuple[str, str | None]]:
    """The firms of annex 2 only: those that registered themselves are not the plan's."""
    rows = await session.exec(
        select(col(Enterprise.name), col(Enterprise.address), col(Area.name))
        .join(SeedRecord, col(SeedRecord.target_id) == col(Enterprise.id))
        .outerjoin(Area, col(Area.id) == col(Enterprise.area_id))
        .where(SeedRecord.dataset == "enterprises")
        .order_by(col(Enterprise.id))
    )
    return {name: (address or "", area) for name, address, area in rows}


async def _unknowns(session: AsyncSession, facts: Facts) -> Unknowns:
    unnamed = await session.exec(
        select(
            func.count().filter(col(Grid.name).is_(None)), func.count().filter(col(Grid.leader_id).is_(None))
        ).select_from(Grid)
    )
    without_name, without_leader = unnamed.one()
    phones = await session.exec(
        select(func.count()).select_from(PartyOrganisation).where(col(PartyOrganisation.secretary_phone).is_(None))
    )
    beyond = {name for name, _ in outside(facts)}
    return Unknowns(
        blank_pairs=await _blank_pairs(session),
        unnamed_grids=without_name,
        grids_without_leader=without_leader,
        unnamed_grid_members=facts.figures["三区网格", "网格员"],
        secretaries_without_phone=phones.one(),
        firms_without_area=tuple(
            name for name, (_, area) in facts.firms.items() if area is None and name not in beyond
        ),
        unverified_wages=len(await unverified_wages(session)),
    )


async def _blank_pairs(session: AsyncSession) -> tuple[BlankPair, ...]:
    rows = await session.exec(
        select(PartyOrganisation, col(LiaisonLink.role), col(RosterPerson.name))
        .join(LiaisonLink, col(LiaisonLink.party_organisation_id) == col(PartyOrganisation.id))
        .outerjoin(RosterPerson, col(RosterPerson.id) == col(LiaisonLink.suggested_person_id))
        .where(LiaisonLink.state == LiaisonState.UNKNOWN, col(LiaisonLink.valid_to).is_(None))
        .order_by(col(PartyOrganisation.seq), col(LiaisonLink.id))
    )
    pairs: dict[int, tuple[str, list[tuple[LiaisonRole, str | None]]]] = {}
    for party, role, name in rows:
        pairs.setdefault(party.seq, (party.name, []))[1].append((role, name))
    return tuple(BlankPair(seq, name, tuple(suggested)) for seq, (name, suggested) in pairs.items())


def render_report(report: SeedReport) -> str:
    """Plain Chinese text, one fact a line."""
    lines = ["一、已载入", *(f"  {_count_line(count)}" for count in report.counts)]
    lines += ["", "二、原文未载明，待补全", *(f"  {line}" for line in _unknown_lines(report.unknowns))]
    lines += ["", "三、原文出入与推断"]
    lines += [f"  {number}. {text}" for number, text in enumerate(report.discrepancies, start=1)]
    return "\n".join(lines) + "\n"


def _count_line(count: DatasetCount) -> str:
    if count.expected is None:
        return f"{count.label}：{count.count}"
    verdict = "相符" if count.as_expected else "不符，请检查数据文件"
    return f"{count.label}：{count.count}（应为{count.expected}，{verdict}）"


def _unknown_lines(unknowns: Unknowns) -> Sequence[str]:
    pairs = unknowns.blank_pairs
    lines = [f"挂钩关系空白：{len(pairs)}行、共{unknowns.blank_links}栏；以下推测值来自上一行，须经核实"]
    lines += [
        f"  第{pair.seq}行 {pair.party_organisation}："
        + "，".join(
            f"{role.label}（推测{name}）" if name else f"{role.label}（无推测）" for role, name in pair.suggested
        )
        for pair in pairs
    ]
    lines.append(f"网格名称：{unknowns.unnamed_grids}个未载；网格长：{unknowns.grids_without_leader}个未载")
    lines.append(f"网格员：正文称{unknowns.unnamed_grid_members}名，无名单，也未分到网格")
    lines.append(f"书记电话：{unknowns.secretaries_without_phone}个未载（附件2栏名含“电话”，公开文本无号码）")
    names = "、".join(unknowns.firms_without_area)
    lines.append(f"企业所属片区：{len(unknowns.firms_without_area)}家未载明" + (f"（{names}）" if names else ""))
    lines.append(f"最低工资标准：{unknowns.unverified_wages}条待核对原文件")
    return lines
