-- Units, as a JSON array, in which a line that a checkpoint carries over counts for nothing any more: what
-- replaced it there is left out.

ALTER TABLE change ADD COLUMN gone TEXT;
