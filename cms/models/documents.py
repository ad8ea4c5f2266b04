"""What readers of the API get: one stored document per public page, and what it was made from."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page


class DocumentType(models.TextChoices):
    """The types that a reader of the API knows. `SITE` belongs to the home page, beside `HOME`."""

    ARTICLE = "article", _("Article")
    CLINICIAN = "clinician", _("Clinician")
    DIAGNOSIS = "diagnosis", _("Diagnosis")
    EXERCISE = "exercise", _("Exercise")
    EXERCISES = "exercises", _("Exercises")
    HOME = "home", _("Home")
    REGION = "region", _("Region")
    SITE = "site", _("Site")
    TEAM = "team", _("Team")


class Document(models.Model):
    """The public JSON of one page, ready to be sent. Written by `cms.documents` alone."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    revision_id = models.BigIntegerField(null=True)  # which one it shows; None for none
    type = models.CharField(max_length=12, choices=DocumentType.choices)
    key = models.UUIDField()  # the page's translation key: the same in all languages
    locale = models.CharField(max_length=20)
    path = models.TextField()
    title = models.CharField(max_length=255)
    body = models.TextField()
    card = models.TextField()  # the summary that lists and other pages show
    etag = models.CharField(max_length=32)
    changed_at = models.DateTimeField()  # when the body last became another one
    compiled_at = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)  # when something that it shows expires
    first_published_at = models.DateTimeField(null=True)
    last_published_at = models.DateTimeField(null=True)
    last_reviewed = models.DateField(null=True)
    facets = ArrayField(models.TextField(), default=list)  # "level:beginner", for filters
    names = models.TextField(blank=True)  # what it is called, for search
    words = models.TextField(blank=True)  # everything that it says, for search

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "type"], name="document_once_per_page"),
            models.UniqueConstraint(
                fields=["type", "key", "locale"], name="document_once_per_language"
            ),
        ]
        indexes = [
            models.Index(fields=["type", "locale", "title", "id"], name="documents_by_title"),
            models.Index(fields=["path"], name="documents_by_path"),
            GinIndex(fields=["facets"], name="documents_by_facet"),
        ]

    def __str__(self) -> str:
        return f"{self.type} of page {self.page_id}"


class Source(models.Model):
    """Something that a document was made from: "page:7". See `cms.documents.reader`."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="sources")
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "document"], name="source_once_per_document")
        ]

    def __str__(self) -> str:
        return self.name


class Relation(models.Model):
    """A document leads to others, in an order: for `expand` and for what shows a page."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="relations")
    name = models.CharField(max_length=20)
    key = models.UUIDField(db_index=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "name", "key"], name="relation_once_per_document"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


class Outdated(models.Model):
    """A page to compile again. Written in the transaction of the change, and only ever added and
    taken away, so nobody waits for anybody. Urgent: until then its document is served to nobody."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    urgent = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["page", "urgent"], name="outdated_pages")]

    def __str__(self) -> str:
        return f"page {self.page_id}"


class Change(models.Model):
    """What last became of a document, for those who keep a copy. It stays when the page is gone.

    The number is given after the commit, so a reader who has seen a number misses nothing below.
    """

    type = models.CharField(max_length=12, choices=DocumentType.choices)
    key = models.UUIDField()
    locale = models.CharField(max_length=20)
    path = models.TextField()
    removed = models.BooleanField(default=False)
    at = models.DateTimeField()
    number = models.BigIntegerField(null=True, unique=True)
    purged = models.BooleanField(default=False)  # from the caches in front of us

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["type", "key", "locale"], name="change_once_per_document"
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"

    @property
    def names(self) -> dict[str, Any]:
        return {"type": self.type, "key": self.key, "locale": self.locale}
