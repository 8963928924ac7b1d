-- keys.db: secrets that must be destroyable for good and stand in no backup.

CREATE TABLE own(name TEXT PRIMARY KEY, secret BLOB NOT NULL) STRICT, WITHOUT ROWID; -- "veil"

CREATE TABLE epoch(
  file_name TEXT PRIMARY KEY, audience TEXT NOT NULL, label TEXT NOT NULL, secret BLOB NOT NULL,
  recipient BLOB NOT NULL, from_hlc INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX epoch_audience ON epoch(audience, from_hlc, label);

CREATE TABLE key(
  kid TEXT PRIMARY KEY, person BLOB NOT NULL,  -- 12 zero bytes = a spare
  audience TEXT NOT NULL, secret BLOB NOT NULL, escrowed INTEGER NOT NULL, shared INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE INDEX key_person ON key(person, audience);
CREATE INDEX key_pending ON key(kid) WHERE escrowed = 0 OR shared = 0;

CREATE TABLE escrow(
  kid TEXT NOT NULL, node TEXT NOT NULL, person BLOB NOT NULL, audience TEXT NOT NULL,
  age BLOB NOT NULL, PRIMARY KEY(kid, node)) STRICT;
CREATE INDEX escrow_node ON escrow(node);
CREATE INDEX escrow_person ON escrow(person);
