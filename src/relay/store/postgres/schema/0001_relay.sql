-- The relay's schema on PostgreSQL. Conventions:
--   *_rp   whole rupiah, unsigned, so CHECKed against negatives
--   *_at   milliseconds since 1970-01-01 UTC
-- The site leads every key that can have it, so that sites may be spread over several databases later. Texts that name
-- something compare by their bytes. What others sent is bytea: it goes back, and is hashed, as it came.

-- Single values. `epoch` names this store; one that went back in time gets another, so that agents read the feed again
-- from its beginning. `checks` counts proofs that the database can be written.
CREATE TABLE meta (
  key   text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
);

-- What is learned about a merchant and must be the same after every start and in every process. The secret stands in
-- addresses that the gateway remembers for as long as a charge lives, so it never changes.
CREATE TABLE merchants (
  merchant    text COLLATE "C" PRIMARY KEY,
  secret      text CHECK (secret <> ''),
  merchant_id text CHECK (merchant_id <> '')
);

-- One row per attempt to pay, written before the gateway hears of it. What was ordered never changes; where it stands
-- does, and every change counts `version` up, so that a change made from an older reading is noticed.
CREATE TABLE orders (
  site         text COLLATE "C" NOT NULL,
  id           text COLLATE "C" NOT NULL CHECK (id <> ''),
  -- In the order of opening; only ever compared. A number from a sequence may be missing.
  opened_no    bigint GENERATED ALWAYS AS IDENTITY,
  merchant     text COLLATE "C" NOT NULL,
  request_id   text COLLATE "C" NOT NULL,
  request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
  method       text NOT NULL,
  amount_rp    bigint NOT NULL CHECK (amount_rp >= 0),
  items        text NOT NULL,
  memo         bytea,
  return_url   text,
  -- The state stands beside the standing that holds it too: indexes and counts look at it.
  state        text COLLATE "C" NOT NULL,
  standing     text NOT NULL,
  means        text NOT NULL,
  abandoned    boolean NOT NULL,
  created_at   bigint NOT NULL,
  expires_at   bigint NOT NULL,
  paid_at      bigint,
  asked        bigint NOT NULL CHECK (asked >= 0),
  ask_at       bigint,                                     -- NULL: nothing more is expected
  version      bigint NOT NULL CHECK (version >= 0),
  PRIMARY KEY (site, id),
  -- One request is one order, whatever is repeated.
  UNIQUE (site, request_id)
);

-- The gateway names an order without its site. Unique over all sites: names of feed events are made of it.
CREATE UNIQUE INDEX orders_by_id ON orders (id);
-- Whom to ask the gateway about next.
CREATE INDEX orders_due ON orders (ask_at) WHERE ask_at IS NOT NULL;
-- Orders that wait for a customer or a person: few among many, and counted at every look at the metrics.
CREATE INDEX orders_waiting ON orders (state) WHERE state IN ('created', 'pending', 'challenge', 'review');

-- Requests that a site gave up before they came. They will never be opened.
CREATE TABLE abandoned (
  site         text COLLATE "C" NOT NULL,
  request_id   text COLLATE "C" NOT NULL,
  abandoned_at bigint NOT NULL,
  PRIMARY KEY (site, request_id)
);

-- How far each site's feed is. Numbers come from here, under the lock of the site's row that is kept until the commit:
-- commits of one site therefore happen in the order of their numbers, and one that is rolled back leaves no gap. The feed
-- holds pruned_seq + 1 to last_seq.
--
-- `changed_xid` finds what changed since the last look, whoever changed it: transactions that end after a look have a
-- number of at least that look's pg_snapshot_xmin. It has no index, so that an update stays within its page; the table
-- is as short as the list of sites.
CREATE TABLE feeds (
  site        text COLLATE "C" PRIMARY KEY,
  last_seq    bigint NOT NULL CHECK (last_seq >= 0),
  pruned_seq  bigint NOT NULL DEFAULT 0 CHECK (pruned_seq BETWEEN 0 AND last_seq),
  changed_xid xid8 NOT NULL
) WITH (fillfactor = 50);

-- What each site is told, in its order. The state and flags are those of that moment; what never changes is taken from
-- the order.
CREATE TABLE feed (
  site        text COLLATE "C" NOT NULL,
  seq         bigint NOT NULL CHECK (seq > 0),
  event_id    text COLLATE "C" NOT NULL CHECK (event_id <> ''),
  order_id    text COLLATE "C" NOT NULL,
  effect      text NOT NULL CHECK (effect IN ('credit', 'reverse', 'status', 'review')),
  state       text NOT NULL,
  flags       text NOT NULL,
  amount_rp   bigint NOT NULL CHECK (amount_rp >= 0),
  refunded_rp bigint NOT NULL CHECK (refunded_rp >= 0),
  told_at     bigint NOT NULL,
  paid_at     bigint,
  PRIMARY KEY (site, seq),
  -- An event is told once.
  UNIQUE (site, event_id),
  FOREIGN KEY (site, order_id) REFERENCES orders (site, id)
);

-- Names of events whose rows were dropped: a name is used once, for good.
CREATE TABLE told (
  site     text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (site, event_id)
);

-- Notifications as they came. A decided one stays for a while: it is evidence, and it makes its repetition known. The
-- gateway names merchant and order; whose site that is, is known only once the order is.
CREATE TABLE inbox (
  inbox_no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  merchant   text COLLATE "C" NOT NULL,
  order_id   text COLLATE "C" NOT NULL,
  body       bytea NOT NULL,
  hash       bytea NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 over merchant and body
  came_at    bigint NOT NULL,
  attempts   bigint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  -- When to decide it. NULL: a stray, whose order is not known; opening the order sets it.
  due_at     bigint,
  decided_at bigint
) WITH (toast_tuple_target = 128);

-- Bodies lie apart from their rows: a decision or another try rewrites a row, and would its body.
ALTER TABLE inbox ALTER COLUMN body SET STORAGE EXTERNAL;

-- What is to be decided next, and what waits for its order. Both are empty most of the time.
CREATE INDEX inbox_due ON inbox (due_at) WHERE decided_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX inbox_strays ON inbox (merchant, order_id) WHERE decided_at IS NULL AND due_at IS NULL;
-- How many of an order there are: a bounded number is kept.
CREATE INDEX inbox_by_order ON inbox (merchant, order_id);
