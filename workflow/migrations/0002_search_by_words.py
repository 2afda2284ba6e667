"""The full-text index, made anew so that both databases find the same: words inside addresses, paths, names of files and
versions, words without their accents, and the gameplan.

PostgreSQL's parser keeps an address or a path as one word. So only letters and digits reach it, accents taken off, as
SQLite's tokenizer does by itself. Making it anew rewrites the table: minutes at a million requests.
"""

from django.db import migrations

ANSWERS = """(SELECT group_concat(atom, ' ') FROM json_tree({row}.answers)
    WHERE type = 'text' AND fullkey LIKE '$[%].answer%')"""
POSTGRESQL = [
    "DROP INDEX IF EXISTS workflow_issue_search_words",
    "ALTER TABLE workflow_issue DROP COLUMN IF EXISTS search_words",
    """CREATE OR REPLACE FUNCTION workflow_plain_words(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(
        regexp_replace(normalize(left(words, 100000), NFKD), '[\u0300-\u036f]', '', 'g'), '[^[:alnum:]]+', ' ', 'g')
$$""",
    """CREATE OR REPLACE FUNCTION workflow_answer_words(answers jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg(answer #>> '{}', ' ') FROM jsonb_path_query(answers, '$[*].answer') AS answer
$$""",
    """ALTER TABLE workflow_issue ADD COLUMN search_words tsvector GENERATED ALWAYS AS (
    to_tsvector('english', workflow_plain_words(title || ' ' || description || ' ' || gameplan))
    || to_tsvector('simple', workflow_plain_words(title || ' ' || description || ' ' || gameplan))
    || to_tsvector('english', coalesce(workflow_plain_words(workflow_answer_words(answers)), ''))
    || to_tsvector('simple', coalesce(workflow_plain_words(workflow_answer_words(answers)), ''))
) STORED""",
    "CREATE INDEX workflow_issue_search_words ON workflow_issue USING gin (search_words)",
]
COLUMNS = "title, description, gameplan, answers"
SQLITE = [
    *(f"DROP TRIGGER IF EXISTS workflow_issue_words_{what}" for what in ("insert", "update", "delete")),
    "DROP TABLE IF EXISTS workflow_issue_words",
    f"""CREATE VIRTUAL TABLE workflow_issue_words
       USING fts5({COLUMNS}, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')""",
    f"""CREATE TRIGGER workflow_issue_words_insert AFTER INSERT ON workflow_issue BEGIN
       INSERT INTO workflow_issue_words (rowid, {COLUMNS})
       VALUES (new.number, new.title, new.description, new.gameplan, {ANSWERS.format(row="new")});
    END""",
    f"""CREATE TRIGGER workflow_issue_words_update AFTER UPDATE ON workflow_issue
    WHEN old.title <> new.title OR old.description <> new.description OR old.gameplan <> new.gameplan
        OR old.answers <> new.answers BEGIN
       UPDATE workflow_issue_words
       SET title = new.title, description = new.description, gameplan = new.gameplan,
           answers = {ANSWERS.format(row="new")}
       WHERE rowid = new.number;
    END""",
    """CREATE TRIGGER workflow_issue_words_delete AFTER DELETE ON workflow_issue BEGIN
       DELETE FROM workflow_issue_words WHERE rowid = old.number;
    END""",
    f"""INSERT INTO workflow_issue_words (rowid, {COLUMNS})
       SELECT number, title, description, gameplan, {ANSWERS.format(row="workflow_issue")} FROM workflow_issue""",
]


def make_anew(apps, schema_editor):
    """Drop the index of the database at hand, make it and fill it."""
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("workflow", "0001_requests")]
    operations = [migrations.RunPython(make_anew, migrations.RunPython.noop, elidable=False)]
