-- Merchants and sites that are kept here instead of in the configuration's file. The single value `directory` of meta is
-- random and changes with every change of these tables, so that a relay notices.

-- An account at the gateway.
CREATE TABLE merchant_entries (
  merchant       TEXT PRIMARY KEY CHECK (merchant <> ''),
  environment    TEXT NOT NULL CHECK (environment IN ('sandbox', 'production')),
  account        TEXT CHECK (account <> ''),               -- the gateway's id of it, where its owner wrote one
  fee_imposition INTEGER NOT NULL CHECK (fee_imposition IN (0, 1)),
  core_url       TEXT CHECK (core_url <> ''),
  snap_url       TEXT CHECK (snap_url <> ''),
  created_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Its server keys, encrypted with a key that is not in the database. Calls are made with the one of the highest number;
-- those before are accepted in signatures.
CREATE TABLE merchant_keys (
  merchant   TEXT NOT NULL REFERENCES merchant_entries (merchant),
  key_no     INTEGER NOT NULL CHECK (key_no > 0),
  sealed     BLOB NOT NULL CHECK (length(sealed) > 0),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (merchant, key_no)
) STRICT, WITHOUT ROWID;

-- A hotspot whose customers pay into an account, of these tables or of the configuration's file. A removed one keeps its
-- row: its name is in orders and feed, which another hotspot must never read.
CREATE TABLE site_entries (
  site         TEXT PRIMARY KEY CHECK (site <> ''),
  merchant     TEXT NOT NULL,
  token_sha256 BLOB UNIQUE CHECK (length(token_sha256) = 32),
  state        TEXT NOT NULL CHECK (state IN ('enabled', 'disabled', 'removed')),
  created_at   INTEGER NOT NULL,
  changed_at   INTEGER NOT NULL,
  CHECK ((state = 'removed') = (token_sha256 IS NULL))
) STRICT, WITHOUT ROWID;
