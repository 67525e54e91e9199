-- What a commit of readings writes is one narrow row for each device. The rows that it used to rewrite are in *_base now,
-- and views with their former names add the meters, for every reader.
ALTER TABLE accounts RENAME TO accounts_base;
ALTER TABLE counters RENAME TO counters_base;
ALTER TABLE usage_hours RENAME TO usage_hours_base;

-- What a device moved since the rows of its user in *_base were written. Nothing but traffic is kept here, of one hour:
-- meta.meters_hour. Anything else adds it to those rows first and deletes it here, in the same transaction.
CREATE TABLE meters (
  user_no          INTEGER NOT NULL REFERENCES users,
  device_no        INTEGER NOT NULL REFERENCES devices,
  -- Usage of the hour, beside the bytes of its row in usage_hours_base, which is there first.
  moved_bytes      INTEGER NOT NULL CHECK (moved_bytes >= 0),
  unenforced_bytes INTEGER NOT NULL CHECK (unenforced_bytes >= 0 AND unenforced_bytes <= moved_bytes),
  -- The part that was not debited: of an unlimited plan, or beyond a limit. Only its sum over a user's devices counts.
  undebited_bytes  INTEGER NOT NULL CHECK (undebited_bytes >= 0),
  -- The device's only counter is at counters_base.bytes + moved_bytes + this: it differs from 0 where that row was written
  -- since, or moved bytes that are nobody's usage. For a device with several counters it is -moved_bytes.
  offset_bytes     INTEGER NOT NULL,
  PRIMARY KEY (user_no, device_no)
) STRICT, WITHOUT ROWID;

CREATE VIEW accounts AS
SELECT user_no, credits_bytes,
  debits_bytes + ifnull((SELECT sum(moved_bytes - undebited_bytes) FROM meters m WHERE m.user_no = a.user_no), 0)
    AS debits_bytes,
  open_bytes + ifnull((SELECT sum(moved_bytes - undebited_bytes) FROM meters m WHERE m.user_no = a.user_no), 0)
    AS open_bytes,
  used_bytes + ifnull((SELECT sum(moved_bytes - undebited_bytes) FROM meters m WHERE m.user_no = a.user_no), 0)
    AS used_bytes,
  tank_bytes
FROM accounts_base a;

CREATE VIEW counters AS
SELECT device_no, row, started_s, slack_s, uptime_s,
  bytes + ifnull((SELECT moved_bytes + offset_bytes FROM devices d JOIN meters m USING (user_no, device_no)
                  WHERE d.device_no = c.device_no), 0) AS bytes,
  counts
FROM counters_base c;

-- The meters are looked up for the rows of their hour alone: a report reads many others.
CREATE VIEW usage_hours AS
SELECT hour, user_no, device_no,
  CASE hour WHEN (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'meters_hour')
    THEN bytes + ifnull((SELECT moved_bytes FROM meters m
                         WHERE m.user_no = h.user_no AND m.device_no = h.device_no), 0)
    ELSE bytes END AS bytes,
  CASE hour WHEN (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'meters_hour')
    THEN unenforced_bytes + ifnull((SELECT m.unenforced_bytes FROM meters m
                                    WHERE m.user_no = h.user_no AND m.device_no = h.device_no), 0)
    ELSE unenforced_bytes END AS unenforced_bytes
FROM usage_hours_base h;
