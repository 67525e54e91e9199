-- Writes down when sites were seen and what they reported. The newest wins, whichever process wrote it, but a stored time
-- after $6 is one that a wrong clock wrote. In the order of their names, so that two processes do not wait for each other.
INSERT INTO site_presence AS stored (site, last_seen_at, report, report_at, clock_ahead_ms, feed_after)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $7::bigint[]) AS seen (site)
ORDER BY site
ON CONFLICT (site) DO UPDATE SET
  last_seen_at = CASE WHEN stored.last_seen_at > $6 THEN excluded.last_seen_at
    ELSE greatest(stored.last_seen_at, excluded.last_seen_at) END,
  feed_after = CASE WHEN stored.last_seen_at > $6 OR stored.last_seen_at <= excluded.last_seen_at
    THEN coalesce(excluded.feed_after, stored.feed_after) ELSE coalesce(stored.feed_after, excluded.feed_after) END,
  (report, report_at, clock_ahead_ms) = (
    SELECT newest.report, newest.report_at, newest.clock_ahead_ms
    FROM (VALUES (excluded.report, excluded.report_at, excluded.clock_ahead_ms),
      (stored.report, stored.report_at, stored.clock_ahead_ms)) AS newest (report, report_at, clock_ahead_ms)
    ORDER BY newest.report_at IS NULL, newest.report_at > $6, newest.report_at DESC LIMIT 1)
