-- What only a version to come has.
CREATE TABLE next_thing(n INTEGER PRIMARY KEY) STRICT;
