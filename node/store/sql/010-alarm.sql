-- What is wrong with this node and those below it: local, in no log. A row stays when its cause has gone or somebody
-- has taken note: it is the trace.

CREATE TABLE alarm(
  n INTEGER PRIMARY KEY, node TEXT NOT NULL, code TEXT NOT NULL,
  zh TEXT NOT NULL, en TEXT NOT NULL,       -- as it was said
  raised INTEGER NOT NULL, cleared INTEGER, -- ms
  acked INTEGER, acked_by TEXT, note TEXT) STRICT;
CREATE UNIQUE INDEX alarm_open ON alarm(node, code) WHERE cleared IS NULL;
CREATE INDEX alarm_cleared ON alarm(cleared) WHERE cleared IS NOT NULL;
