"""The numbers of changes. Not a key's own sequence: a row gets a new number with every change."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cms", "0005_documents")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE cms_change_numbers AS bigint",
            reverse_sql="DROP SEQUENCE cms_change_numbers",
        )
    ]
