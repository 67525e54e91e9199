-- SQLite before 3.42 says that NULL is no valid JSON, and later versions say NULL, which a CHECK lets pass. A copy of the
-- store must be whole for every sqlite3 program, so NULL is asked for first. A CHECK changes only with its whole table;
-- foreign keys are off meanwhile, and proved after.
CREATE TABLE orders_rebuilt (
  order_no     INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE CHECK (id <> ''),
  merchant     TEXT NOT NULL,
  site         TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
  method       TEXT NOT NULL,
  amount_rp    INTEGER NOT NULL CHECK (amount_rp >= 0),
  items        TEXT NOT NULL CHECK (json_valid(items)),
  memo         TEXT CHECK (memo IS NULL OR json_valid(memo)),
  return_url   TEXT,
  state        TEXT NOT NULL,
  standing     TEXT NOT NULL CHECK (json_valid(standing)),
  means        TEXT NOT NULL CHECK (json_valid(means)),
  abandoned    INTEGER NOT NULL CHECK (abandoned IN (0, 1)),
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  paid_at      INTEGER,
  asked        INTEGER NOT NULL CHECK (asked >= 0),
  ask_at       INTEGER,
  version      INTEGER NOT NULL CHECK (version >= 0),
  UNIQUE (site, request_id)
) STRICT;

INSERT INTO orders_rebuilt (order_no, id, merchant, site, request_id, request_hash, method, amount_rp, items, memo,
  return_url, state, standing, means, abandoned, created_at, expires_at, paid_at, asked, ask_at, version)
SELECT order_no, id, merchant, site, request_id, request_hash, method, amount_rp, items, memo,
  return_url, state, standing, means, abandoned, created_at, expires_at, paid_at, asked, ask_at, version FROM orders;

DROP TABLE orders;
ALTER TABLE orders_rebuilt RENAME TO orders;

CREATE INDEX orders_due ON orders (ask_at) WHERE ask_at IS NOT NULL;
CREATE INDEX orders_waiting ON orders (state) WHERE state IN ('created', 'pending', 'challenge', 'review');
