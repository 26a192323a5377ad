CREATE TABLE "request_buckets" (
	"project_id" text PRIMARY KEY NOT NULL,
	"level" bigint NOT NULL,
	"at_ms" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "request_buckets" ADD CONSTRAINT "request_buckets_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;