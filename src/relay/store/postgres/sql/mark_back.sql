-- Unmarks silent sites that were seen after $2. Of processes that do this at once one gets each site: the row is locked,
-- and looked at again once the lock is had.
UPDATE site_presence SET silent_since = NULL
FROM (
  SELECT site, silent_since FROM site_presence
  WHERE site = ANY($1::text[]) AND silent_since IS NOT NULL AND last_seen_at > $2
  ORDER BY site FOR UPDATE
) AS silent
WHERE site_presence.site = silent.site
RETURNING silent.site, silent.silent_since
