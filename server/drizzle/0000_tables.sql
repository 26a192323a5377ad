CREATE TABLE "api_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"hash" text NOT NULL,
	"prefix" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"revoked_at_ms" bigint,
	CONSTRAINT "api_keys_hash" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"client_job_id" text,
	"request_digest" text NOT NULL,
	"request" text NOT NULL,
	"root_seed" text NOT NULL,
	"contract_digest" text NOT NULL,
	"kernel_digest" text NOT NULL,
	"sampling_key" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"deadline_at_ms" bigint NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"plan_digest" text,
	"started_at_ms" bigint,
	"finished_at_ms" bigint,
	"answer" text,
	"problem" text,
	CONSTRAINT "jobs_client_job_id" UNIQUE("project_id","client_job_id"),
	CONSTRAINT "jobs_state" CHECK (case state
        when 'QUEUED' then finished_at_ms is null
        when 'RUNNING' then finished_at_ms is null
        when 'VERIFYING' then finished_at_ms is null
        when 'COMPLETED' then finished_at_ms is not null and answer is not null and problem is null
        when 'FAILED' then finished_at_ms is not null and answer is null and problem is not null
        when 'CANCELLED' then finished_at_ms is not null and answer is null and problem is not null
        else false end)
);
--> statement-breakpoint
CREATE TABLE "partials" (
	"job_id" text NOT NULL,
	"shard" integer NOT NULL,
	"digest" text NOT NULL,
	"bytes" "bytea" NOT NULL,
	CONSTRAINT "partials_once" PRIMARY KEY("job_id","shard","digest")
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "quarantines" (
	"identity" text PRIMARY KEY NOT NULL,
	"reason" text NOT NULL,
	"at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "submissions" (
	"job_id" text NOT NULL,
	"shard" integer NOT NULL,
	"executor" text NOT NULL,
	"role" text NOT NULL,
	"engine" text NOT NULL,
	"trusted" boolean NOT NULL,
	"network" text NOT NULL,
	"digest" text NOT NULL,
	CONSTRAINT "submissions_once" PRIMARY KEY("job_id","shard","executor")
);
--> statement-breakpoint
CREATE TABLE "tables" (
	"key" text PRIMARY KEY NOT NULL,
	"digest" text NOT NULL,
	"words" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "verdicts" (
	"job_id" text NOT NULL,
	"shard" integer NOT NULL,
	"digest" text NOT NULL,
	"confirmations" integer NOT NULL,
	"trusted" boolean NOT NULL,
	CONSTRAINT "verdicts_once" PRIMARY KEY("job_id","shard")
);
--> statement-breakpoint
CREATE TABLE "voids" (
	"job_id" text NOT NULL,
	"shard" integer NOT NULL,
	"executor" text NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "voids_once" PRIMARY KEY("job_id","shard","executor")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "partials" ADD CONSTRAINT "partials_job" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "submissions" ADD CONSTRAINT "submissions_job" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "verdicts" ADD CONSTRAINT "verdicts_job" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "voids" ADD CONSTRAINT "voids_job" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_keys_project" ON "api_keys" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "jobs_unfinished" ON "jobs" USING btree ("created_at_ms") WHERE finished_at_ms is null;--> statement-breakpoint
CREATE INDEX "tables_digest" ON "tables" USING btree ("digest");