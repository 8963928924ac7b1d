-- Escrow by batch: each key in a box of its own, so that it can be destroyed alone, under a batch key that
-- is wrapped once to the recovery key. What was given one by one is given again.

DROP TABLE escrow;
CREATE TABLE wrap(n INTEGER PRIMARY KEY, age BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE escrow(
  kid TEXT NOT NULL, node TEXT NOT NULL, person BLOB NOT NULL, audience TEXT NOT NULL,
  wrap INTEGER NOT NULL, box TEXT NOT NULL, PRIMARY KEY(kid, node)) STRICT;
CREATE INDEX escrow_node ON escrow(node);
CREATE INDEX escrow_person ON escrow(person);
UPDATE key SET escrowed = 0;
