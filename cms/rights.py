"""What Wagtail's two groups may do with what is ours, from the first day on."""

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from wagtail.snippets.models import create_extra_permissions

KEEPERS = {
    "Editors": ("add", "change", "view"),
    "Moderators": ("add", "change", "delete", "view"),
}


def ensure_keepers() -> None:
    """The groups that write pages enter the sources too. Called once, for a new installation."""
    let_in("cms", "citation")


def let_in(app: str, *nouns: str, publish: bool = False) -> None:
    """Editors may write these and moderators remove them, too; and publish, as with pages."""
    create_permissions(apps.get_app_config(app), verbosity=0)
    if publish:
        create_extra_permissions(apps.get_app_config(app))
    for group in Group.objects.filter(name__in=KEEPERS):
        verbs = KEEPERS[group.name]
        if publish and "delete" in verbs:
            verbs = (*verbs, "publish")
        names = [f"{verb}_{noun}" for verb in verbs for noun in nouns]
        found = Permission.objects.filter(content_type__app_label=app, codename__in=names)
        group.permissions.add(*found)
