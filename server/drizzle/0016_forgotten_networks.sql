CREATE TABLE "forgotten_networks" (
	"job_id" text PRIMARY KEY NOT NULL,
	"at_ms" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "forgotten_networks" ADD CONSTRAINT "forgotten_networks_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- The network that an answer came from is a volunteer's own. Of a job that has ended a number may stand in its place, once;
-- everything else of the row stays what it was.
CREATE FUNCTION refuse_submission_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.network NOT LIKE 'forgotten %' AND NEW.network ~ '^forgotten [0-9]+$'
    AND to_jsonb(NEW) - 'network' = to_jsonb(OLD) - 'network'
    AND EXISTS (SELECT 1 FROM jobs WHERE id = OLD.job_id AND finished_at_ms IS NOT NULL)
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a row of % is never changed: rows are only added', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
--> statement-breakpoint
DROP TRIGGER submissions_unchanged ON "submissions";
--> statement-breakpoint
CREATE TRIGGER submissions_unchanged BEFORE UPDATE OR DELETE ON "submissions" FOR EACH ROW EXECUTE FUNCTION refuse_submission_change();
--> statement-breakpoint
ALTER TABLE "submissions" ENABLE ALWAYS TRIGGER submissions_unchanged;
--> statement-breakpoint
CREATE TRIGGER forgotten_networks_unchanged BEFORE UPDATE OR DELETE ON "forgotten_networks" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
ALTER TABLE "forgotten_networks" ENABLE ALWAYS TRIGGER forgotten_networks_unchanged;
--> statement-breakpoint
CREATE TRIGGER forgotten_networks_not_truncated BEFORE TRUNCATE ON "forgotten_networks" FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint
ALTER TABLE "forgotten_networks" ENABLE ALWAYS TRIGGER forgotten_networks_not_truncated;
