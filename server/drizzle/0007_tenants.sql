-- Projects have limits, keys have names, scopes and an end, and there are pools with tokens for their agents.
CREATE TABLE "node_tokens" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"pool" text,
	"trusted" boolean NOT NULL,
	"hash" text NOT NULL,
	"prefix" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint,
	"revoked_at_ms" bigint,
	CONSTRAINT "node_tokens_hash" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "pools" (
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	CONSTRAINT "pools_once" PRIMARY KEY("project_id","name")
);
--> statement-breakpoint
DROP INDEX "api_keys_project";--> statement-breakpoint
-- Keys of before could do everything that there was; projects of before had no limits but the server's.
ALTER TABLE "api_keys" ADD COLUMN "name" text DEFAULT 'first key' NOT NULL;--> statement-breakpoint
ALTER TABLE "api_keys" ALTER COLUMN "name" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "scopes" text DEFAULT '*' NOT NULL;--> statement-breakpoint
ALTER TABLE "api_keys" ALTER COLUMN "scopes" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "expires_at_ms" bigint;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "last_used_at_ms" bigint;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "created_at_ms" bigint DEFAULT (extract(epoch from now()) * 1000)::bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "projects" ALTER COLUMN "created_at_ms" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "limits" text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "projects" ALTER COLUMN "limits" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "node_tokens" ADD CONSTRAINT "node_tokens_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "node_tokens" ADD CONSTRAINT "node_tokens_pool" FOREIGN KEY ("project_id","pool") REFERENCES "public"."pools"("project_id","name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pools" ADD CONSTRAINT "pools_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "node_tokens_project" ON "node_tokens" USING btree ("project_id","id");--> statement-breakpoint
CREATE INDEX "api_keys_project" ON "api_keys" USING btree ("project_id","id");
--> statement-breakpoint
-- A key or token is what it was made: it is never deleted, its revocation is added once and never taken back, and a key's
-- last use moves forward only.
CREATE FUNCTION refuse_credential_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  may_change text[] := ARRAY['revoked_at_ms', 'last_used_at_ms'];
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a row of % is never deleted: it is revoked', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF to_jsonb(OLD) - may_change IS DISTINCT FROM to_jsonb(NEW) - may_change THEN
    RAISE EXCEPTION 'a row of % changes by its revocation alone', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD.revoked_at_ms IS NOT NULL AND NEW.revoked_at_ms IS DISTINCT FROM OLD.revoked_at_ms THEN
    RAISE EXCEPTION 'a revocation in % is never taken back', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF (to_jsonb(NEW) ->> 'last_used_at_ms')::bigint < (to_jsonb(OLD) ->> 'last_used_at_ms')::bigint THEN
    RAISE EXCEPTION 'the last use in % never moves back', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE TRIGGER api_keys_unchanged BEFORE UPDATE OR DELETE ON "api_keys" FOR EACH ROW EXECUTE FUNCTION refuse_credential_change();
--> statement-breakpoint
ALTER TABLE "api_keys" ENABLE ALWAYS TRIGGER api_keys_unchanged;
--> statement-breakpoint
CREATE TRIGGER node_tokens_unchanged BEFORE UPDATE OR DELETE ON "node_tokens" FOR EACH ROW EXECUTE FUNCTION refuse_credential_change();
--> statement-breakpoint
ALTER TABLE "node_tokens" ENABLE ALWAYS TRIGGER node_tokens_unchanged;
--> statement-breakpoint
CREATE TRIGGER pools_unchanged BEFORE UPDATE OR DELETE ON "pools" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
ALTER TABLE "pools" ENABLE ALWAYS TRIGGER pools_unchanged;
--> statement-breakpoint
DO $$
DECLARE kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['projects', 'api_keys', 'node_tokens', 'pools'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate()', kept || '_not_truncated', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', kept, kept || '_not_truncated');
  END LOOP;
END
$$;
