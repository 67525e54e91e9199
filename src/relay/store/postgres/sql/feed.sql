-- A page of a site's feed and its newest number, of one moment. A site without a page has one row whose seq is NULL.
SELECT feeds.last_seq, page.*
FROM feeds LEFT JOIN LATERAL (
  SELECT seq, event_id, effect, feed.state, flags, feed.amount_rp, refunded_rp, told_at, feed.paid_at, orders.id,
    request_id, memo, method
  FROM feed JOIN orders ON orders.site = feed.site AND orders.id = feed.order_id
  WHERE feed.site = feeds.site AND seq > $2
  ORDER BY seq LIMIT $3
) AS page ON true
WHERE feeds.site = $1
ORDER BY page.seq
