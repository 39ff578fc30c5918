-- Made for CREATE EXTENSION; where that is not possible, see deploy/postgres/install-extension.

-- Is the row as it was last sealed? True; false when it is rightly not there; otherwise an error that says what was done to it.
CREATE FUNCTION hufu_seal_check(attached regclass, VARIADIC key text[]) RETURNS boolean
    LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'hufu_sql_check_key';
-- The same of a row that the statement has at hand: SELECT ... FROM t WHERE hufu_seal_check(t)
CREATE FUNCTION hufu_seal_check(attached record) RETURNS boolean
    LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'hufu_sql_check_row';
-- The name of what hufu_seal_check would say, or OK.
CREATE FUNCTION hufu_seal_verdict(attached regclass, VARIADIC key text[]) RETURNS text
    LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'hufu_sql_verdict_key';
CREATE FUNCTION hufu_seal_verdict(attached record) RETURNS text
    LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'hufu_sql_verdict_row';

-- Hand in what the core signed in this transaction; how many changes it announces.
CREATE FUNCTION hufu_seal_announce(announcement bytea) RETURNS integer
    LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'hufu_sql_announce';

-- Refuses each write that was not announced in its transaction, and each over a row that is wrong or frozen. Seals nothing.
CREATE FUNCTION hufu_seal_guard() RETURNS trigger
    LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'hufu_sql_guard';

-- Triggers of one name order run by name: this one comes after the table's own. The guard is ours wherever it lies, whatever
-- others call by its name: they can make no function in C.
CREATE FUNCTION hufu_seal_guard_table(attached regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE guard regproc;
BEGIN
    SELECT p.oid INTO STRICT guard FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE p.proname = 'hufu_seal_guard' AND l.lanname = 'c' LIMIT 1;
    EXECUTE format('CREATE TRIGGER zz_hufu_seal_guard BEFORE INSERT OR UPDATE OR DELETE ON %s '
        'FOR EACH ROW EXECUTE FUNCTION %s()', attached, guard);
    EXECUTE format('CREATE TRIGGER zz_hufu_seal_truncate BEFORE TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION %s()', attached, guard);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER zz_hufu_seal_guard, '
        'ENABLE ALWAYS TRIGGER zz_hufu_seal_truncate', attached);
END $$;
