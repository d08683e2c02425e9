-- Version 7: an operation that is repeated, because its answer was lost, is done once and answers as the first time.

-- The number that porterd gave to the attempt; 0: of a version before.
ALTER TABLE undecided_tries ADD COLUMN attempt_id INTEGER NOT NULL DEFAULT 0;

CREATE INDEX undecided_tries_by_attempt ON undecided_tries (attempt_id);
