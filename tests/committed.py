"""A database that other connections can see: what a test commits is taken back afterwards.

Django's own way, a flush after each test, also removes what migrations put there (the root page,
the locale, the site), and with it every test that comes later in the same process.
"""

from django.db import connection

KEPT = "kept_by_the_tests"
# Nobody writes these after the migrations.
UNTOUCHED = {"django_migrations", "django_content_type", "auth_permission"}


def remember() -> None:
    """Copy what the migrations wrote into a schema of its own; with --reuse-db it is there."""
    if tables(KEPT):
        restore()
        return
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {KEPT}")
        for table in tables():
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')
            if cursor.fetchone()[0]:
                cursor.execute(f'CREATE TABLE {KEPT}."{table}" AS TABLE public."{table}"')


def restore() -> None:
    """Bring every table back to what was remembered, whatever stands in it now."""
    name = connection.settings_dict["NAME"]
    if not name.startswith("test_"):
        raise RuntimeError(f"{name} is a real database; this would empty it.")
    kept = set(tables(KEPT))
    statements = [f'DELETE FROM public."{table}"' for table in tables()]
    statements += [f'INSERT INTO public."{table}" SELECT * FROM {KEPT}."{table}"' for table in kept]
    with connection.cursor() as cursor:
        # One transaction without foreign keys; a lock that a test left behind fails it soon.
        cursor.execute(
            "BEGIN; SET LOCAL lock_timeout = '10s'; SET LOCAL session_replication_role = replica; "
            + "; ".join(statements)
            + "; COMMIT"
        )


def tables(schema: str = "public") -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        return sorted({name for (name,) in cursor.fetchall()} - UNTOUCHED)
