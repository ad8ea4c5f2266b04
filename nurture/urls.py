"""Addresses of the visitor's side. Those with a token carry nothing else."""

from django.urls import path

from nurture.web import pages, signup

urlpatterns = [
    path("signup/", signup.form, name="signup"),
    path("signup/done/", signup.done, name="signup-done"),
    path("c/<str:token>/", pages.confirm, name="confirm"),
    path("u/<str:token>/", pages.unsubscribe, name="unsubscribe"),
]
