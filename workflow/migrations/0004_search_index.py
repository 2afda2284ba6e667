"""The full-text index behind workflow.search.

PostgreSQL: a generated tsvector column, stemmed and as written, and the extension that compares words despite typing
errors, where it can be had.
SQLite: an FTS5 table kept by triggers. A later migration that rebuilds workflow_issue on SQLite drops its triggers and
must run ``forwards`` again; the tests of search notice when it does not.
"""

from django.db import DatabaseError, migrations, transaction

POSTGRESQL = [
    """ALTER TABLE workflow_issue ADD COLUMN search_words tsvector GENERATED ALWAYS AS (
    to_tsvector('english', title || ' ' || left(description, 100000))
    || to_tsvector('simple', title || ' ' || left(description, 100000))
    || to_tsvector('english', jsonb_path_query_array(answers, '$[*].answer'))
    || to_tsvector('simple', jsonb_path_query_array(answers, '$[*].answer'))
) STORED""",
    "CREATE INDEX workflow_issue_search_words ON workflow_issue USING gin (search_words)",
]
# The answers people gave, without the questions they answered.
ANSWERS = """(SELECT group_concat(atom, ' ') FROM json_tree({row}.answers)
    WHERE type = 'text' AND fullkey LIKE '$[%].answer%')"""
SQLITE = [
    """CREATE VIRTUAL TABLE IF NOT EXISTS workflow_issue_words
       USING fts5(title, description, answers, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')""",
    "DROP TRIGGER IF EXISTS workflow_issue_words_insert",
    "DROP TRIGGER IF EXISTS workflow_issue_words_update",
    "DROP TRIGGER IF EXISTS workflow_issue_words_delete",
    f"""CREATE TRIGGER workflow_issue_words_insert AFTER INSERT ON workflow_issue BEGIN
       INSERT INTO workflow_issue_words (rowid, title, description, answers)
       VALUES (new.number, new.title, new.description, {ANSWERS.format(row="new")});
    END""",
    f"""CREATE TRIGGER workflow_issue_words_update AFTER UPDATE ON workflow_issue
    WHEN old.title <> new.title OR old.description <> new.description OR old.answers <> new.answers BEGIN
       UPDATE workflow_issue_words
       SET title = new.title, description = new.description, answers = {ANSWERS.format(row="new")}
       WHERE rowid = new.number;
    END""",
    """CREATE TRIGGER workflow_issue_words_delete AFTER DELETE ON workflow_issue BEGIN
       DELETE FROM workflow_issue_words WHERE rowid = old.number;
    END""",
    f"""INSERT INTO workflow_issue_words (rowid, title, description, answers)
       SELECT number, title, description, {ANSWERS.format(row="workflow_issue")} FROM workflow_issue
       WHERE number NOT IN (SELECT rowid FROM workflow_issue_words)""",
]


def forwards(apps, schema_editor):
    """Make the index of the database at hand and fill it."""
    connection = schema_editor.connection
    if connection.vendor == "postgresql":
        for statement in POSTGRESQL:
            schema_editor.execute(statement, params=None)
        _trigrams_where_possible(connection)
    elif connection.vendor == "sqlite":
        for statement in SQLITE:
            schema_editor.execute(statement, params=None)


def _trigrams_where_possible(connection):
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        # Not installed, or this role may not create it: search works, only without forgiving typing errors.
        return


def backwards(apps, schema_editor):
    """Take the index away again."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE workflow_issue DROP COLUMN search_words")
    elif schema_editor.connection.vendor == "sqlite":
        for name in ("insert", "update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS workflow_issue_words_{name}")
        schema_editor.execute("DROP TABLE IF EXISTS workflow_issue_words")


class Migration(migrations.Migration):
    dependencies = [("workflow", "0003_queue_order")]

    operations = [migrations.RunPython(forwards, backwards)]
