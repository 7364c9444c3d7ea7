"""What agents do for people: noted, told to the person, undone by the person."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.models.identity import AssistedAct, Person
from app.rules.common.notices import NoticeKind
from app.rules.identity.masks import mask_name
from app.rules.identity.roles import Actor
from app.services.common.notices import notify
from app.services.organisation.roster import record_of

SHORT = 20


async def note_act(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    *,
    operation: str,
    subject_kind: str,
    subject_id: UUID,
    subject_version: int,
    before: str | None,
    told: str,
    now: datetime,
    undoable: bool = True,
) -> None:
    """Only where an agent acts: a row with the content before, and a notice. `told`: what was done, in words."""
    if actor.agent_id is None or actor.representation_id is None:
        return
    act = AssistedAct(
        created_at=now, representation_id=actor.representation_id, person_id=actor.person_id, agent_id=actor.agent_id,
        operation=operation, subject_kind=subject_kind, subject_id=subject_id, subject_version=subject_version,
    )  # fmt: skip
    if before is not None:
        act.before_sealed = crypto.seal("assisted_act", "before", act.id, before)
    session.add(act)
    await session.flush()
    way_out = "如不同意，15天内可在“代办记录”里撤销。" if undoable else "如不同意，请重新办理，并可撤销代办授权。"
    await notify(
        session, person_id=actor.person_id, kind=NoticeKind.ASSISTED, now=now, title="有人替您办理",
        body=f"{await name_of_agent(session, crypto, actor.agent_id)}替您办理了：{told}。{way_out}",
        page=f"pages/assisted/detail?id={act.id}", template_data={"thing1": told[:SHORT], "phrase2": "已办理"},
    )  # fmt: skip


async def name_of_agent(session: AsyncSession, crypto: Crypto, agent_id: UUID) -> str:
    """Staff under the name of the public roster; a relative masked, which the person recognises."""
    record = await record_of(session, agent_id)
    if record is not None:
        return record.name
    agent = (await session.exec(select(Person).where(Person.id == agent_id))).one_or_none()
    name = None if agent is None else crypto.open_if("person", "name", agent.id, agent.name_sealed)
    return mask_name(name) if name else "您的代办人"


async def list_acts(session: ReadSession, actor: Actor) -> Sequence[AssistedAct]:
    """What was done for me, newest first, at most 200."""
    rows = await session.exec(
        select(AssistedAct)
        .where(AssistedAct.person_id == actor.person_id)
        .order_by(col(AssistedAct.created_at).desc(), col(AssistedAct.id).desc())
        .limit(200)
    )
    return rows.all()
