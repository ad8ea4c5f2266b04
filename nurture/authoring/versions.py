"""Compiled steps as rows: versions that never change, and what they were made from."""

from nurture import gate
from nurture.authoring.compile import CompiledStep
from nurture.models import Dependency, Sequence, Step, StepVersion, Variant


def write_version(source: Sequence, sequence: Sequence, compiled: CompiledStep) -> bool:
    """A new version unless the newest says the same; whether there is one.

    `source` has the steps, `sequence` the words: they differ for a translation.
    """
    write_dependencies(sequence, compiled)
    step = Step.objects.filter(sequence=source, key=compiled.plan.key).first()
    if step is None:
        return False  # a translation that is ahead of its source: nobody can be sent this yet
    versions = StepVersion.objects.filter(step=step, locale=sequence.locale)
    newest = versions.order_by("-number").first()
    if newest and newest.fingerprint == compiled.fingerprint:
        return False
    version = StepVersion.objects.create(
        step=step,
        locale=sequence.locale,
        number=newest.number + 1 if newest else 1,
        subject=compiled.subject,
        preheader=compiled.preheader,
        html=compiled.html,
        text=compiled.text,
        fingerprint=compiled.fingerprint,
        page_revisions=compiled.found.revisions,
        checkin=compiled.checkin,
        slots=compiled.slots,
        in_review=gate.is_open(map(int, compiled.found.revisions)),
    )
    Variant.objects.bulk_create(
        Variant(version=version, choice=choice, html=html, text=text)
        for choice, (html, text) in compiled.variants.items()
    )
    return True


def write_dependencies(sequence: Sequence, compiled: CompiledStep) -> None:
    """What this step was made from, in place of what it was made from before."""
    key, kind = compiled.plan.key, Dependency.Kind
    rows = [
        (kind.SETTING, 0),
        *((kind.PAGE, page) for page in sorted(compiled.found.pages)),
        *((kind.PICTURE, picture) for picture in sorted(compiled.found.pictures)),
    ]
    Dependency.objects.filter(sequence=sequence, step_key=key).delete()
    Dependency.objects.bulk_create(
        Dependency(sequence=sequence, step_key=key, kind=name, number=number)
        for name, number in rows
    )
