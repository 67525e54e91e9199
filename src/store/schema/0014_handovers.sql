-- Hotspot users of the router that became customers, and customers that became hotspot users. A row is written together with
-- the change of the customer, before the router is changed, so that what was interrupted can be finished.
CREATE TABLE handovers (
  handover_no INTEGER PRIMARY KEY,
  user_no     INTEGER NOT NULL REFERENCES users,
  name        TEXT NOT NULL,                          -- the hotspot user's
  server      TEXT NOT NULL,                          -- the hotspot server it is for; 'all' is every one
  state       TEXT NOT NULL CHECK (state IN ('taking', 'taken', 'returning', 'returned', 'leaving', 'left')),
  event       TEXT NOT NULL,                          -- event of the entries that brought the quota
  used_bytes  INTEGER NOT NULL CHECK (used_bytes >= 0), -- what the router had counted when it was taken over
  expires_at  INTEGER,                                -- end of the days that were taken over
  at          INTEGER NOT NULL                        -- when it was taken over
) STRICT;
