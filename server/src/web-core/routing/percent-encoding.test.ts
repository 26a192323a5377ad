// What cannot be decoded names nothing: every route refuses it by the name of its parameter, and a % that is written as it
// should be is still a character like any other.
import { expect, test } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { ROUTES } from '../routes/all-routes.ts'
import { ADMIN, KEY, startTestApp } from '../test-app.ts'
import { namesInPath } from './check-routes.ts'
import { encodingErrors } from './percent-encoding.ts'
import { isProjects, type Route } from './route.ts'

/** A lone surrogate, no hexadecimal digits, none at all, half a character, bytes that UTF-8 has not, an overlong slash. */
const MALFORMED = ['p%ED%A0%80', 'a%zz', 'a%', '%E0%A4', '%ff', '%C0%AF']

const TEMPLATE = '/api/v0/kv/{namespace}/{key}'
const found = (rest: string) => encodingErrors(TEMPLATE, `http://host:1${rest}`).map(({ path }) => path)

test.each(MALFORMED)('%s is no text, wherever it stands', (text) => {
  expect(found(`/api/v0/kv/ns/${text}`)).toEqual(['path.key'])
  expect(found(`/api/v0/kv/${text}/${text}?prefix=${text}&x=1`)).toEqual(['path.namespace', 'path.key', 'query.prefix'])
  expect(found(`/api/v0/kv/ns/key?${text}=1`)).toEqual([`query.${text}`])
})

test.each(['p%25ED%25A0', 'a%2Fb', '%C3%A9', '%F0%9D%92%B3', '%EF%BF%BD', '%2e%2e', '%00', '100%25'])(
  '%s is a text',
  (text) => {
    expect(found(`/api/v0/kv/ns/${text}?prefix=${text}+x`)).toEqual([])
  },
)

test('every route refuses it', async () => {
  const t = startTestApp()
  const ask = async ({ method, scope }: Route, address: string) => {
    const headers = { authorization: `Bearer ${isProjects({ scope }) ? KEY : ADMIN}` }
    const response = await t.app.request(address, { method, headers })
    const { code, errors } = problemSchema.parse(await response.json())
    return [code, errors?.map(({ path }) => path)]
  }
  for (const declared of ROUTES) {
    const names = namesInPath(declared.path)
    const plain = declared.path.replaceAll(/\{\w+\}/g, 'x')
    for (const name of names) {
      const address = declared.path.replace(`{${name}}`, '%ED%A0%80').replaceAll(/\{\w+\}/g, 'x')
      expect(await ask(declared, address), address).toEqual(['VALIDATION_FAILED', [`path.${name}`]])
    }
    for (const name of Object.keys(declared.query?.shape ?? {})) {
      const address = `${plain}?${name}=%E0%A4`
      expect(await ask(declared, address), address).toEqual(['VALIDATION_FAILED', [`query.${name}`]])
    }
  }
})
