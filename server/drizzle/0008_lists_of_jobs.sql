-- What a job computes is a column that follows from its request, so that lists can be filtered by it. Adding it writes each row
-- anew, ended ones too, which no trigger sees.
ALTER TABLE "jobs" ADD COLUMN "op" text GENERATED ALWAYS AS ((regexp_match(request, '"op":[{]("kernel_digest":"[0-9a-f]*",)?"name":"([^"]*)","profile":"([^"]*)","version":([0-9]+)[}]'))[2] || '/' || (regexp_match(request, '"op":[{]("kernel_digest":"[0-9a-f]*",)?"name":"([^"]*)","profile":"([^"]*)","version":([0-9]+)[}]'))[4] || '/' || (regexp_match(request, '"op":[{]("kernel_digest":"[0-9a-f]*",)?"name":"([^"]*)","profile":"([^"]*)","version":([0-9]+)[}]'))[3]) STORED;--> statement-breakpoint
CREATE INDEX "jobs_of_project" ON "jobs" USING btree ("project_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "jobs_of_state" ON "jobs" USING btree ("project_id","state","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "jobs_of_op" ON "jobs" USING btree ("project_id","op","created_at_ms","id");