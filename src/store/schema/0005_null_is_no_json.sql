-- SQLite before 3.42 says that NULL is no valid JSON, and later versions say NULL, which a CHECK lets pass. A copy of the
-- store must be whole for every sqlite3 program, so NULL is asked for first. A CHECK changes only with its whole table;
-- foreign keys are off meanwhile, and proved after.
CREATE TABLE orders_rebuilt (
  order_no   INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  user_no    INTEGER REFERENCES users,                     -- NULL: money came, and what it carried cannot be read
  kind       TEXT NOT NULL,
  method     TEXT NOT NULL,
  amount_rp  INTEGER NOT NULL CHECK (amount_rp >= 0),
  status     TEXT NOT NULL,
  lines      TEXT NOT NULL CHECK (json_valid(lines)),      -- the frozen quote
  flags      TEXT NOT NULL CHECK (json_valid(flags)),
  reference  TEXT,
  receipt_no INTEGER UNIQUE CHECK (receipt_no > 0),
  cashier    TEXT,
  expiry_before INTEGER,
  expiry_set    INTEGER,
  plan          INTEGER NOT NULL CHECK (plan IN (0, 1)),
  refunded_rp   INTEGER NOT NULL CHECK (refunded_rp >= 0 AND refunded_rp <= amount_rp),
  created_at INTEGER NOT NULL,
  paid_at    INTEGER,
  request_id TEXT UNIQUE,
  means      TEXT CHECK (means IS NULL OR json_valid(means)),
  expires_at INTEGER,
  window_at    INTEGER,
  window_bytes INTEGER NOT NULL CHECK (window_bytes >= 0),
  CHECK (user_no IS NOT NULL OR receipt_no IS NULL)
) STRICT;

INSERT INTO orders_rebuilt (order_no, id, user_no, kind, method, amount_rp, status, lines, flags, reference, receipt_no,
  cashier, expiry_before, expiry_set, plan, refunded_rp, created_at, paid_at, request_id, means, expires_at, window_at,
  window_bytes)
SELECT order_no, id, user_no, kind, method, amount_rp, status, lines, flags, reference, receipt_no,
  cashier, expiry_before, expiry_set, plan, refunded_rp, created_at, paid_at, request_id, means, expires_at, window_at,
  window_bytes FROM orders;

DROP TABLE orders;
ALTER TABLE orders_rebuilt RENAME TO orders;

CREATE INDEX orders_by_user ON orders (user_no, created_at);
CREATE INDEX orders_by_created ON orders (created_at);
CREATE INDEX orders_by_paid ON orders (paid_at, method, cashier, amount_rp, refunded_rp) WHERE receipt_no IS NOT NULL;
CREATE INDEX orders_open ON orders (status) WHERE status IN ('created', 'pending', 'challenge');
CREATE INDEX orders_in_review ON orders (status) WHERE status = 'review';
CREATE INDEX orders_by_window ON orders (window_at) WHERE window_at IS NOT NULL;
