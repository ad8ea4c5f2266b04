"""The Wagtail side above the models: compiling what editors publish, and the admin's screens."""
