"""What stands in for servers on a machine that has only Python. Never imported in production."""
