"""What rings when nobody else does. A lost doorbell costs one of these rounds at most."""

from datetime import timedelta

MINUTE = 60
HOUR = 3_600
DAY = 86_400


def every(seconds: int, task: str) -> dict[str, object]:
    """A beat entry whose ring dies before the next one, so that rings never pile up."""
    return {
        "task": task,
        "schedule": timedelta(seconds=seconds),
        "options": {"expires": seconds - 5},
    }


SCHEDULE = {
    "plan what is due": every(30, "nurture.claim_due"),
    "send transactional mail": every(30, "nurture.send_transactional"),
    "send programme mail": every(30, "nurture.send_programme"),
    "repair what got stuck": every(30, "nurture.sweep"),
    "bring mails up to date": every(MINUTE, "nurture.recompile"),
    "read the bounce mailbox": every(5 * MINUTE, "nurture.read_bounces"),
    "send webhooks": every(30, "cms.send_webhooks"),
    "compile what is outdated": every(30, "cms.compile_content"),
    "check all documents": every(DAY, "cms.check_content"),
    "publish what is scheduled": every(MINUTE, "cms.publish_scheduled"),
    "stop what too many complain about": every(5 * MINUTE, "nurture.watch_reputation"),
    "forget what is old": every(HOUR, "nurture.forget"),
    "forget old sessions": every(DAY, "cms.clear_sessions"),
    "forget old previews": every(DAY, "cms.forget_previews"),
    "forget old webhooks": every(DAY, "cms.forget_webhooks"),
}
