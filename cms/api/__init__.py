"""The content API, `/api/v1/`: it serves the documents that publishing has compiled."""
