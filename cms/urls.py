"""Addresses of content beside the pages themselves, which Wagtail serves."""

from django.urls import path

from cms import crawlers, feeds, views

urlpatterns = [
    path("sitemap.xml", crawlers.sitemap, name="sitemap"),
    path("robots.txt", crawlers.robots, name="robots"),
    path("media/<path:path>", views.media, name="media"),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
]

# Each of these exists once in every language.
in_languages = [
    path("p/<uuid:key>/", views.permalink, name="permalink"),
    path("search/", views.search, name="search"),
    path("feeds/articles.atom", feeds.Articles(), name="feed_articles"),
    path("feeds/changes.atom", feeds.Changes(), name="feed_changes"),
]
