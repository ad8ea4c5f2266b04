"""By which rules PostgreSQL cuts the words of a language to their stems. Plain Python."""

# The text search configurations that PostgreSQL brings along, by the language of Django's codes.
CONFIGS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
AS_IT_IS = "simple"  # words as they stand, for every other language, and for what is a stem already


def config(language: str) -> str:
    """The configuration for a code such as es or pt-br."""
    return CONFIGS.get(language.partition("-")[0].lower(), AS_IT_IS)
