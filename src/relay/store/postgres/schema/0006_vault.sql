-- Encrypted copies of sites, which the relay cannot read.
CREATE TABLE vault (
  site    text COLLATE "C" NOT NULL,
  name    text COLLATE "C" NOT NULL,
  -- The site's own number of the content: an older content never replaces a newer one.
  seq     bigint NOT NULL CHECK (seq >= 0),
  bytes   bigint NOT NULL CHECK (bytes = length(content)),
  sha256  bytea NOT NULL CHECK (length(sha256) = 32),
  put_at  bigint NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (site, name)
);
-- What is encrypted does not get smaller.
ALTER TABLE vault ALTER COLUMN content SET STORAGE EXTERNAL;

-- The hash of the token in a site's recovery kit. It reads the vault and does nothing else.
CREATE TABLE recovery_tokens (
  site         text COLLATE "C" PRIMARY KEY,
  token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
  set_at       bigint NOT NULL
);
