from django.db import migrations

# Documents write down the settings that they were made from only from now on.
AGAIN = """
    INSERT INTO cms_outdated (page_id, urgent, at)
    SELECT DISTINCT page_id, false, now() FROM cms_document
"""


class Migration(migrations.Migration):
    dependencies = [("cms", "0011_plain_names_of_page_types")]

    operations = [migrations.RunSQL(AGAIN, migrations.RunSQL.noop)]
