-- Keeps a notification for process $7, once for each merchant and body. One about an order that is not known is kept only where $6 says
-- so, under the lock that opening the order takes too.
WITH known AS (
  SELECT FROM orders WHERE id = $2 AND merchant = $1
), kept AS (
  INSERT INTO inbox (merchant, order_id, body, hash, came_at, due_at, taker)
  SELECT $1, $2, $3::bytea, $4::bytea, $5::bigint, CASE WHEN EXISTS (SELECT FROM known) THEN $5::bigint END, $7::bigint
  WHERE $6 OR EXISTS (SELECT FROM known)
  ON CONFLICT (hash) DO NOTHING
  RETURNING inbox_no
)
SELECT EXISTS (SELECT FROM kept) AS is_kept, EXISTS (SELECT FROM known) AS is_known,
  (SELECT count(*) FROM inbox WHERE merchant = $1 AND order_id = $2) AS earlier
