-- Version 4: the costs of the stored password hashes, so that every check of a password can cost the same.
--
-- For every check, also of an unknown name, porterd computes one hash of each cost in password_costs: a single hash of
-- the account's own cost would disclose that the account exists. After a change of --hash-memory or --hash-ops there
-- are several costs until each login has replaced its hash; a row is deleted with the last hash of its cost.

-- The cost stated in the hash of each account: $argon2id$v=19$m=19456,t=2,p=1$ and 66 letters of salt and hash. Without
-- accounts whose hash is of another form. (No generated columns: VACUUM INTO of SQLite before 3.46 fails on them.)
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

-- Maintained by the triggers below; few rows.
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
