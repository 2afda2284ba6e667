-- The sandbox's whole state. Times are text in GitLab's own form (2026-11-21T22:26:47.123Z), so they sort as they read.

CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL COLLATE NOCASE UNIQUE, name TEXT NOT NULL,
    email TEXT NOT NULL COLLATE NOCASE UNIQUE, state TEXT NOT NULL DEFAULT 'active', admin INTEGER NOT NULL DEFAULT 0,
    bot INTEGER NOT NULL DEFAULT 0, extra TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    token TEXT NOT NULL UNIQUE, name TEXT NOT NULL, scopes TEXT NOT NULL, expires_at TEXT,
    revoked INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS namespaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL,
    full_path TEXT NOT NULL COLLATE NOCASE UNIQUE, parent_id INTEGER REFERENCES namespaces ON DELETE CASCADE,
    owner_id INTEGER REFERENCES users ON DELETE CASCADE, visibility TEXT NOT NULL DEFAULT 'private',
    description TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT, namespace_id INTEGER NOT NULL REFERENCES namespaces ON DELETE CASCADE,
    name TEXT NOT NULL, path TEXT NOT NULL, full_path TEXT NOT NULL COLLATE NOCASE UNIQUE,
    visibility TEXT NOT NULL DEFAULT 'private', description TEXT, creator_id INTEGER,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS redirects (
    old_path TEXT PRIMARY KEY COLLATE NOCASE, project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS members (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER REFERENCES projects ON DELETE CASCADE,
    group_id INTEGER REFERENCES namespaces ON DELETE CASCADE, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    access_level INTEGER NOT NULL, expires_at TEXT, created_at TEXT NOT NULL,
    UNIQUE (project_id, user_id), UNIQUE (group_id, user_id));

CREATE TABLE IF NOT EXISTS labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER REFERENCES projects ON DELETE CASCADE,
    group_id INTEGER REFERENCES namespaces ON DELETE CASCADE, title TEXT NOT NULL, color TEXT NOT NULL,
    description TEXT, priority INTEGER, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    UNIQUE (project_id, title), UNIQUE (group_id, title));
CREATE TABLE IF NOT EXISTS milestones (
    id INTEGER PRIMARY KEY AUTOINCREMENT, iid INTEGER NOT NULL, project_id INTEGER REFERENCES projects ON DELETE CASCADE,
    group_id INTEGER REFERENCES namespaces ON DELETE CASCADE, title TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'active', start_date TEXT, due_date TEXT, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, UNIQUE (project_id, title), UNIQUE (group_id, title));

CREATE TABLE IF NOT EXISTS issues (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
    iid INTEGER NOT NULL, title TEXT NOT NULL, description TEXT, state TEXT NOT NULL DEFAULT 'opened',
    author_id INTEGER REFERENCES users ON DELETE SET NULL, confidential INTEGER NOT NULL DEFAULT 0,
    milestone_id INTEGER REFERENCES milestones ON DELETE SET NULL, due_date TEXT, weight INTEGER,
    discussion_locked INTEGER, issue_type TEXT NOT NULL DEFAULT 'issue', created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, updated_by_id INTEGER, closed_at TEXT,
    closed_by_id INTEGER REFERENCES users ON DELETE SET NULL, last_edited_at TEXT, last_edited_by_id INTEGER,
    moved_to_id INTEGER REFERENCES issues ON DELETE SET NULL,
    duplicated_to_id INTEGER REFERENCES issues ON DELETE SET NULL, UNIQUE (project_id, iid));
CREATE INDEX IF NOT EXISTS issues_updated ON issues (project_id, updated_at);
CREATE INDEX IF NOT EXISTS issues_author ON issues (author_id, created_at);
CREATE TABLE IF NOT EXISTS issue_labels (
    issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES labels ON DELETE CASCADE, PRIMARY KEY (issue_id, label_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS issue_labels_label ON issue_labels (label_id);
CREATE TABLE IF NOT EXISTS issue_assignees (
    issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, PRIMARY KEY (issue_id, user_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS issue_iids (project_id INTEGER PRIMARY KEY, last_iid INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS links (
    id INTEGER PRIMARY KEY AUTOINCREMENT, source_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    target_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, link_type TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (source_id, target_id));
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    author_id INTEGER REFERENCES users ON DELETE SET NULL, body TEXT NOT NULL, system INTEGER NOT NULL DEFAULT 0,
    internal INTEGER NOT NULL DEFAULT 0, discussion_id TEXT NOT NULL, last_edited_at TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS notes_issue ON notes (issue_id, created_at);
CREATE TABLE IF NOT EXISTS resource_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    user_id INTEGER, action TEXT NOT NULL, label_id INTEGER, milestone_id INTEGER, created_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS resource_events_issue ON resource_events (issue_id, kind);
CREATE TABLE IF NOT EXISTS subscriptions (
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES labels ON DELETE CASCADE, PRIMARY KEY (user_id, label_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, author_id INTEGER,
    issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, note_id INTEGER, reason TEXT NOT NULL,
    handle TEXT, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS uploads (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
    user_id INTEGER, secret TEXT NOT NULL UNIQUE, filename TEXT NOT NULL, size INTEGER NOT NULL, created_at TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS hooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
    url TEXT NOT NULL, name TEXT, description TEXT, token TEXT, signing_token TEXT,
    options TEXT NOT NULL DEFAULT '{}', failures INTEGER NOT NULL DEFAULT 0, backoffs INTEGER NOT NULL DEFAULT 0,
    disabled_until TEXT, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS hook_queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, hook_id INTEGER NOT NULL REFERENCES hooks ON DELETE CASCADE,
    trigger_name TEXT NOT NULL, event_header TEXT NOT NULL, body TEXT NOT NULL, event_uuid TEXT NOT NULL,
    idempotency_key TEXT NOT NULL, created_at TEXT NOT NULL);
