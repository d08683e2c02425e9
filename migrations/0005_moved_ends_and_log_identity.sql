-- Version 5: a session whose end is moved into the past ends, and a write-ahead log says to which file it belongs.

-- So that UPDATE sessions SET expires_at = ... is heard of as DELETE is. An end that is moved, but not into the past, is
-- seen by porterd within a minute after it has come.
CREATE TRIGGER session_end_moved AFTER UPDATE OF expires_at ON sessions
WHEN NEW.expires_at <= unixepoch()
BEGIN
    DELETE FROM sessions WHERE id = NEW.id;
END;

-- One row. porterd writes it anew with the first thing that it writes into an empty log: so what the file alone says of
-- `current` is either of the two that the log says, or the log belongs to another file, and porterd does not start.
CREATE TABLE log_identity (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    current  INTEGER NOT NULL,  -- random
    previous INTEGER NOT NULL
) STRICT;

INSERT INTO log_identity (id, current, previous) VALUES (1, random(), 0);
