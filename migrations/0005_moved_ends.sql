-- Version 5: a session whose end is moved into the past ends.
--
-- So that UPDATE sessions SET expires_at = ... is heard of as DELETE is. Of an end that is moved, but not into the past,
-- porterd hears within a second after it has come.
CREATE TRIGGER session_end_moved AFTER UPDATE OF expires_at ON sessions
WHEN NEW.expires_at <= unixepoch()
BEGIN
    DELETE FROM sessions WHERE id = NEW.id;
END;
