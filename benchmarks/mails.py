"""The mail that everybody sends: 20 kB of two parts, with eight personal fields."""

FIELDS = " ".join(["Dear {{first_name}},"] * 3)
WORDS = "Lift your hips slowly and lower them again without letting go of the breath. "
TEXT = f"{FIELDS}\n{WORDS * 75}\n{{{{unsubscribe_url}}}}\n"
HTML = f"<html><body><p>{FIELDS}</p><p>{WORDS * 165}</p><a href='{{{{unsubscribe_url}}}}'>x</a>"
SENDER = "hello@larkfield.example"


def personal(content: str, number: int) -> str:
    """What a peer is given: ready, so that it need not fill anything in."""
    filled = content.replace("{{first_name}}", f"Person {number}")
    return filled.replace("{{unsubscribe_url}}", f"https://larkfield.example/u/{number}")


def headers(number: int) -> dict[str, str]:
    return {"List-Id": "<programme.larkfield.example>", "X-Number": str(number)}
