-- What whoever sits at a line wants to become of calls to it: nobody is to disturb, or calls go to another
-- number (always, while busy, when nobody answers, while no device is there); NULL for not.
ALTER TABLE extension ADD COLUMN do_not_disturb boolean NOT NULL DEFAULT false;
ALTER TABLE extension ADD COLUMN forward_all text;
ALTER TABLE extension ADD COLUMN forward_busy text;
ALTER TABLE extension ADD COLUMN forward_no_answer text;
ALTER TABLE extension ADD COLUMN forward_offline text;
