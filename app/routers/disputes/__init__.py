"""“1+N+X” 调解。"""

from app.routers.disputes.agreements import router as agreements
from app.routers.disputes.cases import router as cases
from app.routers.disputes.conferences import router as conferences
from app.routers.disputes.desk import router as desk
from app.routers.disputes.panel import router as panel
from app.routers.disputes.parties import router as parties
from app.routers.disputes.table import router as table

ROUTERS = (cases, desk, parties, panel, table, agreements, conferences)

__all__ = ["ROUTERS"]
