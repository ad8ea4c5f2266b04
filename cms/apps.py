from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = "Content"

    def ready(self) -> None:
        from cms import announcements, preview, receivers, review_signal

        announcements.connect()
        preview.connect()
        receivers.connect()
        review_signal.connect()
        post_migrate.connect(on_migrated, sender=self, dispatch_uid="clinical review workflow")


def on_migrated(**_kwargs: Any) -> None:
    from cms import sites
    from cms.models import review_task

    review_task.ensure_workflow()
    sites.follow_settings()
