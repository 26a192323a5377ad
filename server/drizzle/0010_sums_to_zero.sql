-- A transaction of the ledger sums to zero, whoever writes it: looked at after each statement, by the entries that it added,
-- so all entries of a transaction come in one statement or in several that balance each by itself. A deferred check at the
-- commit would be run once for each entry, and add up a job of a thousand agents a thousand times.
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  unbalanced record;
BEGIN
  SELECT transaction_id, sum(micro_credits) AS total INTO unbalanced FROM added
    GROUP BY transaction_id HAVING sum(micro_credits) <> 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the entries of transaction % sum to %, not to zero', unbalanced.transaction_id, unbalanced.total
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER ledger_entries_balanced AFTER INSERT ON "ledger_entries" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced();
--> statement-breakpoint
ALTER TABLE "ledger_entries" ENABLE ALWAYS TRIGGER ledger_entries_balanced;
--> statement-breakpoint
DO $$
DECLARE kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['ledger_transactions', 'ledger_entries', 'signing_periods', 'seals', 'receipt_log', 'retentions'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept || '_unchanged', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', kept, kept || '_unchanged');
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate()', kept || '_not_truncated', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', kept, kept || '_not_truncated');
  END LOOP;
END
$$;
--> statement-breakpoint
-- What had ended before anything was signed waits for its signature like all that ends from now on.
INSERT INTO "unsealed" ("job_id", "kind", "number", "at_ms")
  SELECT id, 'receipt', 0, finished_at_ms FROM "jobs" WHERE finished_at_ms IS NOT NULL
  UNION ALL SELECT job_id, 'notice', number, at_ms FROM "notices";
