"""A mail catcher for one machine: SMTP in, web pages and a part of Mailpit's API out.

Tests that talk to Mailpit (in docker compose) can talk to this one in the same words.
"""
