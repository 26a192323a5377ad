CREATE TABLE "noticed" (
	"identity" text NOT NULL,
	"number" integer NOT NULL,
	CONSTRAINT "noticed_once" PRIMARY KEY("identity","number")
);
--> statement-breakpoint
ALTER TABLE "noticed" ADD CONSTRAINT "noticed_quarantine" FOREIGN KEY ("identity","number") REFERENCES "public"."quarantines"("identity","number") ON DELETE no action ON UPDATE no action;