"""Which exercises an editor looks for. In SQL, so that drafts are found at once."""

from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    Func,
    IntegerField,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast
from wagtail.models import Page, ReferenceIndex

from cms.models import DiagnosisExercise, ExercisePage, ExerciseRegion, RegionPage
from cms.models.exercises import Level

Exercises = QuerySet[ExercisePage]


def texts(field: str) -> Func:
    """The values of a list of short texts, as JSON."""
    return Func(
        F(field),
        Value("$[*].value"),
        function="jsonb_path_query_array",
        template="%(function)s(%(expressions)s::jsonpath)",
        output_field=JSONField(),
    )


def matching(exercises: Exercises, query: str) -> Exercises:
    """Every word of `query` stands in the title, the draft's title or another name."""
    exercises = exercises.alias(_names=Cast(texts("other_names"), TextField()))
    for word in query.split():
        exercises = exercises.filter(
            Q(title__icontains=word) | Q(draft_title__icontains=word) | Q(_names__icontains=word)
        )
    return exercises


def for_region(exercises: Exercises, region: RegionPage) -> Exercises:
    """What is for a region or a part of it, and what the diagnoses below it use."""
    named = ExerciseRegion.objects.filter(page=OuterRef("pk"), region__path__startswith=region.path)
    uses = DiagnosisExercise.objects.filter(
        exercise=OuterRef("pk"), page__path__startswith=region.path
    )
    return exercises.filter(Exists(named) | Exists(uses))


def with_equipment(exercises: Exercises, name: str) -> Exercises:
    found: Exercises = exercises.alias(_equipment=texts("equipment")).filter(
        _equipment__contains=[name]
    )
    return found


def equipment() -> list[str]:
    """Everything that any exercise needs, once, in order."""
    lists = ExercisePage.objects.annotate(names=texts("equipment")).values_list("names", flat=True)
    return sorted({name for names in lists for name in names or []}, key=str.lower)


def described(exercises: Any) -> Any:
    """With `level_rank` from easy to hard, `equipment_names`, and `usage_count`."""
    ranks = [When(level=level, then=Value(rank)) for rank, level in enumerate(Level)]
    return exercises.annotate(
        level_rank=Case(*ranks, default=Value(len(ranks)), output_field=IntegerField()),
        equipment_names=texts("equipment"),
        usage_count=ReferenceIndex.usage_count_subquery(Page),
    )
