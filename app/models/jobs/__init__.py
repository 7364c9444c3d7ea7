"""Tables of 宝盖职聘: seekers, vacancies, the funnel, the dated rows of the posting rules."""

from app.models.jobs.funnel import Application, ApplicationStep
from app.models.jobs.posting import MinimumWageRow, PostingRuleRow, PostingTermRow
from app.models.jobs.saved import SavedSearch, SavedVacancy
from app.models.jobs.seekers import SeekerProfile
from app.models.jobs.vacancies import Vacancy, VacancyDocument, VacancyVersion

__all__ = [
    "Application",
    "ApplicationStep",
    "MinimumWageRow",
    "PostingRuleRow",
    "PostingTermRow",
    "SavedSearch",
    "SavedVacancy",
    "SeekerProfile",
    "Vacancy",
    "VacancyDocument",
    "VacancyVersion",
]
