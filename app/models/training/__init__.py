"""菜单式培训."""

from app.models.training.catalogue import (
    Course,
    CourseMenu,
    DeclarationMaterial,
    MenuCourse,
    SubsidyRate,
    TrainingProvider,
)
from app.models.training.certificates import Certificate, Declaration, DeclarationPaper
from app.models.training.classes import (
    AttendanceMark,
    ClassFeedback,
    ClassSession,
    Enrolment,
    EntryGroup,
    TrainingClass,
)
from app.models.training.competitions import Competition, CompetitionEntry, CompetitionObjection, CompetitionScore
from app.models.training.demands import DemandPool, TrainingDemand, TrainingShortage

__all__ = [
    "AttendanceMark",
    "Certificate",
    "ClassFeedback",
    "ClassSession",
    "Competition",
    "CompetitionEntry",
    "CompetitionObjection",
    "CompetitionScore",
    "Course",
    "CourseMenu",
    "Declaration",
    "DeclarationMaterial",
    "DeclarationPaper",
    "DemandPool",
    "Enrolment",
    "EntryGroup",
    "MenuCourse",
    "SubsidyRate",
    "TrainingClass",
    "TrainingDemand",
    "TrainingProvider",
    "TrainingShortage",
]
