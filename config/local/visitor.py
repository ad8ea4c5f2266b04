"""A visitor of the site: opens pages, fills in forms, keeps cookies. No JavaScript."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from config.local.trouble import Trouble

TIMEOUT_SECONDS = 30


class VisitError(Trouble):
    """The site did not answer as a visitor may expect."""


@dataclass
class Form:
    """`choices` are the values of each set of radio buttons, in the order of the page."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    address: str
    html: str

    def form(self, *, having: str | None = None) -> Form:
        """The form that posts, or the one with a certain field. Raises VisitError."""
        reader = FormReader(self.address)
        reader.feed(self.html)
        for form in reader.forms:
            if form.method == "post" and (having is None or having in form.values | form.choices):
                return form
        raise VisitError(f"{self.address} has no form to send.")


class FormReader(HTMLParser):
    """Collects the forms of a page with what a browser would send for them."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._address = address
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self._address, given.get("action") or self._address)
            self.forms.append(Form(action, given.get("method", "get").lower()))
        elif self.forms and tag in READERS:
            READERS[tag](self, self.forms[-1], given)

    def input(self, form: Form, given: Mapping[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if kind == "radio":
            form.choices.setdefault(name, []).append(given.get("value", "on"))
        elif name and kind not in {"submit", "button", "checkbox"}:
            form.values[name] = given.get("value", "")
        elif kind == "checkbox":
            form.choices[name] = [given.get("value", "on")]

    def select(self, _form: Form, given: Mapping[str, str]) -> None:
        self._select = given.get("name", "")

    def option(self, form: Form, given: Mapping[str, str]) -> None:
        if "selected" in given or self._select not in form.values:
            form.values[self._select] = given.get("value", "")


READERS = {
    "input": FormReader.input,
    "select": FormReader.select,
    "option": FormReader.option,
}


class Visitor:
    """One browser session."""

    def __init__(self) -> None:
        # The site is on this machine: a proxy in the environment has no part in it.
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))

    def open(self, address: str) -> Page:
        return self._ask(Request(address))  # noqa: S310 - our own site

    def send(self, form: Form, **values: str) -> Page:
        """Fill in and submit. What the page gave for the other fields goes along."""
        body = urlencode(form.values | values).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": form.action}
        request = Request(form.action, body, headers, method="POST")  # noqa: S310 - our own site
        return self._ask(request)

    def _ask(self, request: Request) -> Page:
        what = f"{request.get_method()} {request.full_url}"
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return Page(answer.url, answer.read().decode())
        except HTTPError as error:
            with error:
                raise VisitError(f"{what} answered {error.code} {error.reason}.") from None
        except (URLError, OSError) as error:
            raise VisitError(f"{what} failed: {error}.") from None
