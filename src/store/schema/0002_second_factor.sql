-- Admins' second factor: one-time codes by the clock (RFC 6238). Unlike a password, the secret must be kept as it is,
-- because every check computes with it. Whoever has a copy of the store can make the codes, but no password.

-- Base32, as authenticators take it; NULL: the admin logs in with the password alone.
ALTER TABLE admins ADD COLUMN totp_secret TEXT CHECK (totp_secret <> '');
-- Given out and not yet confirmed by a code, so nothing is asked of its admin for it.
ALTER TABLE admins ADD COLUMN totp_pending TEXT CHECK (totp_pending <> '');
-- The last step of 30 s since 1970-01-01 UTC of which a code was accepted: each is good once, and none before it.
ALTER TABLE admins ADD COLUMN totp_step INTEGER;
