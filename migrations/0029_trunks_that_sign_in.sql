-- What a trunk that calls us signs its requests with, whatever address they come from; NULL for one that is known by
-- its addresses alone. The password is kept like that of login_user.
ALTER TABLE trunk ADD COLUMN inbound_user text;
ALTER TABLE trunk ADD COLUMN inbound_password text;
