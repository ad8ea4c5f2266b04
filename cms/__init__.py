"""Content: regions, diagnoses, exercises, articles. Knows nothing of e-mail."""
