"""The whole map of the installation."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as admin_urls
from wagtail.documents import urls as document_urls

from cms import urls as cms_urls
from config.api import api, api_v2, people_api
from nurture import urls as nurture_urls

urlpatterns = [
    path("api/v1/", api.urls),
    path("api/v1/", people_api.urls),
    path("admin/", include(admin_urls)),
    path("documents/", include(document_urls)),
    path("api/v2/", api_v2.urls),
    *([path("hooks/mail/", include("anymail.urls"))] if settings.MAIL_WEBHOOKS else []),
    path("", include(cms_urls)),
    # What a reader sees, under the prefix of its language; the default language has none.
    *i18n_patterns(
        path("", include(cms_urls.in_languages)),
        path("", include(nurture_urls)),
        path("", include(wagtail_urls)),
        prefix_default_language=False,
    ),
]
