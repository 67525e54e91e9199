-- Numbers and log-in names are compared by a normal form, whatever was typed.

-- International form (E.164) of `phone`. NULL beside a phone: it cannot be read as a number, or an older user has the
-- same number, which earlier versions allowed where it was written in another way.
ALTER TABLE users ADD COLUMN phone_e164 TEXT CHECK (phone_e164 <> '');
-- `login` in small letters. NULL beside a log-in name: an older user has the same but for its capitals.
ALTER TABLE users ADD COLUMN login_key TEXT CHECK (login_key <> '');

-- A number and a log-in name belong to one living user.
DROP INDEX users_phone;
DROP INDEX users_login;
CREATE UNIQUE INDEX users_phone ON users (phone_e164) WHERE deleted_at IS NULL AND phone_e164 IS NOT NULL;
CREATE UNIQUE INDEX users_login ON users (login_key) WHERE deleted_at IS NULL AND login_key IS NOT NULL;
-- The few without a normal form are still found by what was typed.
CREATE INDEX users_phone_typed ON users (phone) WHERE phone_e164 IS NULL AND phone IS NOT NULL;
CREATE INDEX users_login_typed ON users (login) WHERE login_key IS NULL AND login IS NOT NULL;
