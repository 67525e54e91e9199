-- A drawer that nobody has closed for years is summed from its index alone.
DROP INDEX cash_moves_by_closing;
CREATE INDEX cash_moves_by_closing ON cash_moves (closing_no, cashier, method, kind, amount_rp, receipt_no);

-- So is the income of a year. Without its last column SQLite looks every order up, to see that it has a receipt.
DROP INDEX orders_by_paid;
CREATE INDEX orders_by_paid ON orders (paid_at, method, cashier, amount_rp, refunded_rp, receipt_no) WHERE receipt_no IS NOT NULL;
