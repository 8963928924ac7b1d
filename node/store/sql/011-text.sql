-- Full text knows of which collection a record is: a word that nearly all records of the node hold
-- is looked for among those of one collection.

CREATE TABLE words_now(
  rec INTEGER PRIMARY KEY, coll TEXT NOT NULL, body TEXT NOT NULL) STRICT;
INSERT INTO words_now(rec, coll, body)
  SELECT w.rec, r.coll, w.body FROM words w JOIN record r ON r.n = w.rec;
DROP TABLE text;
DROP TABLE words;
ALTER TABLE words_now RENAME TO words;
CREATE VIRTUAL TABLE text USING fts5(body, coll, content='words', content_rowid='rec', tokenize='linli');
INSERT INTO text(text) VALUES('rebuild');
