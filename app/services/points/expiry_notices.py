"""Points that expire soon: told 30 and 7 days ahead (points design), each lot once for each of the two."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.rules.common.notices import NoticeKind
from app.services.common.notices import notify
from app.services.points.book import ACCOUNT, LOT, do

# The nearer one first: who got none before is told once, not twice at once.
DAYS_AHEAD = {2: 7, 1: 30}
BATCH = 50
THING = 20


async def tell_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep. Two at once: each lot is told by one of them. A lot that comes in late gets the notice that is due."""
    done = 0
    for number, days in DAYS_AHEAD.items():
        due = (
            select(LOT.c.id, LOT.c.remaining, LOT.c.expires_at, ACCOUNT.c.person_id)
            .join(ACCOUNT, ACCOUNT.c.id == LOT.c.account_id)
            .where(
                LOT.c.remaining > 0, LOT.c.notices < number, LOT.c.expires_at > now,
                LOT.c.expires_at <= now + timedelta(days=days),
            )
            .order_by(LOT.c.expires_at, LOT.c.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True, of=LOT)
        )  # fmt: skip
        rows = (await do(session, due)).all()
        for lot in rows:
            if lot.person_id is not None:
                last = (lot.expires_at - timedelta(seconds=1)).astimezone(CHINA)
                words = f"您有{lot.remaining}分将于{last.year}年{last.month}月{last.day}日到期，到期前可以兑换礼遇。"
                await notify(
                    session, person_id=lot.person_id, kind=NoticeKind.POINTS_EXPIRING, now=now, title="积分即将到期",
                    body=words, page="pages/points/mine",
                    template_data={"thing1": f"{lot.remaining}分即将到期"[:THING], "phrase2": "将到期"},
                )  # fmt: skip
        if rows:
            told = update(LOT).where(LOT.c.id.in_([lot.id for lot in rows])).values(notices=number)
            await do(session, told)
        done += len(rows)
    return done
