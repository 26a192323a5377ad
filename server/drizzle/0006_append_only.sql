-- What is recorded is only ever added to: no row is updated or deleted and no table truncated, whoever asks and with whatever
-- tool. Standings, which count, and compiled tables, which can be compiled again, are not among them.
CREATE OR REPLACE FUNCTION refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is never truncated: it holds what never changes', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
--> statement-breakpoint
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a row of % is never changed: rows are only added', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
--> statement-breakpoint
DO $$
DECLARE kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['submissions', 'verdicts', 'voids', 'executors', 'quarantines', 'releases', 'notices', 'events'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept || '_unchanged', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', kept, kept || '_unchanged');
  END LOOP;
  FOREACH kept IN ARRAY ARRAY['submissions', 'partials', 'verdicts', 'voids', 'executors', 'quarantines', 'releases', 'notices', 'events'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate()', kept || '_not_truncated', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', kept, kept || '_not_truncated');
  END LOOP;
END
$$;
--> statement-breakpoint
-- Partials are what takes the space: of a job that has ended they may be deleted, which a retention will do one day.
CREATE FUNCTION refuse_partial_of_unfinished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM jobs WHERE id = OLD.job_id AND finished_at_ms IS NULL) THEN
    RAISE EXCEPTION 'a partial of job % is not deleted before its end', OLD.job_id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN OLD;
END
$$;
--> statement-breakpoint
CREATE TRIGGER partials_unchanged BEFORE UPDATE ON "partials" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
ALTER TABLE "partials" ENABLE ALWAYS TRIGGER partials_unchanged;
--> statement-breakpoint
CREATE TRIGGER partials_kept BEFORE DELETE ON "partials" FOR EACH ROW EXECUTE FUNCTION refuse_partial_of_unfinished();
--> statement-breakpoint
ALTER TABLE "partials" ENABLE ALWAYS TRIGGER partials_kept;
--> statement-breakpoint
-- A job that has ended takes no further answers. Once for each statement, and of what it really added: a group of writes that
-- is repeated after the end adds nothing. The lock waits for an end that is being written, and an end waits for it.
CREATE FUNCTION refuse_after_end() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  job record;
  touched text;
BEGIN
  FOR touched IN SELECT DISTINCT job_id FROM added ORDER BY job_id LOOP
    SELECT state, finished_at_ms INTO job FROM jobs WHERE id = touched FOR SHARE;
    IF job.finished_at_ms IS NOT NULL THEN
      RAISE EXCEPTION 'job % has ended as % and takes no further %', touched, job.state, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END LOOP;
  RETURN NULL;
END
$$;
--> statement-breakpoint
DO $$
DECLARE answered text;
BEGIN
  FOREACH answered IN ARRAY ARRAY['submissions', 'partials', 'verdicts', 'voids'] LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_after_end()', answered || '_before_end', answered);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', answered, answered || '_before_end');
  END LOOP;
END
$$;
