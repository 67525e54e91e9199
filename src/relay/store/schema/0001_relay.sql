-- The relay's first schema. Conventions:
--   *_no   narrow integer key used inside this file; never shown outside, but for inbox_no, which names a notification
--          between a look at the inbox and its decision
--   *_rp   whole rupiah, unsigned, so CHECKed against negatives
--   *_at   milliseconds since 1970-01-01 UTC
-- Every table is STRICT: a number is a number.

-- Single values. `epoch` names this store; a restored one gets another, so that agents read the feed again from its
-- beginning. `checks` counts proofs that the file can be written.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What is learned about a merchant and must be the same after every start. The secret stands in addresses that the
-- gateway remembers for as long as a charge lives, so it never changes.
CREATE TABLE merchants (
  merchant    TEXT PRIMARY KEY,
  secret      TEXT CHECK (secret <> ''),
  merchant_id TEXT CHECK (merchant_id <> '')
) STRICT, WITHOUT ROWID;

-- One row per attempt to pay, written before the gateway hears of it. What was ordered never changes; where it stands
-- does, and every change counts `version` up, so that a change made from an older reading is noticed.
CREATE TABLE orders (
  order_no     INTEGER PRIMARY KEY,
  -- The gateway's order_id. Unique over all merchants: names of feed events are made of it.
  id           TEXT NOT NULL UNIQUE CHECK (id <> ''),
  merchant     TEXT NOT NULL,
  site         TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
  method       TEXT NOT NULL,
  amount_rp    INTEGER NOT NULL CHECK (amount_rp >= 0),
  items        TEXT NOT NULL CHECK (json_valid(items)),
  -- The site's own words, kept to the byte: it gets them back with everything that it is told.
  memo         TEXT CHECK (json_valid(memo)),
  return_url   TEXT,
  -- The state stands beside the standing that holds it too: indexes and counts look at it.
  state        TEXT NOT NULL,
  standing     TEXT NOT NULL CHECK (json_valid(standing)),
  means        TEXT NOT NULL CHECK (json_valid(means)),
  abandoned    INTEGER NOT NULL CHECK (abandoned IN (0, 1)),
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  paid_at      INTEGER,
  asked        INTEGER NOT NULL CHECK (asked >= 0),
  ask_at       INTEGER,                                    -- NULL: nothing more is expected
  version      INTEGER NOT NULL CHECK (version >= 0),
  -- One request is one order, whatever is repeated.
  UNIQUE (site, request_id)
) STRICT;

-- Whom to ask the gateway about next.
CREATE INDEX orders_due ON orders (ask_at) WHERE ask_at IS NOT NULL;
-- Orders that wait for a customer or a person: few among many, and counted at every look at the metrics.
CREATE INDEX orders_waiting ON orders (state) WHERE state IN ('created', 'pending', 'challenge', 'review');

-- Requests that a site gave up before they came. They will never be opened.
CREATE TABLE abandoned (
  site         TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  abandoned_at INTEGER NOT NULL,
  PRIMARY KEY (site, request_id)
) STRICT, WITHOUT ROWID;

-- How far each site's feed is. Numbers come from here and not from the rows, which are dropped one day, always from
-- the beginning on: the feed holds pruned_seq + 1 to last_seq without a gap.
CREATE TABLE feeds (
  site       TEXT PRIMARY KEY,
  last_seq   INTEGER NOT NULL CHECK (last_seq >= 0),
  pruned_seq INTEGER NOT NULL DEFAULT 0 CHECK (pruned_seq BETWEEN 0 AND last_seq)
) STRICT, WITHOUT ROWID;

-- What each site is told, in its order. The state and flags are those of that moment; what never changes is taken from
-- the order.
CREATE TABLE feed (
  site        TEXT NOT NULL,
  seq         INTEGER NOT NULL CHECK (seq > 0),
  event_id    TEXT NOT NULL UNIQUE CHECK (event_id <> ''),
  order_no    INTEGER NOT NULL REFERENCES orders,
  effect      TEXT NOT NULL CHECK (effect IN ('credit', 'reverse', 'status', 'review')),
  state       TEXT NOT NULL,
  flags       TEXT NOT NULL CHECK (json_valid(flags)),
  amount_rp   INTEGER NOT NULL CHECK (amount_rp >= 0),
  refunded_rp INTEGER NOT NULL CHECK (refunded_rp >= 0),
  told_at     INTEGER NOT NULL,
  paid_at     INTEGER,
  PRIMARY KEY (site, seq)
) STRICT, WITHOUT ROWID;

-- Names of events whose rows were dropped: a name is used once, for good.
CREATE TABLE told (
  event_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Notifications as they came. A decided one stays for a while: it is evidence, and it makes its repetition known.
CREATE TABLE inbox (
  inbox_no   INTEGER PRIMARY KEY AUTOINCREMENT,
  merchant   TEXT NOT NULL,
  order_id   TEXT NOT NULL,
  body       BLOB NOT NULL,
  hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 over merchant and body
  came_at    INTEGER NOT NULL,
  attempts   INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  -- When to decide it. NULL: a stray, whose order is not known; opening the order sets it.
  due_at     INTEGER,
  decided_at INTEGER
) STRICT;

-- What is to be decided next, and what waits for its order. Both are empty most of the time.
CREATE INDEX inbox_due ON inbox (due_at) WHERE decided_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX inbox_strays ON inbox (merchant, order_id) WHERE decided_at IS NULL AND due_at IS NULL;
