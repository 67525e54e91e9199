-- When a customer was last reminded of what is owed, and by whom. The audit has every reminder; this is the last of each.
CREATE TABLE reminders (
  user_no INTEGER PRIMARY KEY REFERENCES users,
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL
) STRICT;
