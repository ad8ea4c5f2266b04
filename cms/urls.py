"""Addresses of content beside the pages themselves, which Wagtail serves."""

from django.urls import path

from cms import views

urlpatterns = [
    path("p/<uuid:key>/", views.permalink, name="permalink"),
    path("media/<path:path>", views.media, name="media"),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
]
