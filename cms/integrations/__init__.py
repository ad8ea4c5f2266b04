"""What stands between us and other people's programs, for all apps: tokens, limits, webhooks."""
