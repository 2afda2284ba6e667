"""After a test whose transactions were real: every table holds again what it held before the first test."""

from django.db import connection, transaction

from tests.append_only import lifted


def rows_now():
    """{table: (its columns, its rows)} of every table that has any."""
    found = {}
    with connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f"SELECT * FROM {_quoted(table)}")
            if rows := cursor.fetchall():
                found[table] = [column[0] for column in cursor.description], rows
    return found


def put_back(rows):
    """Delete every row there is and insert these; in place of Django's ``flush``, whose work grows with the tables, not
    with the rows, and of migrating and seeding once more.

    On PostgreSQL a flush gives every table new files, seconds for a handful of rows. The order of the tables does not
    matter: Django's foreign keys are checked when the transaction ends.
    """
    with lifted(connection), transaction.atomic(), connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f"DELETE FROM {_quoted(table)}")
        for table, (columns, those) in rows.items():
            names, places = ", ".join(map(_quoted, columns)), ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {_quoted(table)} ({names}) VALUES ({places})", those)


def _tables():
    return connection.introspection.django_table_names(only_existing=True, include_views=False)


def _quoted(name):
    return connection.ops.quote_name(name)
