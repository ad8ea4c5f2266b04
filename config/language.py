"""The language of a request is that of its address: `/es/...` is Spanish, the rest the default.

Django's own middleware also looks at what the browser prefers and then has to tell every cache to
keep one copy for each list of preferences. The admin turns to the user's own language by itself.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from cms import languages

Answer = Callable[[HttpRequest], HttpResponse]


def language_of_path(get_response: Answer) -> Answer:
    def middleware(request: HttpRequest) -> HttpResponse:
        language = languages.of_path(request.path_info)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language() or language)
        return response

    return middleware
