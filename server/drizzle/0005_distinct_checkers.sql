-- A checker sits in another network than all who answered its shard before it, where its row says that this is the rule;
-- whose answer is void does not count, for nothing rests on it. The same row again is let through: `on conflict do nothing`
-- runs this first, and a group of writes may be repeated. Rows of one statement see those before them.
CREATE FUNCTION refuse_near_checker() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Two checks of one shard at the same time would not see each other: the second waits here for the end of the first.
  PERFORM 1 FROM submissions WHERE job_id = NEW.job_id AND shard = NEW.shard ORDER BY executor FOR NO KEY UPDATE;
  IF EXISTS (
    SELECT 1 FROM submissions
    WHERE job_id = NEW.job_id AND shard = NEW.shard AND executor = NEW.executor
  ) THEN
    RETURN NEW;
  END IF;
  IF EXISTS (
    SELECT 1 FROM submissions AS other
    WHERE other.job_id = NEW.job_id AND other.shard = NEW.shard AND other.network = NEW.network
      AND NOT EXISTS (
        SELECT 1 FROM voids
        WHERE voids.job_id = other.job_id AND voids.shard = other.shard AND voids.executor = other.executor
      )
  ) THEN
    RAISE EXCEPTION 'shard % of job % was answered from the network of its checker before', NEW.shard, NEW.job_id
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'submissions_distinct';
  END IF;
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE TRIGGER submissions_distinct BEFORE INSERT ON "submissions" FOR EACH ROW
  WHEN (NEW.role = 'check' AND NEW.distinct_network) EXECUTE FUNCTION refuse_near_checker();
--> statement-breakpoint
ALTER TABLE "submissions" ENABLE ALWAYS TRIGGER submissions_distinct;
--> statement-breakpoint
-- Jobs of before have a chain too, so that none is ever without one. The text that is digested is the canonical JSON of
-- the event; ids and digests need no escapes in it.
INSERT INTO "events" ("job_id", "number", "at_ms", "type", "data", "previous", "hash")
  SELECT id, 0, now_ms, 'adopted', data, NULL, encode(sha256('forge-pool/event.v1'::bytea || '\x00'::bytea || convert_to(
    '{"at_ms":' || now_ms || ',"data":' || data || ',"job_id":"' || id || '","number":0,"previous":null,"type":"adopted"}',
    'UTF8')), 'hex')
  FROM (
    SELECT id, floor(extract(epoch FROM now()) * 1000)::bigint AS now_ms, '{' || CASE WHEN answer IS NULL THEN '' ELSE
      '"answer":"' || encode(sha256('forge-pool/answer.v1'::bytea || '\x00'::bytea || convert_to(answer, 'UTF8')), 'hex') ||
      '",' END || '"contractDigest":"' || contract_digest || '","kernelDigest":"' || kernel_digest ||
      '","requestDigest":"' || request_digest || '","state":"' || state || '"}' AS data
    FROM "jobs"
  ) AS found;
--> statement-breakpoint
INSERT INTO "executors" ("executor", "job_id")
  SELECT DISTINCT submissions.executor, submissions.job_id
  FROM "submissions" JOIN "jobs" ON jobs.id = submissions.job_id AND jobs.state = 'COMPLETED';
