// The parts of a request by the schemas of its route: path, query, body, in this order. Nothing is guessed: an unknown or
// repeated parameter is refused with its name and with what there is, and so is one that is no text.
import type { z } from 'zod'
import { CONTRACT_LIMITS } from '@forge/shared/contract/envelope.ts'
import type { FieldError } from '@forge/shared/contract/problem.ts'
import type { BodyPace } from '../body-chunks.ts'
import { hasNoBody, readJsonBody } from '../json-body.ts'
import { WEB_LIMITS } from '../limits.ts'
import { fieldErrors, invalid, parse, pathOf, refuse, Refusal } from '../refusal.ts'
import type { JsonValue } from '@forge/shared/exact/strict-json.ts'
import { encodingErrors } from './percent-encoding.ts'
import type { AnyInput, Route } from './route.ts'

export type ParsedInput = Omit<AnyInput, 'caller'>

export async function parseInput(
  declared: Route,
  params: Readonly<Record<string, string>>,
  request: Request,
  pace: BodyPace,
): Promise<ParsedInput | Refusal> {
  const malformed = encodingErrors(declared.path, request.url)
  if (malformed.length > 0) return invalid(malformed.slice(0, WEB_LIMITS.fieldErrorsMax))
  const path = declared.params?.safeParse(params)
  if (path?.success === false) {
    // Nothing can ever be there, so "not found" would send whoever chose it looking.
    if (declared.namesByCaller) return invalid(fieldErrors(path.error, ['path']))
    // Just what a name that fits and is nobody's is answered with.
    return refuse('NOT_FOUND', declared.missing ?? 'There is nothing of that name here.')
  }
  const query = parseQuery(declared.query, new URL(request.url).searchParams)
  if (query instanceof Refusal) return query
  const bytesMax = declared.scope === 'public' ? WEB_LIMITS.publicBodyBytesMax : CONTRACT_LIMITS.bodyBytesMax
  const body = await parseBody(declared.body, request, pace, bytesMax)
  if (body instanceof Refusal) return body
  return { params: path?.data, query, ...body, request }
}

function parseQuery(schema: z.ZodObject | null, sent: URLSearchParams): unknown {
  const names = Object.keys(schema?.shape ?? {})
  const errors: FieldError[] = []
  const values: Record<string, string> = {}
  for (const name of new Set(sent.keys())) {
    const path = pathOf(['query', name])
    const given = sent.getAll(name)
    const there = names.length === 0 ? 'this address takes none' : `there are: ${names.join(', ')}`
    if (!names.includes(name)) errors.push({ path, message: `there is no such parameter; ${there}` })
    else if (given.length > 1) errors.push({ path, message: 'this parameter is given more than once' })
    // The store's texts cannot hold it, and nothing that is there has it in its name.
    else if (given[0]?.includes('\0')) errors.push({ path, message: 'has a NUL character' })
    else values[name] = given[0] ?? ''
  }
  if (errors.length > 0) return invalid(errors.slice(0, WEB_LIMITS.fieldErrorsMax))
  const parsed = schema === null ? null : parse(schema, values)
  return parsed?.success === false ? invalid(fieldErrors(parsed.error, ['query'])) : parsed?.data
}

async function parseBody(
  schema: z.ZodType | null,
  request: Request,
  pace: BodyPace,
  bytesMax: number,
): Promise<{ readonly body: unknown; readonly sent: JsonValue } | Refusal> {
  if (schema === null) return { body: undefined, sent: null }
  const usual = hasNoBody(request) ? schema.safeParse(undefined) : null
  if (usual?.success === true) return { body: usual.data, sent: null }
  const sent = await readJsonBody(request, pace, bytesMax)
  if (sent instanceof Refusal) return sent
  const parsed = parse(schema, sent)
  return parsed.success ? { body: parsed.data, sent } : invalid(fieldErrors(parsed.error))
}
