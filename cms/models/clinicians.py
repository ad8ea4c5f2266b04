from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.models import Page
from wagtail.search import index

from cms.models.front_end import OnFrontEnd
from cms.models.pictures import renditions_of
from cms.prose import ProseField

ORCID_SHAPE = RegexValidator(
    r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]\Z", _("Write it as 0000-0002-1825-0097.")
)
ORCID_SITE = "https://orcid.org/"


def check_orcid(value: str) -> None:
    """The last character is a check digit by ISO 7064, MOD 11-2."""
    ORCID_SHAPE(value)
    *digits, check = list(value.replace("-", ""))
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    expected = (12 - total % 11) % 11
    if check != ("X" if expected == 10 else str(expected)):  # noqa: PLR2004  # MOD 11-2 says so
        raise ValidationError(_("A digit is wrong: this ORCID does not exist."), code="orcid")


class ClinicianIndexPage(OnFrontEnd):
    """Our team."""

    intro = models.CharField(_("introduction"), max_length=300, blank=True)

    content_panels = [*Page.content_panels, "intro"]

    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.ClinicianPage"]
    max_count_per_parent = 1

    class Meta:
        verbose_name = _("team")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        team = ClinicianPage.objects.child_of(self).live().public().select_related("photo")
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return {**context, "clinicians": team.prefetch_related(renditions_of("photo"))}


class ClinicianPage(OnFrontEnd):
    """Somebody who treats people and answers for what our pages say. The title is the name."""

    credentials = models.CharField(
        _("credentials"), max_length=120, blank=True, help_text=_("For example: DPT, OCS.")
    )
    role = models.CharField(_("role"), max_length=120, blank=True)
    registration_body = models.CharField(_("registered with"), max_length=160, blank=True)
    registration_number = models.CharField(_("registration number"), max_length=60, blank=True)
    orcid = models.CharField("ORCID", max_length=19, blank=True, validators=[check_orcid])
    biography = ProseField(_("biography"), blank=True)
    photo = models.ForeignKey(
        "cms.Picture", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    notice = models.CharField(
        _("notice"),
        max_length=300,
        blank=True,
        help_text=_("Shown above the page, for example while the content is only a sample."),
    )
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="clinician_page",
        verbose_name=_("user account"),
        help_text=_("Whoever signs in with it may approve health pages while this page is live."),
    )

    content_panels = [
        *Page.content_panels,
        FieldRowPanel([FieldPanel("credentials"), FieldPanel("role")]),
        "photo",
        "biography",
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("registration_body"), FieldPanel("registration_number")]),
                FieldPanel("orcid"),
            ],
            heading=_("Registration"),
        ),
    ]
    # Who links an account hands out the right to approve, so only administrators may.
    promote_panels = [
        *Page.promote_panels,
        "notice",
        FieldPanel("account", permission="superuser"),
    ]
    search_fields = [
        *Page.search_fields,
        index.SearchField("biography"),
        index.SearchField("role"),
    ]
    exclude_fields_in_copy = ["account"]

    parent_page_types = ["cms.ClinicianIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("clinician")
        verbose_name_plural = _("clinicians")

    @property
    def full_name(self) -> str:
        """The name, with the credentials unless they already are a part of it."""
        if not self.credentials or self.credentials in self.title:
            return str(self.title)
        return f"{self.title}, {self.credentials}"

    @property
    def orcid_url(self) -> str:
        return f"{ORCID_SITE}{self.orcid}" if self.orcid else ""


def clinician_of(user: Any) -> ClinicianPage | None:
    """The live page of the clinician who signs in as `user`."""
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    found: ClinicianPage | None = ClinicianPage.objects.live().filter(account=user).first()
    return found
