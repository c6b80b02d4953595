-- Whether a line is rung while it is in a call: whoever sits there may not want it.
ALTER TABLE extension ADD COLUMN call_waiting boolean NOT NULL DEFAULT true;
