-- What people have to decide. All of it follows from records: emptied by a rebuild.

CREATE TABLE alias(           -- records given up for others (sync/alias.h)
  id BLOB PRIMARY KEY, into_id BLOB NOT NULL,
  root BLOB NOT NULL,         -- the record that stands for it, itself when none can
  id_text TEXT NOT NULL, root_text TEXT NOT NULL) STRICT, WITHOUT ROWID;  -- as references say it
CREATE INDEX alias_into ON alias(into_id);
CREATE INDEX alias_root ON alias(root);
CREATE INDEX alias_text ON alias(root_text);
CREATE INDEX alias_id_text ON alias(id_text);

CREATE TABLE lost_step(id BLOB PRIMARY KEY, rec INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX lost_step_rec ON lost_step(rec);

CREATE TABLE twin_key(        -- keyed tags of the fields that together make two records suspicious
  tag BLOB NOT NULL, rec INTEGER NOT NULL, PRIMARY KEY(tag, rec)) STRICT, WITHOUT ROWID;
CREATE INDEX twin_key_rec ON twin_key(rec);
CREATE TABLE twin(            -- pairs with a tag in common that nobody called different; a < b
  a INTEGER NOT NULL, b INTEGER NOT NULL, rule INTEGER NOT NULL, PRIMARY KEY(a, b))
  STRICT, WITHOUT ROWID;
CREATE INDEX twin_b ON twin(b);

CREATE TABLE ruling(          -- the latest decision on each thing, from records of that collection
  kind TEXT NOT NULL, one BLOB NOT NULL, two BLOB NOT NULL, decision TEXT NOT NULL,
  at INTEGER NOT NULL, rec INTEGER NOT NULL, PRIMARY KEY(kind, one, two)) STRICT, WITHOUT ROWID;
CREATE INDEX ruling_two ON ruling(kind, two);

INSERT OR IGNORE INTO todo(rec) SELECT n FROM record;
