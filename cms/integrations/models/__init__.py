"""The rows of integrations. They belong to the app `cms`."""

from cms.integrations.models.token import ApiToken, Scope

__all__ = ["ApiToken", "Scope"]
