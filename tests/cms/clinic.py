"""The people of a practice in the admin, and the way a page takes through clinical review."""

from datetime import date
from typing import Any

import time_machine
from django.contrib.auth.models import Group, Permission
from wagtail.models import Revision, Task

from cms.models import ClinicianIndexPage, ClinicianPage, DiagnosisPage, User
from cms.sample import Loaded

TODAY = date(2026, 3, 31)


def user(name: str, *groups: str) -> User:
    """Somebody who signs in; without a group they may only enter the admin."""
    person = User.objects.create_user(name, f"{name}@example.org", "secret")
    person.user_permissions.add(Permission.objects.get(codename="access_admin"))
    person.groups.set(Group.objects.filter(name__in=groups))
    return person


def clinician(loaded: Loaded, name: str, *, account: User | None = None) -> ClinicianPage:
    """A live page for somebody who treats people."""
    team = ClinicianIndexPage.objects.first()
    if team is None:
        team = loaded.home.add_child(instance=ClinicianIndexPage(title="Our team", slug="team"))
    page: ClinicianPage = team.add_child(
        instance=ClinicianPage(title=name, slug=name.lower(), credentials="DPT", account=account)
    )
    return page


def edit(page: Any, *, by: User | None = None, **changes: Any) -> Revision:
    """A draft on top of the newest one."""
    draft = page.get_latest_revision_as_object()
    for name, value in changes.items():
        setattr(draft, name, value)
    revision: Revision = draft.save_revision(user=by)
    return revision


def submit(page: Any, *, by: User | None = None) -> Any:
    """Start the workflow; the state of the review task comes back."""
    fresh = type(page).objects.get(pk=page.pk)
    fresh.get_workflow().start(fresh, by)
    return fresh.current_workflow_task_state


def approve(page: Any, *, by: User, on: date = TODAY) -> None:
    state = submit(page)
    with time_machine.travel(on, tick=False):
        state.task.specific.on_action(state, by, "approve")
    page.refresh_from_db()
    page.__dict__.pop("last_approvals", None)


def publish(page: Any, *, by: User | None = None, **changes: Any) -> None:
    edit(page, **changes).publish(user=by)
    page.refresh_from_db()
    page.__dict__.pop("last_approvals", None)


def diagnosis(loaded: Loaded) -> DiagnosisPage:
    return loaded.diagnoses["sore-hip"]


def review_task() -> Any:
    return Task.objects.get(name="Clinical review").specific
