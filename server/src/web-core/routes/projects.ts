// /api/v0/projects: tenants, for the operator.
import { z } from 'zod'
import type { FieldError } from '@forge/shared/contract/problem.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { VERIFY_MODES } from '@forge/shared/contract/envelope.ts'
import { limitsChangeSchema, tenantNameSchema, type ProjectLimits } from '@forge/shared/contract/tenants.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import type { ProjectChange, ProjectRow } from '../../store/tenants.ts'
import { actorOf } from '../auth.ts'
import { knownProject, NO_PROJECT } from '../known-project.ts'
import { EXAMPLE } from '../examples.ts'
import { nextCursorSchema, pageOf, pageQuery } from '../paging.ts'
import { invalid, refuse, Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'
import { limitsOf, projectSchema, projectView, ulidSchema } from '../tenant-views.ts'

const answerSchema = z.strictObject({ ok: z.literal(true), project: projectSchema })
export const projectParams = z.strictObject({ id: ulidSchema.describe('of a project') })

export const projectsRoutes = [
  route({
    method: 'POST',
    path: '/api/v0/projects',
    scope: 'admin',
    tag: 'projects',
    operationId: 'createProject',
    summary: 'Make a project',
    description: 'A tenant: it owns its jobs, keys, pools and memory, and sees nothing else. Make it a key next.',
    body: z.strictObject({ name: tenantNameSchema, limits: limitsChangeSchema.optional() }),
    responses: { 201: { description: 'The new project.', schema: answerSchema, headers: { Location: 'of it' } } },
    problems: [],
    examples: [
      { summary: 'With the usual limits', body: { name: 'Actuarial' }, status: 201 },
      { summary: 'With less', body: { name: 'Trial', limits: { credits_total: 10, verify: ['full'] } }, status: 201 },
    ],
    async handle({ caller, body }, { store, clock, newUlid }) {
      const limits = canonicalJson(body.limits ?? {})
      const faults = faultsOfLimits(limitsOf({ limits }))
      if (faults.length > 0) return invalid(faults)
      const row: ProjectRow = { id: newUlid() as ProjectId, name: body.name, createdAtMs: clock(), limits }
      await store.insertProject(row, actorOf(caller))
      const headers = { Location: `/api/v0/projects/${row.id}` }
      return answered(201, { ok: true, project: projectView(row) }, headers)
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/projects',
    scope: 'admin',
    tag: 'projects',
    operationId: 'listProjects',
    summary: 'All projects',
    description: 'Newest first.',
    query: z.strictObject(pageQuery(ulidSchema)),
    responses: {
      200: {
        description: 'A page of them.',
        schema: z.strictObject({
          ok: z.literal(true),
          projects: z.array(projectSchema),
          next_cursor: nextCursorSchema,
        }),
      },
    },
    problems: [],
    examples: [
      { summary: 'The first page', status: 200 },
      { summary: 'Two of them', query: { limit: '2' }, status: 200 },
    ],
    async handle({ query }, { store }) {
      const rows = await store.projects({ after: query.cursor ?? null, limit: query.limit + 1 })
      const { items, next_cursor } = pageOf(rows, query.limit, ({ id }) => id)
      return answered(200, { ok: true, projects: items.map(projectView), next_cursor })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/projects/{id}',
    scope: 'admin',
    tag: 'projects',
    operationId: 'getProject',
    summary: 'One project',
    description: 'With its limits, the defaults filled in.',
    params: projectParams,
    missing: NO_PROJECT,
    responses: { 200: { description: 'The project.', schema: answerSchema } },
    problems: [],
    examples: [
      { summary: 'One', params: { id: EXAMPLE.project }, status: 200 },
      { summary: 'None', params: { id: EXAMPLE.unknown }, status: 404 },
    ],
    async handle({ params }, { store }) {
      const row = await knownProject(store, params.id)
      return row instanceof Refusal ? row : answered(200, { ok: true, project: projectView(row) })
    },
  }),
  route({
    method: 'PATCH',
    path: '/api/v0/projects/{id}',
    scope: 'admin',
    tag: 'projects',
    operationId: 'changeProject',
    summary: 'Change name or limits',
    description:
      'What is not named stays. `null` lifts a limit. It holds from the next job on, and for requests within a second.',
    params: projectParams,
    missing: NO_PROJECT,
    body: z.strictObject({ name: tenantNameSchema.optional(), limits: limitsChangeSchema.optional() }),
    responses: { 200: { description: 'The project after the change.', schema: answerSchema } },
    problems: [],
    examples: [
      {
        summary: 'Fewer jobs at once',
        params: { id: EXAMPLE.project },
        body: { limits: { concurrent_jobs: 3 } },
        status: 200,
      },
    ],
    async handle({ caller, params, body }, { store }) {
      let faults: FieldError[] = []
      const changeOf = (before: ProjectRow): ProjectChange => {
        const limits = body.limits && canonicalJson({ ...JSON.parse(before.limits), ...body.limits })
        faults = faultsOfLimits(limitsOf({ limits: limits ?? before.limits }))
        if (faults.length > 0) return {}
        return {
          ...(body.name === undefined ? {} : { name: body.name }),
          ...(limits === undefined ? {} : { limits }),
        }
      }
      const row = await store.updateProject(params.id as ProjectId, changeOf, actorOf(caller))
      if (row === null) return refuse('NOT_FOUND', NO_PROJECT)
      if (faults.length > 0) return invalid(faults)
      return answered(200, { ok: true, project: projectView(row) })
    },
  }),
]

/** Limits that no contract could be within are a mistake. */
function faultsOfLimits({ verify, verify_min, spotcheck_rate_min, spotcheck_rate_max }: ProjectLimits): FieldError[] {
  const faults: FieldError[] = []
  const least = VERIFY_MODES.indexOf(verify_min)
  if (!verify.some((mode) => VERIFY_MODES.indexOf(mode) >= least)) {
    faults.push({ path: 'limits.verify_min', message: `is more than any of limits.verify: ${verify.join(', ')}` })
  }
  if (spotcheck_rate_min !== null && spotcheck_rate_max !== null && spotcheck_rate_min > spotcheck_rate_max) {
    faults.push({
      path: 'limits.spotcheck_rate_min',
      message: `is more than spotcheck_rate_max, ${spotcheck_rate_max}`,
    })
  }
  return faults
}
