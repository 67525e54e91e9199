-- Bodies of notifications in a table of their own. A decision or another try changes a narrow row; beside its body it
-- wrote the whole of it again each time.
CREATE TABLE bodies (
  inbox_no INTEGER PRIMARY KEY REFERENCES inbox ON DELETE CASCADE,
  body     BLOB NOT NULL
) STRICT;

INSERT INTO bodies (inbox_no, body) SELECT inbox_no, body FROM inbox;
ALTER TABLE inbox DROP COLUMN body;

-- How many of an order there are: a bounded number is kept.
CREATE INDEX inbox_by_order ON inbox (merchant, order_id);
