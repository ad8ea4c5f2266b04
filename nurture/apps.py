from django.apps import AppConfig


class NurtureConfig(AppConfig):
    name = "nurture"
    verbose_name = "E-mail programmes"

    def ready(self) -> None:
        from nurture import announcing, checks, gate, tasks
        from nurture.authoring import approving, correcting, publishing, recompiling
        from nurture.web import providers

        approving.connect()
        publishing.connect()
        announcing.register()
        recompiling.connect()
        recompiling.asked.connect(tasks.on_recompile_asked, dispatch_uid="ring for recompiling")
        correcting.planned.connect(tasks.on_mails_planned, dispatch_uid="ring for corrections")
        providers.connect()
        gate.connect()
        checks.register()
