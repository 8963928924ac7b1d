-- What a replica keeps (sync/store.h). Logs, audiences, records and changes have numbers of this
-- database alone. Times are hybrid logical times: milliseconds since 1970 << 16 | counter.
-- Derived from segments, hence emptied by a rebuild: record, change (sealed ones), refused, words,
-- text, todo, key_wait, stat_*, and c_<collection>, which the program makes from its definitions.

CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE log(
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, mine INTEGER NOT NULL,
  head INTEGER NOT NULL,      -- last segment held
  applied INTEGER NOT NULL,   -- last segment whose lines are in records
  receipt INTEGER NOT NULL,   -- last segment with a receipt
  volume INTEGER NOT NULL,    -- last segment that lies durable in a git repository
  head_sha BLOB NOT NULL, head_commit BLOB NOT NULL) STRICT;

CREATE TABLE segment(
  log INTEGER NOT NULL, seq INTEGER NOT NULL, sha BLOB NOT NULL, hlc INTEGER NOT NULL,
  commit_object BLOB, tree_object BLOB,   -- NULL once the segment lies in its volume
  volume TEXT, PRIMARY KEY(log, seq)) STRICT, WITHOUT ROWID;

CREATE TABLE file(
  log INTEGER NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL, sha BLOB NOT NULL,
  size INTEGER NOT NULL,      -- stored bytes; 0 = never held
  bytes BLOB,                 -- NULL = in the volume, dropped, or never held
  PRIMARY KEY(log, seq, name)) STRICT;

CREATE TABLE fork(            -- the other child of a head, kept as evidence
  log INTEGER NOT NULL, seq INTEGER NOT NULL, sha BLOB NOT NULL, commit_object BLOB NOT NULL,
  PRIMARY KEY(log, seq, sha)) STRICT, WITHOUT ROWID;

CREATE TABLE receipt(         -- the time of a change is that of the first receipt with seq >= its own
  log INTEGER NOT NULL, seq INTEGER NOT NULL, t INTEGER NOT NULL, evidence BLOB NOT NULL,
  PRIMARY KEY(log, seq)) STRICT, WITHOUT ROWID;

CREATE TABLE cert(            -- certificates and revocations in the order of their arrival
  n INTEGER PRIMARY KEY, sha BLOB NOT NULL UNIQUE, author TEXT NOT NULL, revoke INTEGER NOT NULL,
  f TEXT NOT NULL) STRICT;

CREATE TABLE audience(
  n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, digest BLOB NOT NULL) STRICT;

CREATE TABLE record(
  n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, coll TEXT NOT NULL,
  region TEXT,                -- of the node that added it; NULL = its add is not here
  audience INTEGER NOT NULL, deleted INTEGER NOT NULL, conflicts INTEGER NOT NULL,
  heads BLOB NOT NULL) STRICT;                                      -- sync/README.md "Packed heads"
CREATE INDEX record_conflict ON record(coll, n) WHERE conflicts > 0;  -- the conflict queue
CREATE INDEX record_deleted ON record(coll, n) WHERE deleted = 1;

CREATE TABLE change(
  n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,
  rec INTEGER,                -- NULL = a line of the protocol itself
  log INTEGER NOT NULL,
  seq INTEGER,                -- NULL = not sealed yet
  audience INTEGER NOT NULL,
  eff INTEGER,                -- NULL = the time of its id
  state INTEGER NOT NULL,     -- 0 good 1 void 2 of a newer program
  line BLOB) STRICT;          -- only while unsealed, of a newer program, or a step
CREATE INDEX change_rec ON change(rec) WHERE rec IS NOT NULL;
CREATE INDEX change_place ON change(log, seq);
CREATE INDEX change_unsealed ON change(n) WHERE seq IS NULL;

CREATE TABLE refused(
  log INTEGER NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL, why TEXT NOT NULL,
  PRIMARY KEY(log, seq, id)) STRICT, WITHOUT ROWID;
CREATE INDEX refused_id ON refused(id);

CREATE TABLE key_wait(        -- records with a line sealed under a key that is not here
  kid TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY(kid, record)) STRICT, WITHOUT ROWID;

CREATE TABLE erased(person BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE todo(            -- what follows a commit: 1 full text, 2 statistics
  kind INTEGER NOT NULL, rec INTEGER NOT NULL, PRIMARY KEY(kind, rec)) STRICT, WITHOUT ROWID;

CREATE TABLE words(           -- what full text searches: the plain words of a record
  rec INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE text USING fts5(body, content='words', content_rowid='rec', tokenize='linli');
