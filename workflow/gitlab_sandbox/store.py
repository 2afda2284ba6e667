"""The sandbox's state: one SQLite file (WAL) that survives kill -9 and a restart, and plain SQL to reach it.

One connection behind one lock: a request runs whole inside `transaction()`, so what a client sees is always a state
that was committed, and the other request threads wait their turn (a request takes a millisecond or two).
"""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]
# A real GitLab's ids are far apart from its iids and from each other; equal ones would hide mistakes of the client.
FIRST_IDS = {
    "issues": 170_000,
    "notes": 900_000,
    "labels": 30_000,
    "milestones": 5_000,
    "projects": 20,
    "namespaces": 60,
}


class Store:
    """The database under `data_dir`, created when it is not there yet."""

    def __init__(self, data_dir: Path):
        self.data_dir = Path(data_dir)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.uploads_dir = self.data_dir / "uploads"
        self.uploads_dir.mkdir(exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._after_commit: list[Callable[[], None]] = []
        path = self.data_dir / "sandbox.sqlite3"
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=20)
        self._db.row_factory = _as_dict
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        with self.transaction():
            for statement in (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8").split(";\n"):
                self._db.execute(statement)
            for table, first in FIRST_IDS.items():
                self._db.execute(
                    "INSERT INTO sqlite_sequence (name, seq) SELECT ?, ? "
                    "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)",
                    (table, first, table),
                )

    def close(self) -> None:
        """No more reading or writing."""
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that happens inside is committed together, or none of it. Nests: the outermost one decides."""
        with self._lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self._db.execute("BEGIN IMMEDIATE")
                yield
            except BaseException:
                if self._depth == 1:
                    self._after_commit.clear()
                    self._db.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._db.execute("COMMIT")
                    waiting, self._after_commit = self._after_commit, []
                    for call in waiting:
                        call()
            finally:
                self._depth -= 1

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call `call()` once the present transaction is committed; never, if it is rolled back."""
        self._after_commit.append(call)

    def all(self, sql: str, *values: Any) -> list[Row]:
        """Every row."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        with self._lock:
            return self._db.execute(sql, values).fetchone()

    def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, *values)
        return next(iter(row.values())) if row else None

    def column(self, sql: str, *values: Any) -> list[Any]:
        """The first column of every row."""
        return [next(iter(row.values())) for row in self.all(sql, *values)]

    def run(self, sql: str, *values: Any) -> int:
        """Run a statement; returns how many rows it changed."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def insert(self, table: str, **columns: Any) -> Row:
        """Insert one row and return it, with its id."""
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        with self._lock:
            return self.get(table, self._db.execute(sql, tuple(columns.values())).lastrowid)

    def update(self, table: str, row_id: int, **columns: Any) -> Row:
        """Change one row and return it as it is then."""
        if columns:
            sets = ", ".join(f"{name} = ?" for name in columns)
            self.run(f"UPDATE {table} SET {sets} WHERE id = ?", *columns.values(), row_id)
        return self.get(table, row_id)

    def get(self, table: str, row_id: Any) -> Any:
        """The row with this id, or None."""
        return self.one(f"SELECT * FROM {table} WHERE id = ?", row_id)

    def delete(self, table: str, row_id: int) -> None:
        """Delete one row, and what hangs on it."""
        self.run(f"DELETE FROM {table} WHERE id = ?", row_id)

    def setting(self, name: str, default: Any = None) -> Any:
        """A value kept by name."""
        raw = self.value("SELECT value FROM settings WHERE name = ?", name)
        return default if raw is None else json.loads(raw)

    def keep_setting(self, name: str, value: Any) -> None:
        """Keep a value, of anything JSON can hold."""
        self.run(
            "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            json.dumps(value),
        )


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
