-- Text messages (RFC 3428) that no device of their recipient has yet. The id is a UUID v7 of when they
-- came: the order in which they are delivered.
CREATE TABLE text_message (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    -- Numbers of extensions.
    recipient text NOT NULL,
    sender text NOT NULL,
    sent_at bigint NOT NULL,
    content_type bytea NOT NULL,
    body bytea NOT NULL
);

CREATE INDEX text_message_by_recipient ON text_message (domain_id, recipient, id);
