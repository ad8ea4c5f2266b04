"""What the admin gains from the programmes."""

from wagtail.snippets.models import register_snippet

from nurture.authoring.admin import ClosureViewSet, SequenceViewSet

register_snippet(SequenceViewSet)
register_snippet(ClosureViewSet)
