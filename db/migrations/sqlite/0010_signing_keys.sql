-- Which keys of the signing service the servers of a shared ledger have: one row, the digest of their
-- list of keys. A server with other keys does not start.

CREATE TABLE signing_keys (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  digest TEXT NOT NULL
) STRICT;
