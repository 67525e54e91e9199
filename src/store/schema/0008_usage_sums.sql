-- Usage of everybody together by local day, and of each user by month, in the commit that ends a day: a report over a
-- year reads a few thousand rows instead of a million.
CREATE TABLE usage_sums (
  day   INTEGER PRIMARY KEY,                               -- days since 1970-01-01 in the site's zone
  bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;

CREATE TABLE usage_months (
  month   INTEGER NOT NULL,                                -- months since the year 0 in the site's zone
  user_no INTEGER NOT NULL REFERENCES users,
  bytes   INTEGER NOT NULL CHECK (bytes >= 0),
  PRIMARY KEY (month, user_no)
) STRICT, WITHOUT ROWID;

INSERT INTO usage_sums (day, bytes) SELECT day, sum(bytes) FROM usage_totals GROUP BY day;

INSERT INTO usage_months (month, user_no, bytes)
SELECT 12 * CAST(strftime('%Y', day * 86400, 'unixepoch') AS INTEGER)
    + CAST(strftime('%m', day * 86400, 'unixepoch') AS INTEGER) - 1 AS month, user_no, sum(bytes)
FROM usage_totals GROUP BY month, user_no;
