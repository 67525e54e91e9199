-- Marks sites that were seen last at or before $2. Of processes that do this at once one gets each site: the row is
-- locked, and looked at again once the lock is had.
UPDATE site_presence SET silent_since = site_presence.last_seen_at
FROM (
  SELECT site FROM site_presence
  WHERE site = ANY($1::text[]) AND silent_since IS NULL AND last_seen_at <= $2
  ORDER BY site FOR UPDATE
) AS quiet
WHERE site_presence.site = quiet.site
RETURNING site_presence.site, site_presence.silent_since
