"""What happens when a page has passed all steps of its workflow.

Wagtail imports this while it makes its own models, so nothing of Wagtail is imported here.
"""

from typing import Any


def publish(workflow_state: Any, user: Any = None) -> None:
    """Publish what was approved. A clinical review publishes by itself: those who may approve need
    no right to publish whatever they like."""
    last_step = workflow_state.current_task_state.specific
    workflow_state.content_object.get_latest_revision().publish(
        user=user, skip_permission_checks=getattr(last_step, "publishes", False)
    )
