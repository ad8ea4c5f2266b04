"""Links in rich text on the pages: they lead to what anybody may read, and to nothing else."""

from typing import Any

from django.utils.html import escape
from wagtail.rich_text.pages import PageLinkHandler

from cms.openness import Openness


class OpenPageLinks(PageLinkHandler):
    """Of a link to a page that is not live, or not for everybody, only the words stay."""

    @classmethod
    def expand_db_attributes_many(cls, attrs_list: list[dict[str, Any]]) -> list[str]:
        openness = Openness()
        pages = [page.localized if page else None for page in cls.get_many(attrs_list)]
        addresses = [page.url if page and openness.allows(page) else None for page in pages]
        return [f'<a href="{escape(address)}">' if address else "<a>" for address in addresses]
