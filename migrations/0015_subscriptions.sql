-- Subscriptions to events (RFC 6665), so that another process goes on with them. Texts of peers need
-- not be UTF-8 and are bytea.
CREATE TABLE subscription (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    -- Number of the extension that is watched, and the event package.
    watched text NOT NULL,
    package text NOT NULL,
    -- Number of the extension that watches.
    subscriber text NOT NULL,
    -- The id of the Event header.
    event_id bytea,
    expires_at bigint NOT NULL,
    -- The dialog, RFC 3261 section 12: From and To of our requests as written, Route rows one a line,
    -- the Request-URI where a strict router wants to be it, the remote target.
    call_id bytea NOT NULL,
    local_tag text NOT NULL,
    remote_tag bytea NOT NULL,
    local_value bytea NOT NULL,
    remote_value bytea NOT NULL,
    routes bytea NOT NULL,
    strict_route bytea,
    target bytea NOT NULL,
    -- Where requests go.
    transport text NOT NULL,
    hop_host bytea NOT NULL,
    hop_port bigint NOT NULL,
    local_address text,
    -- The greatest CSeq number that one of our requests may have had: the next process goes on above.
    cseq_reserved bigint NOT NULL,
    remote_cseq bigint
);

CREATE INDEX subscription_by_domain ON subscription (domain_id, watched);
