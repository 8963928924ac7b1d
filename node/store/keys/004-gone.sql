-- Keys that were destroyed: none of that name is taken again, from wherever it comes.

CREATE TABLE gone(kid TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
