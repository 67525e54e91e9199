-- Writes an order down, unless its request or id is taken or its site gave the request up. Notifications that came before
-- it become due.
WITH opened AS (
  INSERT INTO orders (site, id, merchant, request_id, request_hash, method, amount_rp, items, memo, return_url, state,
    standing, means, abandoned, created_at, expires_at, paid_at, asked, ask_at, version)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20
  WHERE NOT EXISTS (SELECT FROM abandoned WHERE site = $1 AND request_id = $4)
  ON CONFLICT DO NOTHING
  RETURNING id
), due AS (
  UPDATE inbox SET due_at = came_at FROM opened
  WHERE merchant = $3 AND order_id = opened.id AND decided_at IS NULL AND due_at IS NULL
)
SELECT EXISTS (SELECT FROM opened) AS is_new
