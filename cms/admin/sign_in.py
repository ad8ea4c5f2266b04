"""The staff's way in, slowed down for who guesses: by network, and by the account that is tried.

Only what goes wrong is counted, so nobody who knows a password meets a limit of their own making.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.auth import LoginForm, PasswordResetForm

from cms.integrations import client, limits
from cms.integrations.limits import Bucket

# Guesses of one network, and guesses at one account from wherever they come.
FROM_NETWORK = Bucket("sign-in-network", 10, seconds=600)
AT_ACCOUNT = Bucket("sign-in-account", 30, seconds=3_600)
# Mails that somebody can have sent to staff by asking for a new password.
RESETS = Bucket("password-reset", 5, seconds=3_600)


class SignInForm(LoginForm):
    """Wagtail's own, which looks no password up for who has guessed too often."""

    def clean(self) -> dict[str, Any]:
        counted = self.counted()
        if not all(limits.hit(bucket, key, cost=0).remaining for bucket, key in counted):
            raise ValidationError(_("Too many attempts. Please wait some minutes and try again."))
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            for bucket, key in counted:
                limits.hit(bucket, key)
            raise
        return cleaned

    def counted(self) -> list[tuple[Bucket, str]]:
        account = str(self.cleaned_data.get("username", "")).casefold()
        return [(FROM_NETWORK, client.network(self.request)), (AT_ACCOUNT, account)]


class ResetForm(PasswordResetForm):
    """Wagtail's own. Who asks too often gets the same answer, and nobody gets a mail."""

    def save(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        if limits.hit(RESETS, client.network(request)).allowed:
            super().save(*args, request=request, **kwargs)
