"""Tables of 宝盖职聘: seekers, vacancies, the funnel, job fairs, the dated rows of the posting rules."""

from app.models.jobs.fairs import (
    Fair,
    FairArea,
    FairBooth,
    FairCheckIn,
    FairReport,
    FairTally,
    FairVacancy,
    FairVisits,
)
from app.models.jobs.funnel import Application, ApplicationStep
from app.models.jobs.posting import InternLimitRow, MinimumWageRow, PostingRuleRow, PostingTermRow
from app.models.jobs.seekers import SeekerProfile
from app.models.jobs.vacancies import Vacancy, VacancyDocument, VacancyVersion

__all__ = [
    "Application",
    "ApplicationStep",
    "Fair",
    "FairArea",
    "FairBooth",
    "FairCheckIn",
    "FairReport",
    "FairTally",
    "FairVacancy",
    "FairVisits",
    "InternLimitRow",
    "MinimumWageRow",
    "PostingRuleRow",
    "PostingTermRow",
    "SeekerProfile",
    "Vacancy",
    "VacancyDocument",
    "VacancyVersion",
]
