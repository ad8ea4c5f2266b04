"""The hosted signup form, and the one that stands on other sites. The answer is the same for every
address, and takes as long."""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from cms import languages
from cms.integrations import client, limits
from cms.integrations.limits import Bucket
from nurture import admission, programmes, signup, tasks
from nurture.domain.states import ConsentTopic
from nurture.models import ConsentText
from nurture.web.evenly import evenly
from nurture.web.forms import SignupForm, key_of

SALT = "nurture.signup"
LONGEST_SECONDS = 86_400


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@evenly
def form(request: HttpRequest) -> HttpResponse:
    posted = request.method == "POST"
    offered = programmes.offers(languages.active())
    about = [one.key for one in offered if one.diagnosis_id == request.GET.get("diagnosis")]
    signup_form = SignupForm(
        request.POST if posted else None,
        offered=offered,
        initial={"programme": key_of(request.GET.get("programme", about[0] if about else ""))},
    )
    if not posted:
        return show(request, signup_form)
    return take(request, signup_form, began=request.POST.get("began", ""), source="form")


@csrf_exempt
@never_cache
@require_http_methods(["POST"])
@evenly
def embedded(request: HttpRequest) -> HttpResponse:
    """The same form on the page of another site. Which sites may is a setting: there is no cookie
    here that another site could misuse, but nobody should be signed up by pages we do not know."""
    if request.headers.get("Origin") not in settings.SIGNUP_ORIGINS:
        return render(request, "nurture/signup_elsewhere.html", status=403)
    return take(
        request,
        SignupForm(request.POST, offered=programmes.offers(languages.active())),
        began=None,
        source="embedded",
    )


def take(
    request: HttpRequest, signup_form: SignupForm, *, began: str | None, source: str
) -> HttpResponse:
    """Store a valid form. `began` says when the page was opened, where we know it."""
    if not within_limits(request):
        signup_form.add_error(None, _("Too many signups came from here. Please try again later."))
        return show(request, signup_form, status=429)
    if not signup_form.is_valid():
        note_refused(signup_form, source=source)
        return show(request, signup_form, status=422)
    if began is not None and too_quick(began):
        signup_form.add_error(None, _("That was quick! Please look it over and press once more."))
        return show(request, signup_form, status=422)
    if not signup_form.is_from_a_machine:
        store(signup_form, ConsentText.current(languages.active()), source=source)
    return redirect("signup-done")


def show(request: HttpRequest, signup_form: SignupForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": signup_form,
        "consent_text": ConsentText.current(languages.active()).text,
        "clicks_text": clicks_text(languages.active()).text if settings.MEASURE_CLICKS else "",
        "began": signing.dumps(timezone.now().timestamp(), salt=SALT),
    }
    if request.POST.get("began"):
        context["began"] = request.POST["began"]  # the second try is not quick
    return render(request, "nurture/signup.html", context, status=status)


def store(valid: SignupForm, text: ConsentText, *, source: str) -> None:
    request = signup.Request(
        address=valid.cleaned_data["address"],
        first_name=valid.cleaned_data["first_name"],
        sequence=valid.sequence,
        time_zone=valid.cleaned_data["time_zone"],
        language=text.language,
        text=text,
        dates=valid.dates,
        tags=valid.cleaned_data["tags"],
        clicks=clicks_text(text.language) if valid.agrees_to_clicks else None,
    )
    signup.sign_up(request, now=timezone.now(), source=source)
    tasks.ring_on_commit(tasks.send_transactional)


def note_refused(signup_form: SignupForm, *, source: str) -> None:
    """That somebody does not fit is for the practice to know; who it was is not."""
    if signup_form.refused and not signup_form.is_from_a_machine:
        chosen = signup_form.offered[key_of(signup_form.data["programme"])].sequence
        admission.note_visitor(chosen, signup_form.refused, now=timezone.now(), source=source)


def clicks_text(language: str) -> ConsentText:
    """What somebody agrees to who lets the practice count clicks."""
    return ConsentText.current(language, ConsentTopic.CLICKS)


def within_limits(request: HttpRequest) -> bool:
    """By network and for the whole site. What one address gets is bounded by its own rows, and so
    is a network while Redis is away."""
    bucket = Bucket("signup", settings.SIGNUP_LIMIT_NETWORK, seconds=3_600)
    network = client.network(request)
    allowed = limits.hit(bucket, network).allowed
    if limits.is_away():
        used = signup.count_network(network, now=timezone.now())
        allowed = used <= settings.SIGNUP_LIMIT_NETWORK
    if not allowed:
        return False
    return not signup.too_many(now=timezone.now())


def too_quick(began: str) -> bool:
    """Whether a form came back sooner than a person fills one in, or was never opened."""
    if not settings.SIGNUP_MINIMUM_SECONDS:
        return False
    try:
        opened: float = signing.loads(began, salt=SALT, max_age=LONGEST_SECONDS)
    except signing.BadSignature:
        return True
    return timezone.now().timestamp() - opened < settings.SIGNUP_MINIMUM_SECONDS


@never_cache
@require_http_methods(["GET", "HEAD"])
def done(request: HttpRequest) -> HttpResponse:
    return render(request, "nurture/signup_done.html")
