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
from app.models.jobs.imports import VacancyImport, VacancyImportRow
from app.models.jobs.interviews import Interview
from app.models.jobs.invitations import Invitation
from app.models.jobs.kept import KeptCheck
from app.models.jobs.posting import (
    InternLimitRow,
    MinimumWageRow,
    PostingChange,
    PostingPolicyRow,
    PostingRuleRow,
    PostingTermRow,
)
from app.models.jobs.recommendation import FeedHead, Impression, VacancyExposure
from app.models.jobs.saved import SavedSearch, SavedVacancy
from app.models.jobs.seekers import SeekerProfile
from app.models.jobs.surveys import (
    SurveyAnswer,
    SurveyAssignment,
    SurveyChoice,
    SurveyHousehold,
    SurveyOption,
    SurveyQuestion,
    SurveyWave,
)
from app.models.jobs.takedowns import VacancyTakedown
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
    "FeedHead",
    "Impression",
    "InternLimitRow",
    "Interview",
    "Invitation",
    "KeptCheck",
    "MinimumWageRow",
    "PostingChange",
    "PostingPolicyRow",
    "PostingRuleRow",
    "PostingTermRow",
    "SavedSearch",
    "SavedVacancy",
    "SeekerProfile",
    "SurveyAnswer",
    "SurveyAssignment",
    "SurveyChoice",
    "SurveyHousehold",
    "SurveyOption",
    "SurveyQuestion",
    "SurveyWave",
    "Vacancy",
    "VacancyDocument",
    "VacancyExposure",
    "VacancyImport",
    "VacancyImportRow",
    "VacancyTakedown",
    "VacancyVersion",
]
