"""What an action writes under the database's lock: three indexes less, and on SQLite one tree less for the queue.

The indexes are those that Django gives foreign keys; each of the three tables has a unique constraint that begins with
the same column. They are dropped by hand because Django would copy the whole table on SQLite, without its guards.
"""

import django.db.models.deletion
from django.db import migrations, models

INDEXES = (
    ("desk_clockrow_case_id_e2d12bf1", "desk_clockrow", "case_id"),
    ("desk_entry_case_id_9edf648e", "desk_entry", "case_id"),
    ("desk_sealedvalues_entry_id_1107d9d5", "desk_sealedvalues", "entry_id"),
)
PROTECT, CASCADE = django.db.models.deletion.PROTECT, django.db.models.deletion.CASCADE


def queue_by_rowid(apps, schema_editor):
    """SQLite keeps a key that is an INTEGER in the table itself, any other in an index beside it."""
    _make_queue(schema_editor, "integer")


def queue_by_key(apps, schema_editor):
    _make_queue(schema_editor, "bigint")


def _make_queue(schema_editor, kind):
    if schema_editor.connection.vendor != "sqlite":
        return
    schema_editor.execute(
        f'CREATE TABLE new_pending ("entry_id" {kind} NOT NULL PRIMARY KEY'
        ' REFERENCES "desk_entry" ("id") DEFERRABLE INITIALLY DEFERRED)'
    )
    schema_editor.execute("INSERT INTO new_pending (entry_id) SELECT entry_id FROM desk_pending ORDER BY entry_id")
    schema_editor.execute("DROP TABLE desk_pending")
    schema_editor.execute("ALTER TABLE new_pending RENAME TO desk_pending")


class Migration(migrations.Migration):
    dependencies = [("desk", "0006_mail_storms")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX IF EXISTS {name}", f'CREATE INDEX IF NOT EXISTS {name} ON {table} ("{column}")'
                )
                for name, table, column in INDEXES
            ],
            state_operations=[
                migrations.AlterField(
                    "clockrow", "case", models.ForeignKey("desk.caserow", CASCADE, related_name="clocks", db_index=False)
                ),
                migrations.AlterField(
                    "entry",
                    "case",
                    models.ForeignKey("desk.caserow", PROTECT, related_name="entries", null=True, db_index=False),
                ),
                migrations.AlterField(
                    "sealedvalues",
                    "entry",
                    models.ForeignKey("desk.entry", PROTECT, related_name="sealed", db_index=False),
                ),
            ],
        ),
        migrations.AddIndex(
            "entry",
            models.Index(fields=["id"], condition=models.Q(case__isnull=True), name="entry_of_programme"),
        ),
        migrations.RunPython(queue_by_rowid, queue_by_key),
    ]
