"""What a visitor sees and presses: signup, confirmation, leaving."""
