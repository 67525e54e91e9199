-- Stores a changed order, adds its events to the feed, and ends the notifications that led to it: one statement, so one
-- transaction and one round trip. Nothing happens unless the order is as old as it was read.
--
-- Names of events are looked up in the statement's snapshot. That is new enough: another transaction that tells the same
-- names changes the same order, and whoever read its version read it after that commit.
WITH changed AS (
  UPDATE orders
  SET state = $5, standing = $6, means = $7, abandoned = $8, expires_at = $9, paid_at = $10, asked = $11, ask_at = $12,
    version = version + 1
  WHERE site = $1 AND id = $2 AND merchant = $3 AND version = $4
  RETURNING site
), fresh AS (
  SELECT event_id, effect, amount_rp, refunded_rp, row_number() OVER (ORDER BY place) AS place
  FROM changed, unnest($13::text[], $14::text[], $15::bigint[], $16::bigint[])
    WITH ORDINALITY AS event (event_id, effect, amount_rp, refunded_rp, place)
  WHERE NOT EXISTS (SELECT FROM feed WHERE feed.site = $1 AND feed.event_id = event.event_id)
    AND NOT EXISTS (SELECT FROM told WHERE told.site = $1 AND told.event_id = event.event_id)
), numbered AS (
  -- Waits for other transactions of the site and reads what they committed, whatever the snapshot says.
  INSERT INTO feeds (site, last_seq, changed_xid)
  SELECT $1, count(*), pg_current_xact_id() FROM fresh HAVING count(*) > 0
  ON CONFLICT (site) DO UPDATE
    SET last_seq = feeds.last_seq + excluded.last_seq, changed_xid = excluded.changed_xid
  RETURNING last_seq
), added AS (
  INSERT INTO feed (site, seq, event_id, order_id, effect, state, flags, amount_rp, refunded_rp, told_at, paid_at)
  SELECT $1, last_seq - (SELECT count(*) FROM fresh) + place, event_id, $2, effect, $5, $17::text, amount_rp, refunded_rp,
    $18::bigint, $10
  FROM fresh, numbered
), decided AS (
  UPDATE inbox SET decided_at = $18
  WHERE inbox_no = ANY ($19::bigint[]) AND decided_at IS NULL AND EXISTS (SELECT FROM changed)
)
SELECT EXISTS (SELECT FROM changed) AS is_changed, (SELECT last_seq FROM numbered) AS newest
