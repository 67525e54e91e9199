-- When each site was seen last, what its agent reported, and whether it is silent. Written in batches from the memories
-- of all processes, of which the newest counts, so it lags some seconds. Nothing about money rests on it. It has no
-- index but its key, so that an update stays within its page; the table is as short as the list of sites.
CREATE TABLE site_presence (
  site           text COLLATE "C" PRIMARY KEY,
  last_seen_at   bigint NOT NULL,
  -- The newest report, as JSON that the relay wrote; when it came, and how far the agent's clock was ahead then.
  report         text,
  report_at      bigint,
  clock_ahead_ms bigint,
  -- The last call before the site became silent. NULL: it is not.
  silent_since   bigint,
  CHECK ((report IS NULL) = (report_at IS NULL))
) WITH (fillfactor = 50);
