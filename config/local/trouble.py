class Trouble(RuntimeError):
    """What went wrong and what to do about it, in words for the person at the terminal."""
