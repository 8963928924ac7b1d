-- Which account was handed and has read which message on this node: local stamps, in no log. Sums of
-- them go into the log as `reading`.

CREATE TABLE seen(
  message BLOB NOT NULL, who BLOB NOT NULL,     -- ids of the message and of the account
  delivered INTEGER NOT NULL, read INTEGER NOT NULL, -- ms; 0 not yet
  PRIMARY KEY(message, who)) STRICT, WITHOUT ROWID;
