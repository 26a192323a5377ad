-- The memory surfaces: what a project keeps under names of its own, and how much of it. Names sort by their bytes on every
-- database, whatever its locale.
CREATE TABLE "blobs" (
	"project_id" text NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"object_id" text NOT NULL,
	"content_type" text NOT NULL,
	"version" bigint NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"updated_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint,
	CONSTRAINT "blobs_once" PRIMARY KEY("project_id","name")
);
--> statement-breakpoint
CREATE TABLE "job_references" (
	"job_id" text NOT NULL,
	"path" text NOT NULL,
	"kind" text NOT NULL,
	"ref" text NOT NULL,
	"digest" text NOT NULL,
	"object_id" text NOT NULL,
	CONSTRAINT "job_references_once" PRIMARY KEY("job_id","path")
);
--> statement-breakpoint
CREATE TABLE "kv_entries" (
	"project_id" text NOT NULL,
	"namespace" text COLLATE "C" NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"value" text NOT NULL,
	"bytes" integer NOT NULL,
	"version" bigint NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"updated_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint,
	CONSTRAINT "kv_entries_once" PRIMARY KEY("project_id","namespace","key")
);
--> statement-breakpoint
CREATE TABLE "memory_usage" (
	"project_id" text PRIMARY KEY NOT NULL,
	"last_version" bigint DEFAULT 0 NOT NULL,
	"kv_keys" bigint DEFAULT 0 NOT NULL,
	"kv_bytes" bigint DEFAULT 0 NOT NULL,
	"blobs" bigint DEFAULT 0 NOT NULL,
	"blob_bytes" bigint DEFAULT 0 NOT NULL,
	"vmem_arrays" bigint DEFAULT 0 NOT NULL,
	"vmem_bytes" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "object_removals" (
	"object_id" text PRIMARY KEY NOT NULL,
	"after_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "objects" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"kind" text NOT NULL,
	"bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"created_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "vmem_arrays" (
	"project_id" text NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"version" bigint NOT NULL,
	"object_id" text NOT NULL,
	"dtype" text NOT NULL,
	"shape" jsonb NOT NULL,
	"digest" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	CONSTRAINT "vmem_arrays_once" PRIMARY KEY("project_id","name","version")
);
--> statement-breakpoint
CREATE TABLE "vmem_names" (
	"project_id" text NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"last_version" bigint NOT NULL,
	CONSTRAINT "vmem_names_once" PRIMARY KEY("project_id","name")
);
--> statement-breakpoint
ALTER TABLE "blobs" ADD CONSTRAINT "blobs_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "blobs" ADD CONSTRAINT "blobs_object_id_objects_id_fk" FOREIGN KEY ("object_id") REFERENCES "public"."objects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "job_references" ADD CONSTRAINT "job_references_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "job_references" ADD CONSTRAINT "job_references_object_id_objects_id_fk" FOREIGN KEY ("object_id") REFERENCES "public"."objects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "kv_entries" ADD CONSTRAINT "kv_entries_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memory_usage" ADD CONSTRAINT "memory_usage_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "objects" ADD CONSTRAINT "objects_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vmem_arrays" ADD CONSTRAINT "vmem_arrays_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vmem_arrays" ADD CONSTRAINT "vmem_arrays_object_id_objects_id_fk" FOREIGN KEY ("object_id") REFERENCES "public"."objects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vmem_names" ADD CONSTRAINT "vmem_names_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "blobs_object" ON "blobs" USING btree ("object_id");--> statement-breakpoint
CREATE INDEX "blobs_expiry" ON "blobs" USING btree ("expires_at_ms") WHERE expires_at_ms is not null;--> statement-breakpoint
CREATE INDEX "job_references_object" ON "job_references" USING btree ("object_id");--> statement-breakpoint
CREATE INDEX "kv_entries_expiry" ON "kv_entries" USING btree ("expires_at_ms") WHERE expires_at_ms is not null;--> statement-breakpoint
CREATE INDEX "object_removals_after" ON "object_removals" USING btree ("after_ms");--> statement-breakpoint
CREATE INDEX "vmem_arrays_object" ON "vmem_arrays" USING btree ("object_id");
--> statement-breakpoint
-- What a job refers to is recorded with it, and stays.
CREATE TRIGGER job_references_unchanged BEFORE UPDATE OR DELETE ON "job_references" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
ALTER TABLE "job_references" ENABLE ALWAYS TRIGGER job_references_unchanged;
--> statement-breakpoint
CREATE TRIGGER job_references_not_truncated BEFORE TRUNCATE ON "job_references" FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint
ALTER TABLE "job_references" ENABLE ALWAYS TRIGGER job_references_not_truncated;
--> statement-breakpoint
-- An array that is sealed never changes; it can only be deleted.
CREATE TRIGGER vmem_arrays_unchanged BEFORE UPDATE ON "vmem_arrays" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
ALTER TABLE "vmem_arrays" ENABLE ALWAYS TRIGGER vmem_arrays_unchanged;
--> statement-breakpoint
CREATE TRIGGER objects_unchanged BEFORE UPDATE ON "objects" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
ALTER TABLE "objects" ENABLE ALWAYS TRIGGER objects_unchanged;
