-- Lines that a node took over from another log's segment, byte for byte: where they stood first.

ALTER TABLE change ADD COLUMN from_log INTEGER;  -- NULL = not quoted
ALTER TABLE change ADD COLUMN from_seq INTEGER;
