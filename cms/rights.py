"""What Wagtail's two groups may do with what is ours, from the first day on."""

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

KEEPERS = {
    "Editors": ("add", "change", "view"),
    "Moderators": ("add", "change", "delete", "view"),
}


def ensure_keepers() -> None:
    """The groups that write pages enter the sources too. Called once, for a new installation."""
    create_permissions(apps.get_app_config("cms"), verbosity=0)
    for group in Group.objects.filter(name__in=KEEPERS):
        names = [f"{verb}_citation" for verb in KEEPERS[group.name]]
        found = Permission.objects.filter(content_type__app_label="cms", codename__in=names)
        group.permissions.add(*found)
