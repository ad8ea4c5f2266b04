"""What a person can declare, and an exercise can be wrong for. Keys are stored: never rename."""

from django.utils.translation import gettext_lazy as _

CONTRAINDICATIONS = [
    ("pregnant", _("I am pregnant")),
    ("c_section", _("I had a C-section in the last three months")),
    ("recent_surgery", _("I had an operation in the last three months")),
    ("pelvic_floor", _("I leak, or feel heaviness in the pelvis")),
    ("osteoporosis", _("I have osteoporosis")),
    ("high_blood_pressure", _("I have high blood pressure that is not treated")),
    ("heart_condition", _("I have a heart condition")),
    ("joint_replacement", _("I have an artificial hip or knee")),
    ("dizziness", _("I get dizzy or fall easily")),
]
