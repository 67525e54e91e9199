-- The machine that has a site, since another one took it over from the first. Calls of the others are refused.
CREATE TABLE site_instances (
  site       text COLLATE "C" PRIMARY KEY,
  -- Number and claim, as 3-0a1b2c3d.
  instance   text NOT NULL,
  -- Made by the site with a secret that the relay does not have; the site's other machines judge it.
  proof      bytea NOT NULL CHECK (length(proof) = 32),
  claimed_at bigint NOT NULL
);
