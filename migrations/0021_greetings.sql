-- What owners of mailboxes have said for their callers to hear; the sound is in a file. The id is that of
-- the recording. No foreign key: an owner may still speak while its extension is removed.
CREATE TABLE voicemail_greeting (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL,
    -- The extension whose mailbox it is for.
    mailbox_id uuid NOT NULL,
    -- unavailable, busy, temporary, name; NULL while its owner has not decided yet
    kind text,
    started_at bigint NOT NULL,
    duration_ms bigint NOT NULL,
    bytes bigint NOT NULL,
    -- Of the file, lower-case hexadecimal.
    sha256 text NOT NULL,
    -- Below voicemail.dir, with / between the parts.
    file text NOT NULL
);

CREATE UNIQUE INDEX voicemail_greeting_by_kind ON voicemail_greeting (mailbox_id, kind);

-- The number of whoever forwarded the message; NULL for one that was left here. A message may also be
-- `deleted` now: its owner has deleted it, and may restore it until it leaves the mailbox.
ALTER TABLE voicemail_message ADD COLUMN forwarded_by text;
