"""What happens when a sequence is published: steps and versions are written, the plan goes live."""

from collections.abc import Iterable
from collections.abc import Sequence as Ordered
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.signals import post_delete, post_save
from wagtail.signals import copy_for_translation_done

from nurture import enrolment
from nurture.authoring import recompiling
from nurture.authoring.compile import CompiledStep, compile_sequence, source_of
from nurture.authoring.planned import Planned
from nurture.authoring.versions import write_version
from nurture.domain import conditions, progression
from nurture.models import Closure, Enrolment, MailTimes, Recompile, Sequence, Step
from nurture.models.sequence import publishing


def connect() -> None:
    publishing.connect(on_publishing, dispatch_uid="compile a sequence")
    copy_for_translation_done.connect(on_copied, dispatch_uid="a copy to translate is a draft")
    for changed in (post_save, post_delete):
        changed.connect(on_times, sender=Closure, dispatch_uid="a closure moves what is due")
    post_save.connect(on_times, sender=MailTimes, dispatch_uid="quiet hours move what is due")


def on_copied(target_obj: Any, **_kwargs: Any) -> None:
    """A copy that waits for its translation is a draft: nobody is told of it or sent it yet."""
    if isinstance(target_obj, Sequence):
        target_obj.live, target_obj.has_unpublished_changes = False, True
        target_obj.live_revision = target_obj.first_published_at = None
        target_obj.last_published_at = None
        own = target_obj.diagnosis.get_translation_or_none(target_obj.locale)
        target_obj.diagnosis = own or target_obj.diagnosis


def on_times(**_kwargs: Any) -> None:
    """Whoever waits for a mail is planned anew: around closures, quiet hours, the cap on mails."""
    Sequence.objects.update(plan_number=F("plan_number") + 1)
    enrolment.try_again(Enrolment.objects.all())


def on_publishing(sequence: Sequence, **_kwargs: Any) -> None:
    """Runs in the publication's transaction: a fault in a step keeps the whole from going live."""
    source = source_of(sequence)
    compiled = compile_sequence(sequence)
    if source.pk == sequence.pk:
        write_plan(source, compiled)
        translated_again(sequence, compiled)
    for step in compiled:
        write_version(source, sequence, step)
    Recompile.objects.filter(sequence=sequence).delete()


def translated_again(source: Sequence, compiled: Iterable[CompiledStep]) -> None:
    """The translations say the same rules in their words, and may have been ahead of the source."""
    family = Sequence.objects.filter(translation_key=source.translation_key, live=True)
    keys = [step.plan.key for step in compiled]
    for translation in family.exclude(pk=source.pk):
        recompiling.ask_for(translation, keys)


def write_plan(sequence: Sequence, compiled: Ordered[CompiledStep]) -> None:
    """Bring the steps to the order of the plan and give the plan its next number."""
    passed = overtaken_by(sequence, [step.plan.key for step in compiled])
    remove_others(sequence, compiled)
    for position, step in enumerate(compiled):
        Step.objects.update_or_create(
            sequence=sequence,
            key=step.plan.key,
            defaults={
                "position": position,
                **columns(step.plan),
                "live": True,
                "stood_after": None,
                **({"overtaken": True} if step.plan.key in passed else {}),
            },
        )
    Sequence.objects.filter(pk=sequence.pk).update(plan_number=F("plan_number") + 1)
    enrolment.try_again(sequence.enrolments.all())


def overtaken_by(sequence: Sequence, keys: Ordered[UUID]) -> set[UUID]:
    """Which steps somebody may have had who is to go on before them, by the order that is new."""
    rows = list(Step.objects.filter(sequence=sequence).order_by("position", "pk"))
    before = [row.key for row in rows if row.live]
    back = [row.key for row in rows if not row.live]
    return progression.overtaken(before, keys, back=back)


def columns(plan: Planned) -> dict[str, Any]:
    """A planned step as the columns of its row."""
    return {
        "name": plan.name,
        "wait_count": plan.wait_count,
        "wait_unit": plan.wait_unit,
        "wait_after": plan.wait_after,
        "wait_date_name": plan.wait_date_name,
        "wait_weekday": plan.wait_weekday,
        "load_bearing": plan.load_bearing,
        "skippable": plan.skippable,
        "conditions": conditions.as_json(plan.conditions),
    }


def remove_others(sequence: Sequence, compiled: Ordered[CompiledStep]) -> None:
    """Steps that left the plan remember whom they stood after, so that their people go on."""
    kept = {step.plan.key for step in compiled}
    survivor: Step | None = None
    for step in Step.objects.filter(sequence=sequence, live=True).order_by("position"):
        if step.key in kept:
            survivor = step
        else:
            Step.objects.filter(pk=step.pk).update(live=False, stood_after=survivor)
