-- Notes that the owner writes for a customer, who reads them on the portal. `note` stays the owner's own.
ALTER TABLE users ADD COLUMN customer_note TEXT;                  -- NULL is none
ALTER TABLE debts ADD COLUMN customer_note TEXT NOT NULL DEFAULT '';
