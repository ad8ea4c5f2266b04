"""The hosted signup form. Its answer is the same for every address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cms import languages
from nurture import programmes, signup, tasks
from nurture.models import ConsentText
from nurture.web.forms import SignupForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest) -> HttpResponse:
    language = languages.active()
    text = ConsentText.current(language)
    signup_form = SignupForm(
        request.POST if request.method == "POST" else None,
        offered=programmes.offers(language),
        initial={"programme": request.GET.get("programme", "")},
    )
    if request.method != "POST" or not signup_form.is_valid():
        status = 422 if request.method == "POST" else 200
        context = {"form": signup_form, "consent_text": text.text}
        return render(request, "nurture/signup.html", context, status=status)
    if not signup_form.is_from_a_machine:
        store(signup_form, text)
    return redirect("signup-done")


def store(valid: SignupForm, text: ConsentText) -> None:
    request = signup.Request(
        address=valid.cleaned_data["address"],
        first_name=valid.cleaned_data["first_name"],
        sequence=valid.sequence,
        time_zone=valid.cleaned_data["time_zone"],
        language=text.language,
        text=text,
    )
    signup.sign_up(request, now=timezone.now(), source="form")
    tasks.ring_on_commit(tasks.send_transactional)


@never_cache
@require_http_methods(["GET", "HEAD"])
def done(request: HttpRequest) -> HttpResponse:
    return render(request, "nurture/signup_done.html")
