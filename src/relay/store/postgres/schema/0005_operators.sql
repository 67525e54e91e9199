-- People who may use the operator's console. Their one-time codes are mandatory: `totp_pending` waits for its first code, which
-- makes it `totp_secret`; `totp_step` is the step of the last code that was accepted, and none is accepted twice.
CREATE TABLE operators (
  name          text COLLATE "C" PRIMARY KEY CHECK (name <> ''),
  role          text NOT NULL CHECK (role IN ('viewer', 'operator', 'owner')),
  password_hash text NOT NULL CHECK (password_hash <> ''),
  totp_secret   text CHECK (totp_secret <> ''),
  totp_pending  text CHECK (totp_pending <> ''),
  totp_step     bigint,
  created_at    bigint NOT NULL,
  CHECK ((totp_secret IS NULL) = (totp_step IS NULL))
);

-- A name is one person's, however it is written.
CREATE UNIQUE INDEX operators_by_name ON operators (lower(name));

-- Log-ins that are in force. One that is not full has shown its password only and reaches nothing but the form for the code.
CREATE TABLE operator_sessions (
  sha256     bytea PRIMARY KEY CHECK (length(sha256) = 32),
  operator   text COLLATE "C" NOT NULL REFERENCES operators (name) ON DELETE CASCADE,
  is_full    boolean NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL
);

CREATE INDEX operator_sessions_of ON operator_sessions (operator);

-- Who changed what, when and from where, by the console or a command. Lines are only added.
CREATE TABLE operator_log (
  log_no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       bigint NOT NULL,
  operator text NOT NULL,
  source   text NOT NULL,
  action   text NOT NULL,
  target   text NOT NULL,
  detail   text NOT NULL
);

-- The number after which the site's agent asked for its feed last. NULL: it did not since this column is there.
ALTER TABLE site_presence ADD COLUMN feed_after bigint CHECK (feed_after >= 0);

-- A site's orders by time, for its page.
CREATE INDEX orders_of_site ON orders (site, created_at, opened_no);
-- Money by time, for sums of a day: they are read from this index alone.
CREATE INDEX feed_money ON feed (told_at) INCLUDE (site, effect, amount_rp) WHERE effect IN ('credit', 'reverse');
