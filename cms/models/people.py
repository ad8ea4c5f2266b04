from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Somebody who works here. Patients are subscribers and have no account."""
