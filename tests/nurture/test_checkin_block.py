"""The check-in as an editor meets it in the form."""

from nurture.blocks.checkin import CheckinBlock


def test_the_usual_answers_bring_a_value_for_each_of_their_fields() -> None:
    """Wagtail's script writes "undefined" into a field that the default leaves out."""
    block = CheckinBlock()

    answers = block.get_form_state(block.get_default())["answers"]

    fields = set(block.child_blocks["answers"].child_block.child_blocks)
    assert all(set(answer["value"]) == fields for answer in answers)
