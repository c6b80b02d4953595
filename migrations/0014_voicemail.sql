-- Messages that callers left for an extension; the sound is in a file. The id is that of the recording,
-- a UUID v7 of its start. No foreign key: a caller may still speak while the extension is removed.
CREATE TABLE voicemail_message (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL,
    -- The extension whose mailbox it is in.
    mailbox_id uuid NOT NULL,
    -- Who left it: the number, and the name where it is known.
    caller text NOT NULL,
    caller_name text,
    started_at bigint NOT NULL,
    duration_ms bigint NOT NULL,
    bytes bigint NOT NULL,
    -- Of the file, lower-case hexadecimal.
    sha256 text NOT NULL,
    -- Below voicemail.dir, with / between the parts.
    file text NOT NULL,
    -- draft (its caller has not decided yet), new, saved
    state text NOT NULL,
    -- Whether the process died before its end.
    is_cut_off boolean NOT NULL
);

CREATE INDEX voicemail_message_by_mailbox ON voicemail_message (domain_id, mailbox_id, id);

-- Argon2id of the PIN of the extension's mailbox, PHC string; NULL for none.
ALTER TABLE extension ADD COLUMN mailbox_pin_hash text;
