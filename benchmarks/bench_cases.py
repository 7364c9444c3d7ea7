"""Applications for mediation over HTTP against their own statements, played by a bare ASGI application; see `replay.py`.

`./dev bench cases [--cases N] [--database …]`: so many people each open a case against one of ten firms: parties, statement,
event, deadlines computed from the log, the desk's task, all sealed and committed before the answer.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import func
from sqlmodel import col, select

from app.core.clock import china_date
from app.core.ids import new_id
from app.core.settings import Settings
from app.models.disputes import CaseParty, DisputeCase
from app.models.identity import Consent
from app.models.organisation import Enterprise
from app.rules.disputes.parties import CaseSide
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import POLICY_VERSIONS, ConsentMethod, ConsentPurpose
from app.services.common.calendar import load_calendar
from app.services.disputes.policies import load_dispute_policies
from app.services.runtime import open_runtime
from benchmarks import replay
from benchmarks.bench_list import Kind
from benchmarks.bench_redeem import members
from benchmarks.replay import Act, Call

FIRMS = 10
SEEDS = Path(__file__).parents[1] / "seeds"


async def fill(settings: Settings, number: int) -> list[Call]:
    async with open_runtime(settings) as runtime:
        now = runtime.clock.now()
        firms = [new_id() for _ in range(FIRMS)]
        async with runtime.db.unit_of_work() as session:
            await load_calendar(session, directory=SEEDS, now=now)
            await load_dispute_policies(session, directory=SEEDS, now=now)
            session.add_all(
                Enterprise(id=one, created_at=now, updated_at=now, name=f"测试企业{place}")
                for place, one in enumerate(firms)
            )
            people = await members(session, now, number)
            session.add_all(
                Consent(
                    created_at=now, person_id=person, purpose=ConsentPurpose.DISPUTE, app=ClientApp.ZHIPIN,
                    policy_version=POLICY_VERSIONS[ConsentPurpose.DISPUTE], method=ConsentMethod.SELF,
                )
                for person, _ in people
            )  # fmt: skip
    known = str(china_date(now) - timedelta(days=20))
    return [
        Call(
            "zhipin", person, login, "/cases",
            {
                "kind": "wages", "claim": "支付8月工资", "claim_fen": 420_000, "known_on": known,
                "statement": "8月做满26天，工资至今没有发。",
                "respondent": {"kind": "enterprise", "enterprise_id": str(firms[place % FIRMS])},
            },
            f"bench-cases-{place:06d}",
        )
        for place, (person, login) in enumerate(people)
    ]  # fmt: skip


async def opened(settings: Settings) -> tuple[int, int]:
    """Cases, and people who claim in one."""
    async with open_runtime(settings) as runtime, runtime.db.reading() as session:
        people = await session.exec(
            select(func.count(col(CaseParty.person_id).distinct())).where(CaseParty.side == CaseSide.COMPLAINANT)
        )
        return int((await session.exec(select(func.count()).select_from(DisputeCase))).one()), int(people.one())


def main(
    cases: Annotated[int, typer.Option(help="申请件数")] = 600,
    database: Annotated[Kind, typer.Option(help="哪个数据库")] = Kind.BOTH,
) -> None:
    """申请调解的速度比：应用对照执行同样语句的最简 ASGI 服务。"""
    replay.run(Act("申请调解", fill, opened, lambda number: (number, number)), cases, database)


if __name__ == "__main__":
    typer.run(main)
