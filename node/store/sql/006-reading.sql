-- What people did here: local stamps, in no log. Only how many they are goes up, as a statistic.

CREATE TABLE reading(        -- who opened what is published
  record BLOB NOT NULL, account BLOB NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(record, account)) STRICT, WITHOUT ROWID;

CREATE TABLE active(         -- when an account was last logged in, to the day
  account BLOB PRIMARY KEY, day TEXT NOT NULL) STRICT, WITHOUT ROWID;
