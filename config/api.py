"""The APIs: our own, and beside it Wagtail's API v2 for front ends that already speak it."""

from wagtail.api.v2.router import WagtailAPIRouter
from wagtail.images.api.v2.views import ImagesAPIViewSet

from cms.api.base import ContentAPI
from cms.api.changes import router as changes
from cms.api.documents import router as documents
from cms.api.door import NAMESPACE
from cms.api.preview import router as preview
from cms.api.searching import router as searching
from cms.api.site import router as site
from cms.api.v2 import Pages
from nurture.web.api import router as sequences
from nurture.web.description import PeopleAPI
from nurture.web.writing import router as people

api = ContentAPI(
    title="Rehabit content API",
    version="1",
    description="Health content of a practice, compiled when it is published.",
    urls_namespace=NAMESPACE,
)
for router in (documents, sequences, site, searching, changes, preview):
    api.add_router("", router)

# What is written has another door, and a description of its own beside the content's.
people_api = PeopleAPI(title="Rehabit people API", version="1", urls_namespace="people-v1")
people_api.add_router("", people)

api_v2 = WagtailAPIRouter("api-v2")
api_v2.register_endpoint("pages", Pages)
api_v2.register_endpoint("images", ImagesAPIViewSet)
