"""For every operation of the API one call that succeeds: who makes it, about which row, with which body.

`RECIPES[operation id](town)` makes whatever rows the call needs, over HTTP, and hands back the call itself. What a call uses
up is made anew each time.
"""

from tests.support.recipes import (
    common,
    disputes,
    fairs,
    funnel,
    gigs_offers,
    gigs_orders,
    gigs_pay,
    gigs_profiles,
    gigs_runs,
    gigs_sharing,
    gigs_site,
    identity,
    jobs,
    organisation,
    people,
    points,
    points_rewards,
    saved,
    surveys,
    training,
    training_contests,
    training_people,
)
from tests.support.recipes.book import RECIPES, Call, Operation, operations_of, send
from tests.support.recipes.town import Town, Values

__all__ = [
    "RECIPES",
    "Call",
    "Operation",
    "Town",
    "Values",
    "common",
    "disputes",
    "fairs",
    "funnel",
    "gigs_offers",
    "gigs_orders",
    "gigs_pay",
    "gigs_profiles",
    "gigs_runs",
    "gigs_sharing",
    "gigs_site",
    "identity",
    "jobs",
    "operations_of",
    "organisation",
    "people",
    "points",
    "points_rewards",
    "saved",
    "send",
    "surveys",
    "training",
    "training_contests",
    "training_people",
]
