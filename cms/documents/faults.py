"""What a log may hold of a failed compile: not the words of the page, which can be a diagnosis."""

import traceback

from pydantic import ValidationError


def told(error: Exception) -> str:
    """The kind of the fault and its place, in our code and, as far as is known, in the document."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} in {frame.name}, line {frame.lineno}"
    if not isinstance(error, ValidationError):
        return place
    faults = error.errors(include_input=False, include_context=False, include_url=False)
    fields = [".".join(map(str, fault["loc"])) for fault in faults]
    return f"{place}: {', '.join(fields)}"
