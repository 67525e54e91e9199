-- When each site was seen last, what its agent reported, and whether it is silent. Written in batches from the memory of
-- the relay, so it lags some seconds. Nothing about money rests on it.
CREATE TABLE site_presence (
  site           TEXT PRIMARY KEY,
  last_seen_at   INTEGER NOT NULL,
  -- The newest report, as JSON that the relay wrote; when it came, and how far the agent's clock was ahead then.
  report         TEXT CHECK (report IS NULL OR json_valid(report)),
  report_at      INTEGER,
  clock_ahead_ms INTEGER,
  -- The last call before the site became silent. NULL: it is not.
  silent_since   INTEGER,
  CHECK ((report IS NULL) = (report_at IS NULL))
) STRICT, WITHOUT ROWID;
