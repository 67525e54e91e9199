-- How far the ledger was proved, and the sums at that entry: a start proves what was written since. Derived from the
-- other tables; without it a start proves the whole ledger. One row, written anew.
CREATE TABLE proofs (
  proof_no   INTEGER PRIMARY KEY CHECK (proof_no = 1),
  rules      INTEGER NOT NULL,                             -- version of what a proof checks: another one is not used
  seq        INTEGER NOT NULL CHECK (seq >= 0),            -- the last entry proved
  hash       BLOB NOT NULL CHECK (length(hash) = 32),      -- and its link
  order_no   INTEGER NOT NULL CHECK (order_no >= 0),       -- the last order, receipt and closing proved
  receipt_no INTEGER NOT NULL CHECK (receipt_no >= 0),
  closing_no INTEGER NOT NULL CHECK (closing_no >= 0),
  sums       BLOB NOT NULL,                                -- of each user, and of each debt item that is not paid
  digest     BLOB NOT NULL CHECK (length(digest) = 32)     -- SHA-256 of the other columns
) STRICT;

-- Read at every start, and by each proof of what was written since: few of many.
CREATE INDEX debts_open ON debts (status) WHERE status = 'open';
