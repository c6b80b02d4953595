-- A link to a carrier that administrators made; those of the configuration file are not here.
CREATE TABLE trunk (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    -- Dialplans of all domains call it by that.
    name text NOT NULL UNIQUE,
    -- HOST:PORT/udp or HOST:PORT/tcp
    destination text NOT NULL,
    -- Addresses, one a line.
    sources text NOT NULL,
    -- NULL for any.
    source_port bigint,
    is_enabled boolean NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL
);
CREATE INDEX trunk_by_domain ON trunk (domain_id);
