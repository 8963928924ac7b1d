-- Secret and anonymous ballots until they are sealed (MODULES M9), never in any log. `token` names a voter's ballot
-- without naming the voter; what links both is here alone, and goes when the vote closes.
CREATE TABLE ballot(survey BLOB NOT NULL, roll BLOB NOT NULL, token TEXT NOT NULL, how TEXT NOT NULL,
  answers TEXT,                      -- NULL once sealed
  PRIMARY KEY(survey, roll)) STRICT, WITHOUT ROWID;
CREATE INDEX ballot_waiting ON ballot(survey) WHERE answers IS NOT NULL;
-- One-time tokens of printed ballot papers, as SHA-256.
CREATE TABLE ballot_paper(survey BLOB NOT NULL, hash BLOB NOT NULL, roll BLOB NOT NULL, used INT NOT NULL DEFAULT 0,
  PRIMARY KEY(survey, hash)) STRICT, WITHOUT ROWID;
CREATE INDEX ballot_paper_roll ON ballot_paper(survey, roll);
