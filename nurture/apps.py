from django.apps import AppConfig


class NurtureConfig(AppConfig):
    name = "nurture"
    verbose_name = "E-mail programmes"

    def ready(self) -> None:
        from nurture.authoring import approving, publishing
        from nurture.web import providers

        approving.connect()
        publishing.connect()
        providers.connect()
