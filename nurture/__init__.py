"""E-mail: signing up, sequences, and sending each week once. Takes content by `cms.public`."""
