"""A household's purse: members give their points into it and redeem from it. Pure."""

from datetime import timedelta

from app.core.errors import ConflictError, NotFoundError, UnprocessableError

MOST_MEMBERS = 12
CODE_LIVES = timedelta(hours=24)


class NoHouseholdError(NotFoundError):
    code = "household_none"
    message = "您还没有加入家庭账户"


class HouseholdTakenError(ConflictError):
    code = "household_taken"
    message = "您已在一个家庭账户里，请先退出"


class HouseholdFullError(ConflictError):
    code = "household_full"
    message = "一个家庭账户最多{most}人"


class HouseholdCodeError(UnprocessableError):
    code = "household_code_wrong"
    message = "家庭码不正确或已过期，请家人重新出示"
    field = "code"
