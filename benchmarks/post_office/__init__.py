"""django-post-office beside us, in an environment of its own: `requirements/peers.txt`."""
