"""The rows. PostgreSQL holds every decision; a file holds one noun and its QuerySet."""

from nurture.models.approval import SequenceApproval
from nurture.models.brake import Brake
from nurture.models.checkin import CheckIn
from nurture.models.click import Click
from nurture.models.closure import Closure
from nurture.models.consent import Consent, ConsentText
from nurture.models.correction import Correction
from nurture.models.enrolment import Enrolment
from nurture.models.erasure import Erasure
from nurture.models.event import Event
from nurture.models.halt import Halt
from nurture.models.mail_settings import MailSettings
from nurture.models.mail_times import MailTimes
from nurture.models.message import Message
from nurture.models.outage import Outage
from nurture.models.outside import OutsideReport
from nurture.models.recompile import Dependency, Recompile
from nurture.models.refusal import Refusal
from nurture.models.sequence import Sequence
from nurture.models.signup_count import SignupCount
from nurture.models.step import Step, StepVersion, Variant
from nurture.models.subscriber import Subscriber
from nurture.models.suppression import Suppression
from nurture.models.tally import Tally

__all__ = [
    "Brake",
    "CheckIn",
    "Click",
    "Closure",
    "Consent",
    "ConsentText",
    "Correction",
    "Dependency",
    "Enrolment",
    "Erasure",
    "Event",
    "Halt",
    "MailSettings",
    "MailTimes",
    "Message",
    "Outage",
    "OutsideReport",
    "Recompile",
    "Refusal",
    "Sequence",
    "SequenceApproval",
    "SignupCount",
    "Step",
    "StepVersion",
    "Subscriber",
    "Suppression",
    "Tally",
    "Variant",
]
