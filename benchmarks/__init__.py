"""Figures, each as a ratio to a limit or a peer that was measured in the same run."""
