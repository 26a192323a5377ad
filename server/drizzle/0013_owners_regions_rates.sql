CREATE TABLE "request_buckets" (
	"project_id" text PRIMARY KEY NOT NULL,
	"level" bigint NOT NULL,
	"at_ms" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "node_tokens" ADD COLUMN "region" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "owner" text;--> statement-breakpoint
ALTER TABLE "request_buckets" ADD CONSTRAINT "request_buckets_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- A checker belongs to somebody else than all who answered its shard before it, and sits in another network where its row
-- says that this is the rule; whose answer is void does not count, for nothing rests on it. The same row again is let
-- through: `on conflict do nothing` runs this first, and a group of writes may be repeated.
CREATE OR REPLACE FUNCTION refuse_near_checker() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  near text;
BEGIN
  -- Two checks of one shard at the same time would not see each other: the second waits here for the end of the first.
  PERFORM 1 FROM submissions WHERE job_id = NEW.job_id AND shard = NEW.shard ORDER BY executor FOR NO KEY UPDATE;
  IF EXISTS (
    SELECT 1 FROM submissions
    WHERE job_id = NEW.job_id AND shard = NEW.shard AND executor = NEW.executor
  ) THEN
    RETURN NEW;
  END IF;
  SELECT CASE WHEN other.owner = NEW.owner THEN 'by the owner' ELSE 'from the network' END INTO near
    FROM submissions AS other
    WHERE other.job_id = NEW.job_id AND other.shard = NEW.shard
      AND (other.owner = NEW.owner OR (NEW.distinct_network AND other.network = NEW.network))
      AND NOT EXISTS (
        SELECT 1 FROM voids
        WHERE voids.job_id = other.job_id AND voids.shard = other.shard AND voids.executor = other.executor
      )
    LIMIT 1;
  IF near IS NOT NULL THEN
    RAISE EXCEPTION 'shard % of job % was answered % of its checker before', NEW.shard, NEW.job_id, near
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'submissions_distinct';
  END IF;
  RETURN NEW;
END
$$;
--> statement-breakpoint
DROP TRIGGER submissions_distinct ON "submissions";
--> statement-breakpoint
CREATE TRIGGER submissions_distinct BEFORE INSERT ON "submissions" FOR EACH ROW
  WHEN (NEW.role = 'check' AND (NEW.distinct_network OR NEW.owner IS NOT NULL)) EXECUTE FUNCTION refuse_near_checker();
--> statement-breakpoint
ALTER TABLE "submissions" ENABLE ALWAYS TRIGGER submissions_distinct;
