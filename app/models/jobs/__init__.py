"""Tables of 宝盖职聘: seekers, vacancies, the funnel, the dated rows of the posting rules."""

from app.models.jobs.funnel import Application, ApplicationStep
from app.models.jobs.imports import VacancyImport, VacancyImportRow
from app.models.jobs.interviews import Interview
from app.models.jobs.invitations import Invitation
from app.models.jobs.kept import KeptCheck
from app.models.jobs.posting import MinimumWageRow, PostingChange, PostingPolicyRow, PostingRuleRow, PostingTermRow
from app.models.jobs.recommendation import FeedHead, Impression, VacancyExposure
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
    "FeedHead",
    "Impression",
    "Interview",
    "Invitation",
    "KeptCheck",
    "MinimumWageRow",
    "PostingChange",
    "PostingPolicyRow",
    "PostingRuleRow",
    "PostingTermRow",
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
