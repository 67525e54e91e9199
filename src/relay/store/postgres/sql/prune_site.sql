-- Drops the beginning of a site's feed, up to the first item that must stay, and keeps the names of what is dropped.
WITH kept AS (
  SELECT coalesce(
    (SELECT min(seq) FROM feed JOIN orders ON orders.site = feed.site AND orders.id = feed.order_id
     WHERE feed.site = $1 AND (told_at >= $2 OR ask_at IS NOT NULL
       OR orders.state IN ('created', 'pending', 'challenge'))),
    (SELECT last_seq + 1 FROM feeds WHERE site = $1)) AS seq
), dropped AS (
  DELETE FROM feed USING kept WHERE feed.site = $1 AND feed.seq < kept.seq RETURNING feed.event_id
), named AS (
  INSERT INTO told (site, event_id) SELECT $1, event_id FROM dropped
), bounded AS (
  UPDATE feeds SET pruned_seq = greatest(pruned_seq, kept.seq - 1) FROM kept WHERE feeds.site = $1
)
SELECT count(*) AS dropped FROM dropped
