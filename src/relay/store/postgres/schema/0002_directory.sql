-- Merchants and sites that are kept here instead of in the configuration's file. The single value `directory` of meta is
-- random and changes with every change of these tables, so that every relay notices.

-- An account at the gateway.
CREATE TABLE merchant_entries (
  merchant       text COLLATE "C" PRIMARY KEY CHECK (merchant <> ''),
  environment    text NOT NULL CHECK (environment IN ('sandbox', 'production')),
  account        text CHECK (account <> ''),               -- the gateway's id of it, where its owner wrote one
  fee_imposition boolean NOT NULL,
  core_url       text CHECK (core_url <> ''),
  snap_url       text CHECK (snap_url <> ''),
  created_at     bigint NOT NULL
);

-- Its server keys, encrypted with a key that is not in the database. Calls are made with the one of the highest number;
-- those before are accepted in signatures.
CREATE TABLE merchant_keys (
  merchant   text COLLATE "C" NOT NULL REFERENCES merchant_entries (merchant),
  key_no     bigint NOT NULL CHECK (key_no > 0),
  sealed     bytea NOT NULL CHECK (length(sealed) > 0),
  created_at bigint NOT NULL,
  PRIMARY KEY (merchant, key_no)
);

-- A hotspot whose customers pay into an account, of these tables or of the configuration's file. A removed one keeps its
-- row: its name is in orders and feed, which another hotspot must never read.
CREATE TABLE site_entries (
  site         text COLLATE "C" PRIMARY KEY CHECK (site <> ''),
  merchant     text COLLATE "C" NOT NULL,
  token_sha256 bytea UNIQUE CHECK (length(token_sha256) = 32),
  state        text NOT NULL CHECK (state IN ('enabled', 'disabled', 'removed')),
  created_at   bigint NOT NULL,
  changed_at   bigint NOT NULL,
  CHECK ((state = 'removed') = (token_sha256 IS NULL))
);

-- When the questions to the gateway about each merchant's orders are all allowed again, in seconds since 1970 of the
-- server's clock: all relays together ask no more often than the gateway likes. Not logged: after a crash it begins empty.
CREATE UNLOGGED TABLE rate_limits (
  merchant text COLLATE "C" PRIMARY KEY,
  full_at  double precision NOT NULL
) WITH (fillfactor = 50);
