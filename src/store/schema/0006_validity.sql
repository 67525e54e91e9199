-- Every change of a user's expiry and plan, in order: their fold is users.expires_at, waiting_days and unlimited. An
-- order that goes back is marked as undone, and the fold without its steps is what they become. Steps are only ever
-- added. orders.expiry_before, expiry_set and plan are of the versions before, and are neither read nor written.
CREATE TABLE validity (
  step_no   INTEGER PRIMARY KEY,
  user_no   INTEGER NOT NULL REFERENCES users,
  -- days: given at `at`, waiting for a trusted clock where it is NULL. began: all days that waited, at `at`. expiry:
  -- set to `at`, NULL is never. plan: unlimited or not. undone: no step of the order counts.
  change    TEXT NOT NULL CHECK (change IN ('days', 'began', 'expiry', 'plan', 'undone')),
  at        INTEGER,
  days      INTEGER CHECK (days >= 0),
  rule      TEXT CHECK (rule IN ('reset_from_now', 'extend')),
  unlimited INTEGER CHECK (unlimited IN (0, 1)),
  order_id  TEXT,                                          -- the order that was paid or undone
  CHECK ((change = 'days') = (days IS NOT NULL) AND (change IN ('days', 'began')) = (rule IS NOT NULL)
    AND (change = 'plan') = (unlimited IS NOT NULL) AND (change <> 'began' OR at IS NOT NULL)
    AND (change <> 'undone' OR order_id IS NOT NULL))
) STRICT;

CREATE INDEX validity_by_user ON validity (user_no, step_no);

-- Usage of all devices of a user by local day, in the commit that ends the day: reports over months read these.
CREATE TABLE usage_totals (
  day              INTEGER NOT NULL,                       -- days since 1970-01-01 in the site's zone
  user_no          INTEGER NOT NULL REFERENCES users,
  bytes            INTEGER NOT NULL CHECK (bytes >= 0),
  unenforced_bytes INTEGER NOT NULL CHECK (unenforced_bytes >= 0 AND unenforced_bytes <= bytes),
  PRIMARY KEY (day, user_no)
) STRICT, WITHOUT ROWID;

INSERT INTO usage_totals (day, user_no, bytes, unenforced_bytes)
SELECT day, user_no, sum(bytes), sum(unenforced_bytes) FROM usage_days GROUP BY day, user_no;

-- What was entered while nobody could say what day it was, until the clock is trusted: then it gets its date.
CREATE TABLE undated (
  undated_no INTEGER PRIMARY KEY,
  -- debt_date, due_date: of the debt with that id. order: its times, and those of its cash. closing: of the drawer.
  what       TEXT NOT NULL CHECK (what IN ('debt_date', 'due_date', 'order', 'closing')),
  id         TEXT NOT NULL,
  said       INTEGER NOT NULL,                             -- what the wall clock said
  boot_id    TEXT NOT NULL,                                -- when it was, in time since that boot
  uptime_ms  INTEGER NOT NULL
) STRICT;
