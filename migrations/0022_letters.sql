-- Where owners of mailboxes are written to when somebody leaves a message. An extension without a row is not
-- written to.
CREATE TABLE voicemail_mail (
    mailbox_id uuid NOT NULL PRIMARY KEY REFERENCES extension (id) ON DELETE CASCADE,
    domain_id uuid NOT NULL,
    address text NOT NULL,
    -- Whether the letter brings the sound, or only tells of the message.
    has_sound boolean NOT NULL,
    -- Whether a message that was sent is not kept in the mailbox, if nobody has heard it there.
    deletes_sent boolean NOT NULL
);

-- Letters that wait to be sent, one a message; what they say is taken from the message when they are. Added
-- in one step with the message's becoming new; gone with the message, and when its owner is not written to any
-- more.
CREATE TABLE voicemail_letter (
    message_id uuid NOT NULL PRIMARY KEY REFERENCES voicemail_message (id) ON DELETE CASCADE,
    mailbox_id uuid NOT NULL REFERENCES voicemail_mail (mailbox_id) ON DELETE CASCADE,
    -- How often it was tried.
    tries bigint NOT NULL,
    -- When it is tried again, in ms since 1970; 0 for at once.
    next_at bigint NOT NULL
);

CREATE INDEX voicemail_letter_by_next ON voicemail_letter (next_at);
CREATE INDEX voicemail_letter_by_mailbox ON voicemail_letter (mailbox_id);
