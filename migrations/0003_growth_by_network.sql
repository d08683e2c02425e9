-- Version 3: limits how much the clients of one network make the database grow.

-- The registrations of the last hour, including pending ones, by network. porterd accepts
-- --max-registrations-per-address from a network and deletes rows older than an hour.
CREATE TABLE registrations (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    network       TEXT    NOT NULL,                  -- an IPv4 address or the /64 of an IPv6 address
    site          TEXT    NOT NULL,                  -- the same IPv4 address or the /48
    registered_at INTEGER NOT NULL
) STRICT;

CREATE INDEX registrations_by_network ON registrations (network, registered_at);
CREATE INDEX registrations_by_site ON registrations (site, registered_at);
CREATE INDEX registrations_by_time ON registrations (registered_at);

ALTER TABLE undecided_tries ADD COLUMN registration_id INTEGER NOT NULL DEFAULT 0;  -- in registrations; 0: none

-- The /64 and the /48 of an IPv6 address, to count the addresses of a network; '' for IPv4 addresses, and for IPv6
-- addresses at which no client was seen since version 2.
ALTER TABLE addresses ADD COLUMN network TEXT NOT NULL DEFAULT '';
ALTER TABLE addresses ADD COLUMN site TEXT NOT NULL DEFAULT '';

CREATE INDEX addresses_by_network ON addresses (network, last_seen_at) WHERE network <> '';
CREATE INDEX addresses_by_site ON addresses (site, last_seen_at) WHERE site <> '';
CREATE INDEX addresses_by_time ON addresses (last_seen_at);

-- The number of addresses, read whenever one is added.
CREATE TABLE address_count (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    addresses INTEGER NOT NULL
) STRICT;

INSERT INTO address_count (id, addresses) SELECT 1, count(*) FROM addresses;

CREATE TRIGGER address_added AFTER INSERT ON addresses
BEGIN
    UPDATE address_count SET addresses = addresses + 1;
END;

CREATE TRIGGER address_removed AFTER DELETE ON addresses
BEGIN
    UPDATE address_count SET addresses = addresses - 1;
END;

-- The networks with registrations in the last hour, those with most first.
CREATE VIEW registration_list AS
SELECT network,
       count(*)                                       AS registrations,
       datetime(min(registered_at), 'unixepoch')      AS first_registered_utc,
       datetime(max(registered_at), 'unixepoch')      AS last_registered_utc
FROM registrations
WHERE registered_at > unixepoch() - 3600
GROUP BY network
ORDER BY registrations DESC, network;
