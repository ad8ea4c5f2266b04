"""Content types. A file holds one noun."""

from cms.integrations.models import (
    ApiToken,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from cms.models.articles import ArticlePage
from cms.models.base import HealthPage
from cms.models.citations import Citation
from cms.models.clinicians import ClinicianIndexPage, ClinicianPage
from cms.models.diagnoses import (
    DiagnosisExercise,
    DiagnosisPage,
    DiagnosisRegion,
    DiagnosisRelated,
)
from cms.models.documents import Change, Document, Outdated, Relation, Source
from cms.models.exercise_index import ExerciseIndexPage
from cms.models.exercises import (
    ExerciseLink,
    ExercisePage,
    ExerciseRegion,
)
from cms.models.front_end import FrontEnd
from cms.models.home import HomePage
from cms.models.people import User
from cms.models.pictures import Picture, Rendition
from cms.models.preview_draft import PreviewDraft
from cms.models.regions import RegionPage
from cms.models.review import Approval
from cms.models.review_task import ClinicalReviewState, ClinicalReviewTask

__all__ = [
    "ApiToken",
    "Approval",
    "ArticlePage",
    "Change",
    "Citation",
    "ClinicalReviewState",
    "ClinicalReviewTask",
    "ClinicianIndexPage",
    "ClinicianPage",
    "DiagnosisExercise",
    "DiagnosisPage",
    "DiagnosisRegion",
    "DiagnosisRelated",
    "Document",
    "ExerciseIndexPage",
    "ExerciseLink",
    "ExercisePage",
    "ExerciseRegion",
    "FrontEnd",
    "HealthPage",
    "HomePage",
    "Outdated",
    "Picture",
    "PreviewDraft",
    "RegionPage",
    "Relation",
    "Rendition",
    "Source",
    "User",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
