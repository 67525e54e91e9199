-- Money of all sites from $1 until before $2, from the index of money alone: its condition is repeated word for word.
SELECT count(*) FILTER (WHERE effect = 'credit') AS paid,
  coalesce(sum(amount_rp) FILTER (WHERE effect = 'credit'), 0)::bigint AS paid_rp,
  coalesce(sum(amount_rp) FILTER (WHERE effect = 'reverse'), 0)::bigint AS returned_rp
FROM feed
WHERE effect IN ('credit', 'reverse') AND told_at >= $1 AND told_at < $2
