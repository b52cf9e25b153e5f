"""History cannot be updated or deleted: a trigger on each of its tables refuses it, on both databases."""

from django.db import migrations

from forgeward.desk import guards


def install(apps, schema_editor):
    guards.install(schema_editor.connection)


def remove(apps, schema_editor):
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("desk", "0003_ledger")]
    operations = [migrations.RunPython(install, remove)]
