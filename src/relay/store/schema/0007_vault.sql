-- Encrypted copies of sites, which the relay cannot read.
CREATE TABLE vault (
  site    TEXT NOT NULL,
  name    TEXT NOT NULL,
  -- The site's own number of the content: an older content never replaces a newer one.
  seq     INTEGER NOT NULL CHECK (seq >= 0),
  bytes   INTEGER NOT NULL CHECK (bytes = length(content)),
  sha256  BLOB NOT NULL CHECK (length(sha256) = 32),
  put_at  INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (site, name)
) STRICT;

-- The hash of the token in a site's recovery kit. It reads the vault and does nothing else.
CREATE TABLE recovery_tokens (
  site         TEXT PRIMARY KEY,
  token_sha256 BLOB NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
  set_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
