CREATE TABLE "events" (
	"job_id" text NOT NULL,
	"number" integer NOT NULL,
	"at_ms" bigint NOT NULL,
	"type" text NOT NULL,
	"data" text NOT NULL,
	"previous" text,
	"hash" text NOT NULL,
	CONSTRAINT "events_once" PRIMARY KEY("job_id","number")
);
--> statement-breakpoint
CREATE TABLE "executors" (
	"executor" text NOT NULL,
	"job_id" text NOT NULL,
	CONSTRAINT "executors_once" PRIMARY KEY("executor","job_id")
);
--> statement-breakpoint
CREATE TABLE "notices" (
	"job_id" text NOT NULL,
	"number" integer NOT NULL,
	"kind" text NOT NULL,
	"identity" text NOT NULL,
	"at_ms" bigint NOT NULL,
	"detail" text NOT NULL,
	CONSTRAINT "notices_once" PRIMARY KEY("job_id","number"),
	CONSTRAINT "notices_identity" UNIQUE("job_id","kind","identity")
);
--> statement-breakpoint
CREATE TABLE "releases" (
	"identity" text NOT NULL,
	"number" integer NOT NULL,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "releases_once" PRIMARY KEY("identity","number")
);
--> statement-breakpoint
CREATE TABLE "standings" (
	"identity" text NOT NULL,
	"kernel" text NOT NULL,
	"engine" text NOT NULL,
	"valid" integer NOT NULL,
	CONSTRAINT "standings_once" PRIMARY KEY("identity","kernel","engine")
);
--> statement-breakpoint
-- What was there before: each identity was exposed once, and nobody was more than new here but the referee.
ALTER TABLE "quarantines" ADD COLUMN "number" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "quarantines" ALTER COLUMN "number" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "quarantines" DROP CONSTRAINT "quarantines_pkey";--> statement-breakpoint
ALTER TABLE "quarantines" ADD CONSTRAINT "quarantines_once" PRIMARY KEY("identity","number");--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "tier" text DEFAULT 'probation' NOT NULL;--> statement-breakpoint
UPDATE "submissions" SET "tier" = 'trusted' WHERE "trusted";--> statement-breakpoint
ALTER TABLE "submissions" ALTER COLUMN "tier" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "distinct_network" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "submissions" ALTER COLUMN "distinct_network" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_job" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "executors" ADD CONSTRAINT "executors_job" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notices" ADD CONSTRAINT "notices_job" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "releases" ADD CONSTRAINT "releases_quarantine" FOREIGN KEY ("identity","number") REFERENCES "public"."quarantines"("identity","number") ON DELETE no action ON UPDATE no action;