-- The first schema. Conventions:
--   *_no     narrow integer key used between tables; never shown outside
--   id       the name a thing has outside, a UUID as text
--   *_bytes  bytes, *_rp whole rupiah; both unsigned, so CHECKed against negatives
--   *_at     milliseconds since 1970-01-01 UTC; *_date is ISO 8601 in the site's zone
-- Every table is STRICT: a number is a number.

-- Single values that must change in the same transaction as what they describe.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE packages (
  package_no  INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL CHECK (name <> ''),
  quota_bytes INTEGER CHECK (quota_bytes > 0),            -- NULL is an unlimited plan
  days        INTEGER NOT NULL CHECK (days BETWEEN 1 AND 3660),
  price_rp    INTEGER NOT NULL CHECK (price_rp >= 0),
  active      INTEGER NOT NULL CHECK (active IN (0, 1)),
  -- Sold packages stay for history; deleting only hides them.
  deleted     INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1))
) STRICT;

-- What people and policy set on a user. Wide, and written only when somebody changes something or access
-- turns; what every reading moves is in `accounts`.
CREATE TABLE users (
  user_no          INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  name             TEXT NOT NULL CHECK (name <> ''),
  phone            TEXT CHECK (phone <> ''),
  login            TEXT CHECK (login <> ''),
  approved         INTEGER NOT NULL CHECK (approved IN (0, 1)),
  active           INTEGER NOT NULL CHECK (active IN (0, 1)),
  exempt           INTEGER NOT NULL CHECK (exempt IN (0, 1)),
  admin_block      TEXT,                                   -- the reason, while an admin's block is in force
  unlimited        INTEGER NOT NULL CHECK (unlimited IN (0, 1)),
  expires_at       INTEGER,
  waiting_days     INTEGER NOT NULL CHECK (waiting_days >= 0), -- sold while the clock was untrusted
  overage          TEXT CHECK (overage IN ('stop', 'debt')), -- NULL: as the site's policy says
  debt_limit_bytes INTEGER CHECK (debt_limit_bytes >= 0),
  access_status    TEXT NOT NULL,
  access_reason    TEXT,
  access_causes    TEXT NOT NULL CHECK (json_valid(access_causes)),
  access_at        INTEGER NOT NULL,                       -- since when this status and reason hold
  created_at       INTEGER NOT NULL,
  pin_hash         TEXT,                                   -- argon2id of the portal PIN, PHC form; NULL: none given
  deleted_at       INTEGER                                 -- a user with history is hidden, never removed
) STRICT;

-- A phone or a log-in name belongs to one living user.
CREATE UNIQUE INDEX users_phone ON users (phone) WHERE deleted_at IS NULL AND phone IS NOT NULL;
CREATE UNIQUE INDEX users_login ON users (login) WHERE deleted_at IS NULL AND login IS NOT NULL;

-- The quota account since the last closing entry. Narrow and keyed by an integer, because every commit of
-- readings rewrites the row of every user who used something.
CREATE TABLE accounts (
  user_no       INTEGER PRIMARY KEY REFERENCES users,
  credits_bytes INTEGER NOT NULL CHECK (credits_bytes >= 0),
  debits_bytes  INTEGER NOT NULL CHECK (debits_bytes >= 0),
  -- Usage not yet sealed into an entry: the open row. Part of the debits.
  open_bytes    INTEGER NOT NULL CHECK (open_bytes >= 0 AND open_bytes <= debits_bytes),
  used_bytes    INTEGER NOT NULL CHECK (used_bytes >= 0 AND used_bytes <= debits_bytes),
  tank_bytes    INTEGER NOT NULL CHECK (tank_bytes >= 0)
) STRICT;

-- The ledger. Lines are only ever added, in one chain: `hash` is SHA-256 over the previous line's hash and
-- every column of this one (domain::ledger::Posted::link).
CREATE TABLE entries (
  seq          INTEGER PRIMARY KEY,
  user_no      INTEGER NOT NULL REFERENCES users,
  at           INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  side         TEXT NOT NULL CHECK (side IN ('credit', 'debit')),
  amount_bytes INTEGER NOT NULL CHECK (amount_bytes >= 0),
  amount_rp    INTEGER CHECK (amount_rp >= 0),
  debt_id      TEXT REFERENCES debts (id) DEFERRABLE INITIALLY DEFERRED,
  order_id     TEXT REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED,
  note         TEXT NOT NULL,
  actor        TEXT NOT NULL,
  event_id     TEXT NOT NULL,
  hash         BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- A user's statement, newest first.
CREATE INDEX entries_by_user ON entries (user_no, seq);
-- What one order wrote, for its refund.
CREATE INDEX entries_by_order ON entries (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE debts (
  debt_no      INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  user_no      INTEGER NOT NULL REFERENCES users,
  amount_bytes INTEGER CHECK (amount_bytes > 0),           -- NULL is an unlimited plan: a price, no bytes
  paid_bytes   INTEGER NOT NULL CHECK (paid_bytes >= 0 AND paid_bytes <= ifnull(amount_bytes, 0)),
  price_rp     INTEGER CHECK (price_rp >= 0),
  paid_rp      INTEGER NOT NULL CHECK (paid_rp >= 0),
  debt_date    TEXT NOT NULL,
  due_date     TEXT NOT NULL,
  note         TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  created_by   TEXT NOT NULL,
  status       TEXT NOT NULL CHECK (status IN ('open', 'paid', 'written_off')),
  CHECK (amount_bytes IS NOT NULL OR price_rp IS NOT NULL)
) STRICT;

CREATE INDEX debts_by_user ON debts (user_no, status);

-- One row per attempt to pay a quote. Cash orders are born paid; an online order is named by the gateway.
CREATE TABLE orders (
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
  -- Receipts are numbered without gaps, which the commit that books the money keeps. An order has one if and only
  -- if its quote was applied.
  receipt_no INTEGER UNIQUE CHECK (receipt_no > 0),
  cashier    TEXT,
  -- What a refund must restore: the expiry before this order and the one it set, and whether it started a plan.
  expiry_before INTEGER,
  expiry_set    INTEGER,
  plan          INTEGER NOT NULL CHECK (plan IN (0, 1)),
  refunded_rp   INTEGER NOT NULL CHECK (refunded_rp >= 0 AND refunded_rp <= amount_rp),
  created_at INTEGER NOT NULL,
  paid_at    INTEGER,
  -- Online orders only, from here on.
  request_id TEXT UNIQUE,                                  -- how we called the attempt before the gateway did
  means      TEXT CHECK (json_valid(means)),               -- what the customer needs to pay: URLs, QR, account number
  expires_at INTEGER,
  -- The pay window: when it opened, and what was used since.
  window_at    INTEGER,
  window_bytes INTEGER NOT NULL CHECK (window_bytes >= 0),
  CHECK (user_no IS NOT NULL OR receipt_no IS NULL)
) STRICT;

CREATE INDEX orders_by_user ON orders (user_no, created_at);
CREATE INDEX orders_by_created ON orders (created_at);
-- Sales of a day or a month.
CREATE INDEX orders_by_paid ON orders (paid_at) WHERE paid_at IS NOT NULL;
-- Read at every start: orders that a customer may still be paying, and windows of the last days.
CREATE INDEX orders_open ON orders (status) WHERE status IN ('created', 'pending', 'challenge');
-- Few, and counted by every scrape.
CREATE INDEX orders_in_review ON orders (status) WHERE status = 'review';
CREATE INDEX orders_by_window ON orders (window_at) WHERE window_at IS NOT NULL;

-- Orders asked of the relay whose outcome is not known. The row is there before the relay hears of it.
CREATE TABLE openings (
  request_id TEXT PRIMARY KEY,
  user_no    INTEGER NOT NULL REFERENCES users,
  kind       TEXT NOT NULL,
  method     TEXT NOT NULL,
  lines      TEXT NOT NULL CHECK (json_valid(lines)),
  memo       TEXT NOT NULL CHECK (json_valid(memo)),       -- to the byte as it is sent
  key_id     TEXT UNIQUE,                                  -- the call's idempotency key
  key_hash   BLOB CHECK (length(key_hash) = 32),
  created_at INTEGER NOT NULL,
  CHECK ((key_id IS NULL) = (key_hash IS NULL))
) STRICT, WITHOUT ROWID;

-- What the relay must still be told: written in the commit that decides it, deleted once the relay has it.
CREATE TABLE outbox (
  errand_no INTEGER PRIMARY KEY,
  work      TEXT NOT NULL CHECK (json_valid(work)),
  attempts  INTEGER NOT NULL CHECK (attempts >= 0),
  next_at   INTEGER NOT NULL
) STRICT;

-- Events of the relay's feed that were looked at: each once for good, whatever store the relay tells them from.
CREATE TABLE applied (
  event_id TEXT PRIMARY KEY,
  at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Cash drawers counted: what a cashier should have had, by the moves this closing took in, and what was there.
CREATE TABLE closings (
  closing_no    INTEGER PRIMARY KEY,
  at            INTEGER NOT NULL,
  cashier       TEXT NOT NULL,
  taken_rp      INTEGER NOT NULL CHECK (taken_rp >= 0),    -- cash alone; other methods lie in no drawer
  returned_rp   INTEGER NOT NULL CHECK (returned_rp >= 0),
  counted_rp    INTEGER NOT NULL CHECK (counted_rp >= 0),
  receipts      INTEGER NOT NULL CHECK (receipts >= 0),    -- of every method
  first_receipt INTEGER,
  last_receipt  INTEGER,
  note          TEXT NOT NULL,
  CHECK ((receipts = 0) = (first_receipt IS NULL) AND (receipts = 0) = (last_receipt IS NULL))
) STRICT;

CREATE INDEX closings_by_cashier ON closings (cashier, closing_no);

-- Money over the counter, in the commit that books it: taken by an order, returned by its refunds. A closing of
-- the cashier marks the moves it counts; nothing else of a row ever changes.
CREATE TABLE cash_moves (
  move_no    INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  cashier    TEXT NOT NULL,
  order_id   TEXT NOT NULL REFERENCES orders (id),
  method     TEXT NOT NULL CHECK (method IN ('cash', 'transfer', 'qris_static')),
  kind       TEXT NOT NULL CHECK (kind IN ('taken', 'returned')),
  amount_rp  INTEGER NOT NULL CHECK (amount_rp >= 0),
  receipt_no INTEGER NOT NULL CHECK (receipt_no > 0),      -- the order's
  closing_no INTEGER REFERENCES closings
) STRICT;

-- An order is paid once.
CREATE UNIQUE INDEX cash_moves_taken ON cash_moves (order_id) WHERE kind = 'taken';
CREATE INDEX cash_moves_by_order ON cash_moves (order_id);
-- A drawer since its last closing, and what a closing counted.
CREATE INDEX cash_moves_by_closing ON cash_moves (closing_no, cashier);

CREATE TABLE devices (
  device_no   INTEGER PRIMARY KEY,
  user_no     INTEGER NOT NULL REFERENCES users,
  mac         INTEGER NOT NULL CHECK (mac BETWEEN 1 AND 281474976710655),
  label       TEXT NOT NULL,
  bound_at    INTEGER NOT NULL,
  seen_at     INTEGER,                                     -- last reading that showed it, when it went away
  -- baseline: bound without a reading, the first one charges nothing; unbind, move: waiting for a last one.
  pending     TEXT CHECK (pending IN ('baseline', 'unbind', 'move')),
  move_to     INTEGER REFERENCES users,
  unbound_at  INTEGER
) STRICT;

-- A MAC belongs to one user at a time; usage history keeps the rows of earlier owners.
CREATE UNIQUE INDEX devices_mac ON devices (mac) WHERE unbound_at IS NULL;
CREATE INDEX devices_by_user ON devices (user_no) WHERE unbound_at IS NULL;

-- Baselines: what each row of the router had counted at the last committed reading. Only rows of bound
-- devices, only of the router's present boot.
CREATE TABLE counters (
  device_no INTEGER NOT NULL REFERENCES devices,
  row       TEXT NOT NULL,                                 -- the router's .id, worth nothing once the row is gone
  started_s INTEGER NOT NULL,                              -- on the router's clock; wall time never names a row
  slack_s   INTEGER NOT NULL CHECK (slack_s >= 0),
  uptime_s  INTEGER NOT NULL CHECK (uptime_s >= 0),
  bytes     INTEGER NOT NULL CHECK (bytes >= 0),
  counts    INTEGER NOT NULL CHECK (counts IN (0, 1)),
  PRIMARY KEY (device_no, row)
) STRICT, WITHOUT ROWID;

-- Usage by hour, clustered by time: a commit of readings touches the last pages only. Keyed by user first it
-- was measured to write thirty times as much.
CREATE TABLE usage_hours (
  hour             INTEGER NOT NULL,                       -- hours since 1970-01-01 UTC
  user_no          INTEGER NOT NULL REFERENCES users,
  device_no        INTEGER NOT NULL REFERENCES devices,
  bytes            INTEGER NOT NULL CHECK (bytes >= 0),
  unenforced_bytes INTEGER NOT NULL CHECK (unenforced_bytes >= 0 AND unenforced_bytes <= bytes),
  PRIMARY KEY (hour, user_no, device_no)
) STRICT, WITHOUT ROWID;

-- The same by local day; kept when the hours are pruned.
CREATE TABLE usage_days (
  day              INTEGER NOT NULL,                       -- days since 1970-01-01 in the site's zone
  user_no          INTEGER NOT NULL REFERENCES users,
  device_no        INTEGER NOT NULL REFERENCES devices,
  bytes            INTEGER NOT NULL CHECK (bytes >= 0),
  unenforced_bytes INTEGER NOT NULL CHECK (unenforced_bytes >= 0 AND unenforced_bytes <= bytes),
  PRIMARY KEY (day, user_no, device_no)
) STRICT, WITHOUT ROWID;

-- Evidence for "I did not use that much": every counter that began anew.
CREATE TABLE counter_restarts (
  restart_no INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  device_no  INTEGER NOT NULL REFERENCES devices,
  old_row    TEXT NOT NULL,
  old_bytes  INTEGER NOT NULL,
  new_row    TEXT NOT NULL,
  new_bytes  INTEGER NOT NULL,
  uptime_s   INTEGER NOT NULL
) STRICT;

-- Calls that carried an idempotency key, with the answer they got.
CREATE TABLE events (
  id           TEXT PRIMARY KEY,
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  at           INTEGER NOT NULL,
  status       INTEGER NOT NULL,
  answer       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  audit_no INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  actor    TEXT NOT NULL,
  role     TEXT NOT NULL,
  source   TEXT NOT NULL,                                  -- an address, or 'socket', or 'daemon'
  action   TEXT NOT NULL,
  target   TEXT NOT NULL,
  detail   TEXT NOT NULL
) STRICT;

CREATE TABLE admins (
  name          TEXT PRIMARY KEY CHECK (name <> ''),
  role          TEXT NOT NULL CHECK (role IN ('owner', 'operator', 'cashier', 'viewer')),
  password_hash TEXT NOT NULL,                             -- argon2id, PHC form
  created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- API tokens and browser sessions, by the SHA-256 of their secret: whoever reads the store cannot use them.
CREATE TABLE tokens (
  hash       BLOB PRIMARY KEY CHECK (length(hash) = 32),
  admin      TEXT NOT NULL REFERENCES admins ON DELETE CASCADE,
  role       TEXT NOT NULL CHECK (role IN ('owner', 'operator', 'cashier', 'viewer')),
  kind       TEXT NOT NULL CHECK (kind IN ('token', 'session')),
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT, WITHOUT ROWID;
