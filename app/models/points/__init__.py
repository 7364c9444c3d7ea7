"""文明积分."""

from app.models.points.ledger import JournalEntry, PointsAccount, PointsHold, PointsHoldPart, PointsLot, Posting

__all__ = ["JournalEntry", "PointsAccount", "PointsHold", "PointsHoldPart", "PointsLot", "Posting"]
