ALTER TABLE "pools" ADD COLUMN "retired_at_ms" bigint;--> statement-breakpoint
-- A pool is deleted by a mark, since its ended tokens name it for ever, and made anew by taking the mark away. Nothing else of
-- its row changes.
DROP TRIGGER pools_unchanged ON "pools";
--> statement-breakpoint
CREATE FUNCTION refuse_pool_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  may_change text[] := ARRAY['retired_at_ms'];
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a row of % is never deleted: it is marked', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD.retired_at_ms IS NOT NULL AND NEW.retired_at_ms IS NULL THEN
    may_change := may_change || 'created_at_ms'::text;
  ELSIF OLD.retired_at_ms IS NOT NULL THEN
    may_change := ARRAY[]::text[];
  END IF;
  IF to_jsonb(OLD) - may_change IS DISTINCT FROM to_jsonb(NEW) - may_change THEN
    RAISE EXCEPTION 'a row of % is never changed: it is deleted by a mark, and made anew', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE TRIGGER pools_unchanged BEFORE UPDATE OR DELETE ON "pools" FOR EACH ROW EXECUTE FUNCTION refuse_pool_change();
--> statement-breakpoint
ALTER TABLE "pools" ENABLE ALWAYS TRIGGER pools_unchanged;
