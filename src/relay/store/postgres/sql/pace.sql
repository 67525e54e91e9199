-- Takes one question of merchant $1, of which one comes back every $2 seconds and $3 are there at most; wait_s is the time
-- to wait where none is left, and then nothing is taken. A row far in the future, from a clock that was set back, is one
-- that is empty.
WITH at AS (SELECT extract(epoch FROM clock_timestamp())::double precision AS s, $2::double precision AS each,
  $3::double precision AS burst),
taken AS (
  INSERT INTO rate_limits AS limits (merchant, full_at) SELECT $1, s + each FROM at
  ON CONFLICT (merchant) DO UPDATE
    SET full_at = greatest(
      least(limits.full_at, excluded.full_at + $2 * ($3 - 1)), excluded.full_at - $2) + $2
    WHERE least(limits.full_at, excluded.full_at + $2 * ($3 - 1)) <= excluded.full_at + $2 * ($3 - 2)
  RETURNING full_at)
SELECT CASE WHEN EXISTS (SELECT FROM taken) THEN 0.0
  ELSE greatest(each / 8, (SELECT least(limits.full_at, s + each * burst) FROM rate_limits AS limits
    WHERE merchant = $1) + each - each * burst - s) END::double precision AS wait_s
FROM at
