-- Version 5: a session whose expires_at is set to the past ends.
--
-- UPDATE sessions SET expires_at = ... is then reported like a DELETE. When it is set to the future, porterd ends the
-- session within a second after that time.
CREATE TRIGGER session_end_moved AFTER UPDATE OF expires_at ON sessions
WHEN NEW.expires_at <= unixepoch()
BEGIN
    DELETE FROM sessions WHERE id = NEW.id;
END;
