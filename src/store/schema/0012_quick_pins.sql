-- A short PIN of an admin, good only on a browser on which that admin logged in with the password a while ago.
ALTER TABLE admins ADD COLUMN quick_pin_hash TEXT;                -- argon2id, PHC form; NULL is none
