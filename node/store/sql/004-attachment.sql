-- Attachments: age files under files/, outside git, named by the SHA-256 of their bytes. Local: what
-- this node holds, not what records say.

CREATE TABLE attachment(
  sha BLOB PRIMARY KEY, size INTEGER NOT NULL,
  whole INTEGER NOT NULL,     -- all of it is here, checked against its name
  sender TEXT NOT NULL,       -- node that brings it; '' made here, or named by a record
  up INTEGER NOT NULL,        -- 0 stays here, 1 to be sent to the parent, 2 the parent has it
  tried INTEGER NOT NULL,     -- when the parent was last asked, ms
  at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_up ON attachment(at) WHERE up = 1 AND whole = 1;
CREATE INDEX attachment_wanted ON attachment(at) WHERE whole = 0 AND sender = '';
CREATE INDEX attachment_sender ON attachment(sender) WHERE sender <> '';

CREATE TABLE upload(          -- brought by a browser, not named by a record yet
  sha BLOB PRIMARY KEY, account BLOB NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE INDEX upload_at ON upload(at);
