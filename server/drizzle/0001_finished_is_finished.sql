-- Finished is finished: a job in an ended state is never updated, deleted or truncated, whoever asks and with whatever
-- tool. ENABLE ALWAYS holds for replication sessions too.
CREATE FUNCTION refuse_ended_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state IN ('COMPLETED', 'FAILED', 'CANCELLED') THEN
    RAISE EXCEPTION 'job % has ended as % and is never changed', OLD.id, OLD.state USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE FUNCTION refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is never truncated: it holds ended jobs', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
--> statement-breakpoint
CREATE TRIGGER jobs_finished BEFORE UPDATE OR DELETE ON "jobs" FOR EACH ROW EXECUTE FUNCTION refuse_ended_job();
--> statement-breakpoint
ALTER TABLE "jobs" ENABLE ALWAYS TRIGGER jobs_finished;
--> statement-breakpoint
CREATE TRIGGER jobs_not_truncated BEFORE TRUNCATE ON "jobs" FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint
ALTER TABLE "jobs" ENABLE ALWAYS TRIGGER jobs_not_truncated;
