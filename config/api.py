"""The APIs: our own, and beside it Wagtail's API v2 for front ends that already speak it."""

from wagtail.api.v2.router import WagtailAPIRouter
from wagtail.api.v2.views import PagesAPIViewSet
from wagtail.images.api.v2.views import ImagesAPIViewSet

from cms.api.base import ContentAPI
from cms.api.documents import router as documents
from cms.api.preview import router as preview

api = ContentAPI(title="Rehabit", version="1", urls_namespace="api-v1")
api.add_router("", documents)
api.add_router("", preview)

api_v2 = WagtailAPIRouter("api-v2")
api_v2.register_endpoint("pages", PagesAPIViewSet)
api_v2.register_endpoint("images", ImagesAPIViewSet)
