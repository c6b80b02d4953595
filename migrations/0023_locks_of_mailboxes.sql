-- Wrong PINs that were entered for a mailbox since the last right one: too many lock it for a while, whether
-- or not the server was started again meanwhile.
CREATE TABLE mailbox_lock (
    mailbox_id uuid NOT NULL PRIMARY KEY REFERENCES extension (id) ON DELETE CASCADE,
    wrong_pins bigint NOT NULL,
    -- When the last of them was entered, in ms since 1970.
    last_at bigint NOT NULL
);
