// Where a webhook may lead: what is refused by its text alone, and what by where its name leads, at any time.
import { expect, test } from 'vitest'
import type { Address } from './resolve.ts'
import { createTargets } from './targets.ts'

const at = (...addresses: string[]): Address[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
const PUBLIC = '93.184.216.34'
const strict = createTargets({ allowPrivate: false, resolve: async () => at(PUBLIC) })

test.each(['https://hooks.example.com/forge?key=1', 'https://hooks.example.com:8443/', 'https://münchen.example/'])(
  '%s may be a webhook’s',
  async (url) => {
    expect(await strict.refusalOf(url)).toBeNull()
  },
)

test.each([
  ['hooks.example.com', /must be an address such as/],
  ['', /must be an address such as/],
  [`https://hooks.example.com/${'a'.repeat(2_000)}`, /at most 2000 characters/],
  ['http://hooks.example.com/', /must be https/],
  ['ftp://hooks.example.com/', /must be https/],
  ['file:///etc/passwd', /must be https/],
  ['https://user:word@hooks.example.com/', /user or password/],
  ['https://user@hooks.example.com/', /user or password/],
  ['https://hooks.example.com/#part', /fragment/],
  ['https://hooks.example.com:22/', /port 443/],
  ['https://hooks.example.com:25/', /port 443/],
])('%s is refused by its text', async (url, sentence) => {
  expect(await strict.refusalOf(url)).toMatch(sentence)
})

/** As the system does with what is an address already. */
const literal = createTargets({ allowPrivate: false, resolve: async (host) => at(host) })

test.each([
  'https://127.0.0.1/',
  'https://0x7f.1/',
  'https://2130706433/',
  'https://0177.0.0.1/',
  'https://[::1]/',
  'https://[::ffff:93.184.216.34]/',
  'https://[64:ff9b::5db8:d822]/',
  'https://169.254.169.254/latest/meta-data',
  'https://[fd00:ec2::254]/',
  'https://100.64.1.1/',
  'https://0/',
])('%s is refused, however it is written', async (url) => {
  expect(await literal.refusalOf(url)).toMatch(/not of the public internet/)
})

test('one private address among public ones is enough to be refused; a name that leads nowhere is too', async () => {
  const resolve = async () => at(PUBLIC, '2606:2800:220:1:248:1893:25c8:1946', '10.0.0.1')
  expect(await createTargets({ allowPrivate: false, resolve }).refusalOf('https://a.example/')).toMatch(
    /not of the public/,
  )
  const none = createTargets({ allowPrivate: false, resolve: () => Promise.reject(new Error('ENOTFOUND')) })
  expect(await none.refusalOf('https://a.example/')).toMatch(/leads nowhere/)
})

test('a name that changes what it leads to is refused when it is used', async () => {
  const answers = [at(PUBLIC), at('127.0.0.1')]
  const targets = createTargets({ allowPrivate: false, resolve: async () => answers.shift() ?? [] })
  expect(await targets.refusalOf('https://rebinding.example/')).toBeNull()
  expect(await targets.find(new URL('https://rebinding.example/'), new AbortController().signal)).toMatchObject({
    refused: expect.stringMatching(/not of the public/),
  })
})

test('a server that may speak to its own network does so by http, and to nobody else', async () => {
  const local = createTargets({
    allowPrivate: true,
    resolve: async (host) => at(host === 'localhost' ? '127.0.0.1' : PUBLIC),
  })
  expect(await local.refusalOf('http://localhost:80/')).toBeNull()
  expect(await local.refusalOf('https://localhost/')).toBeNull()
  expect(await local.refusalOf('http://hooks.example.com/')).toMatch(/must be https/)
  expect(await local.refusalOf('https://hooks.example.com/')).toBeNull()
  const mixed = createTargets({ allowPrivate: true, resolve: async () => at('127.0.0.1', PUBLIC) })
  expect(await mixed.refusalOf('http://both.example/')).toMatch(/must be https/)
})
