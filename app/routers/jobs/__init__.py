"""宝盖职聘：岗位、求职登记、推荐、应聘、邀请与面试、招聘会、摸底。"""

from fastapi import APIRouter

from app.routers.jobs import (
    applications,
    fair_booths,
    fair_entries,
    fairs,
    imports,
    interviews,
    invitations,
    kept,
    posting_rules,
    saved,
    search,
    seekers,
    survey_work,
    surveys,
    takedowns,
    vacancies,
    wages,
)

ROUTERS: tuple[APIRouter, ...] = tuple(
    # Search first: `/vacancies/facets` is no vacancy's id.
    module.router
    for module in (
        search, vacancies, seekers, saved, applications, wages, invitations, interviews, kept, fairs, fair_booths, fair_entries,
        imports, takedowns, posting_rules, surveys, survey_work,
    )
)  # fmt: skip
