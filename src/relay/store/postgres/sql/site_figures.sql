-- Figures of the sites $1 in their order; money since $2. Orders that wait and money of the day are few among many and have
-- an index each, whose conditions are repeated word for word. Kept apart from the list of sites, so that nobody thinks of
-- reading every order of a site instead.
WITH waiting AS MATERIALIZED (
  SELECT site, count(*) FILTER (WHERE state <> 'review') AS open_orders,
    count(*) FILTER (WHERE state = 'review') AS reviews
  FROM orders WHERE state IN ('created', 'pending', 'challenge', 'review') GROUP BY site
), money AS MATERIALIZED (
  SELECT site, count(*) FILTER (WHERE effect = 'credit') AS paid,
    sum(amount_rp) FILTER (WHERE effect = 'credit') AS paid_rp,
    sum(amount_rp) FILTER (WHERE effect = 'reverse') AS returned_rp
  FROM feed WHERE effect IN ('credit', 'reverse') AND told_at >= $2 GROUP BY site
)
SELECT name, coalesce(open_orders, 0) AS open_orders, coalesce(reviews, 0) AS reviews, coalesce(paid, 0) AS paid,
  coalesce(paid_rp, 0)::bigint AS paid_rp, coalesce(returned_rp, 0)::bigint AS returned_rp,
  coalesce(last_seq, 0) AS last_seq
FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, place)
  LEFT JOIN waiting ON waiting.site = name LEFT JOIN money ON money.site = name LEFT JOIN feeds ON feeds.site = name
ORDER BY place
