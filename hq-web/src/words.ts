// Every sentence of HQ, a file a view in words/. Nothing else in hq-web says anything to a person; names that the API has stay
// as they are.
import { agentWords } from './words/agents.ts'
import { auditWords } from './words/audit.ts'
import { billingWords } from './words/billing.ts'
import { formWords } from './words/form.ts'
import { frameWords } from './words/frame.ts'
import { jobWords } from './words/job.ts'
import { jobsWords } from './words/jobs.ts'
import { keyWords } from './words/keys.ts'
import { projectsWords } from './words/projects.ts'

export const words = {
  ...frameWords,
  projects: projectsWords,
  jobs: jobsWords,
  keys: keyWords,
  billing: billingWords,
  job: jobWords,
  form: formWords,
  agents: agentWords,
  audit: auditWords,
} as const
