"""文明积分."""

from app.models.points.earning import (
    Activity,
    ActivityPerson,
    PointsAward,
    PointsBudget,
    PointsClaim,
    PointsClaimPhoto,
    PointsRule,
)
from app.models.points.ledger import JournalEntry, PointsAccount, PointsHold, PointsHoldPart, PointsLot, Posting
from app.models.points.publication import (
    HouseholdMember,
    PointsHousehold,
    PointsObjection,
    PointsPublication,
    PublicationLine,
)
from app.models.points.rewards import PickUpGuard, PointsSite, Redemption, Reward, RewardStock, StockChange

__all__ = [
    "Activity",
    "ActivityPerson",
    "HouseholdMember",
    "JournalEntry",
    "PickUpGuard",
    "PointsAccount",
    "PointsAward",
    "PointsBudget",
    "PointsClaim",
    "PointsClaimPhoto",
    "PointsHold",
    "PointsHoldPart",
    "PointsHousehold",
    "PointsLot",
    "PointsObjection",
    "PointsPublication",
    "PointsRule",
    "PointsSite",
    "Posting",
    "PublicationLine",
    "Redemption",
    "Reward",
    "RewardStock",
    "StockChange",
]
