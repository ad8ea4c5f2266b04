from django.db import migrations

# What readers search is title and text together, which no index of the search engine's own covers.
MAKE = """
    CREATE INDEX IF NOT EXISTS search_title_and_text
    ON wagtailsearch_indexentry USING gin ((title || body))
"""
DROP = "DROP INDEX IF EXISTS search_title_and_text"


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0012_compile_all_again"),
        ("wagtailsearch", "0010_add_text_fields"),
    ]

    operations = [migrations.RunSQL(MAKE, DROP)]
