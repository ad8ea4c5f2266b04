"""Addresses of the visitor's side. Those with a token carry nothing else."""

from django.urls import path

from nurture.mail.links import PREFIXES, Purpose
from nurture.web import checkin, click, data, pages, preferences, signup

LINKED = {
    Purpose.CONFIRM: pages.confirm,
    Purpose.UNSUBSCRIBE: pages.unsubscribe,
    Purpose.CHECK_IN: checkin.page,
    Purpose.PREFERENCES: preferences.page,
    Purpose.EXPORT: data.export,
    Purpose.ERASE: data.erase,
    Purpose.CLICK: click.page,
}

urlpatterns = [
    path("signup/", signup.form, name="signup"),
    path("signup/embedded/", signup.embedded, name="signup-embedded"),
    path("signup/done/", signup.done, name="signup-done"),
    *(
        path(f"{PREFIXES[purpose]}/<str:token>/", page, name=purpose.value)
        for purpose, page in LINKED.items()
    ),
]
