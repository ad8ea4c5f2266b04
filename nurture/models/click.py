from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class ClickQuerySet(models.QuerySet["Click"]):
    def by_people(self) -> "ClickQuerySet":
        return self.filter(by_program=False)


class Click(models.Model):
    """That a link of a mail was followed, once for each link. Only of people who agreed to it.

    `number` counts the links of the mail from one; where one leads stands in the mail's version.
    """

    message = models.ForeignKey("nurture.Message", on_delete=models.CASCADE, related_name="clicks")
    number = models.PositiveSmallIntegerField()
    # Programs look at mail before people do; what was theirs is kept apart, to tell more of it.
    by_program = models.BooleanField()
    clicked_at = models.DateTimeField(db_default=Now())

    objects = ClickQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="click_once_per_link"),
            models.CheckConstraint(condition=Q(number__gte=1), name="click_has_a_number"),
        ]

    def __str__(self) -> str:
        return f"link {self.number} of message {self.message_id}"
