-- Devices that the router had by a binding of ours and the store did not, when this machine took the site over: bound after the
-- copy was made. Each keeps its access as it was until somebody binds or releases it. Whether they are still to be looked for
-- is the value orphans_due of meta.
CREATE TABLE orphans (
  mac      INTEGER PRIMARY KEY,
  owner    TEXT NOT NULL,                             -- what the binding's comment says after the tag
  list     TEXT NOT NULL CHECK (list IN ('active', 'fup', 'habis', 'expired', 'inactive', 'blocked')),
  binding  TEXT NOT NULL CHECK (binding IN ('regular', 'bypassed', 'blocked')),
  found_at INTEGER NOT NULL
) STRICT;
