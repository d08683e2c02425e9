-- Version 7: an operation that is repeated, because its answer was lost, is done once and answers as the first time.

-- The number that porterd gave to the attempt; 0: of a version before.
ALTER TABLE undecided_tries ADD COLUMN attempt_id INTEGER NOT NULL DEFAULT 0;

CREATE INDEX undecided_tries_by_attempt ON undecided_tries (attempt_id);

-- The account's previous login and its failed tries since, as they were when the session was opened: shown to its client.
ALTER TABLE sessions ADD COLUMN before_at INTEGER;                          -- NULL: none, or opened before version 7
ALTER TABLE sessions ADD COLUMN before_address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN before_failed INTEGER NOT NULL DEFAULT 0;
