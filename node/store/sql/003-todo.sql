-- One list of records that full text and attachments still have to look at.

ALTER TABLE todo RENAME TO todo_before;
CREATE TABLE todo(rec INTEGER PRIMARY KEY) STRICT;
INSERT OR IGNORE INTO todo(rec) SELECT rec FROM todo_before;
DROP TABLE todo_before;
