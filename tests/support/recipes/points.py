"""文明积分."""

from tests.support.recipes.book import Call, recipe
from tests.support.recipes.town import Town


@recipe
def get_my_points(town: Town) -> Call:
    return Call(town.someone())


@recipe
def list_my_points_entries(town: Town) -> Call:
    return Call(town.someone(), query={"after_seq": 0, "limit": 5})


@recipe
def get_points_trial_balance(town: Town) -> Call:
    return Call(town.auditor, query={"as_of": 0})
