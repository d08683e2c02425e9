-- Version 5: a session whose end is moved into the past ends.
--
-- So that UPDATE sessions SET expires_at = ... is heard of as DELETE is. An end that is moved, but not into the past, is
-- seen by porterd within a minute after it has come.
CREATE TRIGGER session_end_moved AFTER UPDATE OF expires_at ON sessions
WHEN NEW.expires_at <= unixepoch()
BEGIN
    DELETE FROM sessions WHERE id = NEW.id;
END;
