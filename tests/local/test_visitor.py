import pytest

from config.local.visitor import Page, VisitError

PAGE = Page(
    "http://localhost:8000/signup/",
    """
    <form action="/search/"><input name="q"></form>
    <form method="post">
      <input type="hidden" name="token" value="secret">
      <input name="address" type="email">
      <label><input type="radio" name="programme" value="one"> One</label>
      <label><input type="radio" name="programme" value="two"> Two</label>
      <select name="zone"><option value="a">A</option><option value="b" selected>B</option></select>
      <input type="checkbox" name="consent">
      <button type="submit" name="go" value="1">Go</button>
    </form>
    """,
)


def test_a_form_holds_what_a_browser_would_send() -> None:
    form = PAGE.form()

    assert form.action == "http://localhost:8000/signup/"
    assert form.values == {"token": "secret", "address": "", "zone": "b"}


def test_choices_stand_in_the_order_of_the_page() -> None:
    form = PAGE.form(having="programme")

    assert form.choices == {"programme": ["one", "two"], "consent": ["on"]}


def test_a_page_without_the_form_says_so() -> None:
    with pytest.raises(VisitError, match="http://localhost:8000/signup/ has no form to send"):
        PAGE.form(having="password")
