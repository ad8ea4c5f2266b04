"""What staff see of sending, and what they may do about it."""
