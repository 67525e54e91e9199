-- The newest number of each site whose feed may have changed since the look that answered $1, and what the next look is
-- to ask with: every transaction below that number is over and was seen here. With it the name of the directory's content.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS seen,
  coalesce((SELECT value FROM meta WHERE key = 'directory'), '') AS directory, feeds.site, feeds.last_seq
FROM (SELECT) AS one LEFT JOIN feeds ON feeds.changed_xid >= $1::text::xid8
