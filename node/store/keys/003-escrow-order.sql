-- Keys of a dead box are given back a wrap at a time.

CREATE INDEX escrow_wrap ON escrow(node, wrap, kid);
DROP INDEX escrow_node;
