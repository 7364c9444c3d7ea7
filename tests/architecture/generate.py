"""Writes what is generated from the code: OpenAPI document, state diagrams, permission matrix (`./dev openapi`)."""

import importlib
import json
import pkgutil
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import app.rules
from app.core.labels import Labelled
from app.core.settings import Settings
from app.main import create_app
from tests.architecture import matrix

ROOT = Path(__file__).parents[2]
OPENAPI = ROOT / "docs" / "api" / "openapi.json"
STATE_MACHINES = ROOT / "docs" / "state-machines.md"
PERMISSIONS = ROOT / "docs" / "permissions.csv"
PERMISSION_COUNTS = ROOT / "docs" / "permissions.md"
HEADER = """# 状态图

由 `./dev openapi` 从规则（`app/rules` 中的 `NEXT` 表）生成，请勿手改。每个框是一个状态，箭头是允许的变化；没有箭头的变化一律拒绝（409）。
"""
# What a person calls the thing whose states these are; a new table needs its name here.
TITLES = {
    "OrderState": "用工订单", "ShiftState": "班次", "RunState": "配工", "OfferState": "零工邀约", "AssignmentState": "上岗安排",
    "TimesheetState": "工时单", "DifferenceState": "对账（工时差异）", "AccidentState": "工伤事故报告", "SettlementState": "工资结算",
    "RuleState": "积分规则", "ActivityState": "志愿活动", "ParticipationState": "志愿活动报名", "ClaimState": "积分申报",
    "RewardState": "礼遇", "RedemptionState": "积分兑换", "StockChangeState": "库存变动", "PublicationState": "积分公示",
    "ObjectionState": "公示异议", "HoldState": "积分冻结", "BlockState": "暂停发布", "NoShowState": "未到岗记录", "SharingState": "共享用工协议",
    "CourseState": "培训课程", "MenuState": "培训菜单", "DemandState": "点单", "PoolState": "点单合并", "ShortageState": "缺工建议",
    "ClassState": "培训班", "EnrolmentState": "培训报名", "SessionMark": "考勤", "CertificateState": "培训证书",
    "DeclarationState": "职称与等级申报", "CompetitionState": "技能竞赛", "EntryState": "竞赛报名", "TakedownState": "岗位下架", "ImportState": "岗位导入", "ChangeState": "发布规则变更",
    "ApplicationState": "应聘", "EnterpriseClaimState": "企业认领", "EnterpriseState": "企业", "FileState": "文件",
    "InterviewState": "面试", "InvitationState": "岗位邀请",
    "FairState": "招聘会", "BoothState": "招聘会参展",
    "PersonState": "个人账号", "ReportState": "举报", "RepresentationState": "代办授权", "ReviewState": "内容复核",
    "CaseState": "调解案件", "PartyConsent": "当事人是否同意调解", "SeatState": "调解小组席位", "MediationSessionState": "一次调解",
    "AgreementState": "调解协议", "TermState": "协议约定", "ConfirmationState": "司法确认", "ConferenceState": "党建联席会议",
    "SurveyWaveState": "就业摸底", "SuspensionState": "企业暂停", "VacancyState": "岗位",
}  # fmt: skip
Table = dict[Labelled, frozenset[Labelled]]


def openapi_text() -> str:
    with tempfile.TemporaryDirectory() as folder:
        document = create_app(Settings(data_dir=Path(folder), log_level="CRITICAL")).openapi()
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def rule_modules() -> list[ModuleType]:
    names = sorted(module.name for module in pkgutil.walk_packages(app.rules.__path__, "app.rules."))
    return [importlib.import_module(name) for name in names]


def transition_tables() -> list[tuple[str, Table]]:
    """`(module.NAME, table)` of every `NEXT` and `…_NEXT` of the rule book, in the order of their names."""
    return [
        (f"{module.__name__}.{name}", value)
        for module in rule_modules()
        for name, value in sorted(vars(module).items())
        if (name == "NEXT" or name.endswith("_NEXT")) and isinstance(value, dict)
    ]


def state_machines_text() -> str:
    return "\n".join([HEADER, *(_diagram(name, table) for name, table in transition_tables())])


def _diagram(name: str, table: Table) -> str:
    enum: Any = type(next(iter(table)))
    states: list[Labelled] = list(enum)
    lines = [f"## {TITLES[enum.__name__]}", "", f"`{name}`", "", "```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state.label}" as {state.value}' for state in states]
    lines.append(f"    [*] --> {states[0].value}")
    for state in states:
        following = [target for target in states if target in table[state]]
        lines += [f"    {state.value} --> {target.value}" for target in following] or [f"    {state.value} --> [*]"]
    return "\n".join([*lines, "```", ""])


def main() -> None:
    texts = {
        OPENAPI: openapi_text(), STATE_MACHINES: state_machines_text(),
        PERMISSIONS: matrix.csv_text(), PERMISSION_COUNTS: matrix.counts_text(),
    }  # fmt: skip
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"已写入 {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
