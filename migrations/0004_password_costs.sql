-- Version 4: what the stored password hashes cost, so that each check of a password can cost the same.
--
-- porterd computes a hash of each cost in password_costs for every check, of an unknown name as well: one hash of the
-- account's own cost would tell that there is such an account. After --hash-memory or --hash-ops was changed there are
-- several, and each login replaces a hash; a row goes with the last hash that has its cost.

-- What the hash of each account costs, as it states it: $argon2id$v=19$m=19456,t=2,p=1$ and 66 letters of salt and hash.
-- An account whose hash states nothing like that is not here. (Not generated columns: VACUUM INTO of SQLite before 3.46
-- fails on those.)
CREATE VIEW account_costs AS
SELECT id, name, memory_kib, passes
FROM (SELECT id,
             name,
             password_hash,
             CAST(substr(password_hash, 18) AS INTEGER)                                AS memory_kib,
             CAST(substr(password_hash, instr(password_hash, ',t=') + 3) AS INTEGER)   AS passes
      FROM accounts)
WHERE substr(password_hash, 1, length(password_hash) - 66)
      = '$argon2id$v=19$m=' || memory_kib || ',t=' || passes || ',p=1$';

-- Kept by the triggers below; a handful of rows.
CREATE TABLE password_costs (
    memory_kib INTEGER NOT NULL,
    passes     INTEGER NOT NULL,
    accounts   INTEGER NOT NULL,  -- that have a hash of this cost
    PRIMARY KEY (memory_kib, passes)
) STRICT, WITHOUT ROWID;

INSERT INTO password_costs (memory_kib, passes, accounts)
SELECT memory_kib, passes, count(*) FROM account_costs GROUP BY memory_kib, passes;

CREATE TRIGGER hash_added AFTER INSERT ON accounts
BEGIN
    INSERT INTO password_costs (memory_kib, passes, accounts)
    SELECT memory_kib, passes, 1 FROM account_costs WHERE id = NEW.id
    ON CONFLICT (memory_kib, passes) DO UPDATE SET accounts = accounts + 1;
END;

CREATE TRIGGER hash_removed BEFORE DELETE ON accounts
BEGIN
    UPDATE password_costs SET accounts = accounts - 1
    WHERE (memory_kib, passes) = (SELECT memory_kib, passes FROM account_costs WHERE id = OLD.id);
    DELETE FROM password_costs WHERE accounts <= 0;
END;

CREATE TRIGGER hash_to_be_replaced BEFORE UPDATE OF password_hash ON accounts
BEGIN
    UPDATE password_costs SET accounts = accounts - 1
    WHERE (memory_kib, passes) = (SELECT memory_kib, passes FROM account_costs WHERE id = OLD.id);
    DELETE FROM password_costs WHERE accounts <= 0;
END;

CREATE TRIGGER hash_replaced AFTER UPDATE OF password_hash ON accounts
BEGIN
    INSERT INTO password_costs (memory_kib, passes, accounts)
    SELECT memory_kib, passes, 1 FROM account_costs WHERE id = NEW.id
    ON CONFLICT (memory_kib, passes) DO UPDATE SET accounts = accounts + 1;
END;
