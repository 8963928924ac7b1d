-- What stays on this node: who may log in, and who is. Not derived from segments, not in any log.

CREATE TABLE login(
  login TEXT PRIMARY KEY, account BLOB NOT NULL, hash TEXT NOT NULL,
  failed INTEGER NOT NULL DEFAULT 0, locked_until INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE TABLE session(
  token BLOB PRIMARY KEY,     -- SHA-256 of what the cookie holds
  account BLOB NOT NULL, role TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE INDEX session_expires ON session(expires);
