// Laws of the environment: SPEC section 9's names and defaults, and a sentence for everything that does not fit.
import { expect, test } from 'vitest'
import { ConfigError, loadConfig, settingsHelp, type Environment, warningsOf } from './config.ts'

function sentencesOf(env: Environment): readonly string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.sentences
    throw error
  }
  return []
}

test('the defaults of SPEC section 9', () => {
  expect(loadConfig({ PATH: 'x', FORGE_TEST_ALL: '1', FORGE_TEST_REPORT: 'r.json', FORGE_AGENT_TOKEN: 't' })).toEqual({
    port: 8080,
    host: '127.0.0.1',
    databaseUrl: null,
    dataDir: '.forge',
    adminToken: null,
    metricsToken: null,
    apiKey: null,
    signingKey: null,
    publicUrl: null,
    corsOrigins: [],
    trustedProxies: [],
    bodyIdleSeconds: 60,
    referee: true,
    distinctNetwork: false,
    partialsDays: null,
    networksDays: null,
    webhooks: { allowPrivate: false, days: 30 },
    s3: null,
    logLevel: 'info',
    notYetUsed: [],
  })
})

test('every setting is read, and those without a use yet are named', () => {
  const config = loadConfig({
    PORT: '0',
    HOST: '0.0.0.0',
    DATABASE_URL: 'postgres://u:p@localhost:5432/forge',
    FORGE_DATA_DIR: 'data',
    FORGE_ADMIN_TOKEN: 'admin-admin-admin',
    FORGE_METRICS_TOKEN: 'metrics-metrics-m',
    FORGE_API_KEY: 'sixteen-letters!',
    FORGE_SIGNING_KEY: 'a'.repeat(64),
    FORGE_PUBLIC_URL: 'https://pool.example/',
    FORGE_BODY_IDLE_SECONDS: '5',
    FORGE_REFEREE: 'off',
    FORGE_DISTINCT_NETWORK: 'false',
    FORGE_PARTIALS_DAYS: '30',
    FORGE_NETWORKS_DAYS: '7',
    FORGE_WEBHOOK_PRIVATE: 'true',
    FORGE_WEBHOOK_DAYS: '7',
    FORGE_LOG_LEVEL: 'debug',
  })
  expect(config).toMatchObject({ port: 0, host: '0.0.0.0', dataDir: 'data', publicUrl: 'https://pool.example' })
  expect(config).toMatchObject({
    bodyIdleSeconds: 5,
    referee: false,
    distinctNetwork: false,
    partialsDays: 30,
    networksDays: 7,
    webhooks: { allowPrivate: true, days: 7 },
    logLevel: 'debug',
    apiKey: 'sixteen-letters!',
    metricsToken: 'metrics-metrics-m',
  })
  expect(config.notYetUsed).toEqual([])
})

test('a server for others that does not know its own origin says so at start, in one line', () => {
  const warned = (env: Record<string, string>) => warningsOf(loadConfig(env))
  expect(warned({ HOST: '0.0.0.0' })).toEqual([expect.stringMatching(/FORGE_PUBLIC_URL is unset .* another Hub/)])
  expect(warned({ HOST: '0.0.0.0', FORGE_PUBLIC_URL: 'https://pool.example' })).toEqual([])
  for (const HOST of ['127.0.0.1', '::1', 'localhost']) expect(warned({ HOST })).toEqual([])
  expect(warned({})).toEqual([])
})

test('origins and proxies are lists with commas', () => {
  const FORGE_CORS_ORIGINS = 'https://app.example/, http://localhost:3000,https://app.example'
  const FORGE_TRUSTED_PROXIES = '127.0.0.1, 10.0.0.0/8,fd00::/8 ,::1'
  expect(loadConfig({ FORGE_CORS_ORIGINS, FORGE_TRUSTED_PROXIES })).toMatchObject({
    corsOrigins: ['https://app.example', 'http://localhost:3000'],
    trustedProxies: ['127.0.0.1', '10.0.0.0/8', 'fd00::/8', '::1'],
    // The addresses of agents are seen through the proxy.
    distinctNetwork: true,
  })
  for (const wrong of ['*', 'app.example', 'https://a.example/path', 'https://a.example,,https://b.example', 'null']) {
    expect(sentencesOf({ FORGE_CORS_ORIGINS: wrong })).toEqual([expect.stringMatching(/which is no origin such as/)])
  }
  for (const wrong of [
    'proxy',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0/8',
    '::1/129',
    '1.2.3.4/8/8',
    'fe80::1%eth0',
    '',
  ]) {
    expect(sentencesOf({ FORGE_TRUSTED_PROXIES: `127.0.0.1,${wrong}` })).toEqual([
      expect.stringMatching(/which is no address such as/),
    ])
  }
  expect(sentencesOf({ FORGE_TRUSTED_PROXIES: '0.0.0.0/0' })).toEqual([expect.stringMatching(/believe everybody/)])
  const many = Array.from({ length: 101 }, (_, n) => `10.0.0.${n}`).join(',')
  expect(sentencesOf({ FORGE_TRUSTED_PROXIES: many })).toEqual([expect.stringMatching(/has 101 entries; 100/)])
})

test('an S3-compatible store is all of its settings, or none', () => {
  const whole = {
    FORGE_S3_ENDPOINT: 'https://s3.example/',
    FORGE_S3_BUCKET: 'forge-objects',
    FORGE_S3_ACCESS_KEY_ID: 'id',
    FORGE_S3_SECRET_ACCESS_KEY: 'secret',
  }
  expect(loadConfig(whole).s3).toEqual({
    endpoint: 'https://s3.example',
    bucket: 'forge-objects',
    region: 'us-east-1',
    accessKeyId: 'id',
    secretAccessKey: 'secret',
  })
  const { FORGE_S3_BUCKET: _bucket, ...half } = whole
  expect(sentencesOf(half)).toEqual([expect.stringMatching(/need FORGE_S3_BUCKET beside\.$/)])
  expect(sentencesOf({ ...whole, FORGE_S3_BUCKET: 'B' })).toEqual([expect.stringMatching(/^FORGE_S3_BUCKET must be/)])
})

test.each([
  ['127.0.0.1', false],
  ['127.1.2.3', false],
  ['::1', false],
  ['localhost', false],
  ['0.0.0.0', true],
  ['::', true],
  ['pool.example', true],
  ['127.example.com', true],
])('on %s a checker must sit in another network: %s', (HOST, expected) => {
  expect(loadConfig({ HOST }).distinctNetwork).toBe(expected)
})

test.each<[string, string, RegExp]>([
  ['PORT', '65536', /^PORT is "65536", not a port from 0 to 65535\.$/],
  ['PORT', '80a', /not a port/],
  ['PORT', '-1', /not a port/],
  ['PORT', '', /^PORT is empty; give it a value, or unset it/],
  ['HOST', 'a b', /^HOST is "a b", not an IP address/],
  ['HOST', '1.2.3', /not an IP address/],
  ['HOST', '256.0.0.1', /not an IP address/],
  ['DATABASE_URL', 'mysql://u:hidden@h/d', /^DATABASE_URL is not a Postgres address/],
  ['FORGE_API_KEY', 'short', /^FORGE_API_KEY must be 16 to 512 printable/],
  ['FORGE_API_KEY', 'with a space in the middle', /without spaces/],
  ['FORGE_ADMIN_TOKEN', '$'.concat('{FORGE_ADMIN_TOKEN:?}'), /^FORGE_ADMIN_TOKEN has the name of a variable in it/],
  ['FORGE_ADMIN_TOKEN', 'päßwörter-with-umlauts', /printable ASCII/],
  ['FORGE_PARTIALS_DAYS', '0', /not a number of days from 1/],
  ['FORGE_WEBHOOK_DAYS', '1', /not a number of days from 2/],
  ['FORGE_WEBHOOK_PRIVATE', 'yes', /not true or false/],
  ['FORGE_SIGNING_KEY', 'short', /32 bytes of an Ed25519 secret key/],
  ['FORGE_PUBLIC_URL', 'pool.example', /https:\/\/pool\.example/],
  ['FORGE_PUBLIC_URL', 'https://pool.example/sub', /without path/],
  ['FORGE_REFEREE', 'true', /^FORGE_REFEREE is "true", not on or off\.$/],
  ['FORGE_DISTINCT_NETWORK', 'on', /not true or false/],
  ['FORGE_DISTINCT_NETWORK', 'toString', /not true or false/],
  ['FORGE_BODY_IDLE_SECONDS', '0', /not a number of seconds from 1 to 3600/],
  ['FORGE_BODY_IDLE_SECONDS', '3601', /not a number of seconds/],
  ['FORGE_BODY_IDLE_SECONDS', '1.5', /not a number of seconds/],
  ['FORGE_LOG_LEVEL', 'loud', /not one of fatal/],
  ['FORGE_REFREE', 'on', /^FORGE_REFREE is not a setting of this version: did you mean FORGE_REFEREE\?$/],
  ['FORGE_LOST_AND_FOUND', 'b', /^FORGE_LOST_AND_FOUND is not a setting of this version: --help lists the settings\.$/],
  ['FORGE_TEST_OTHER', '1', /not a setting/],
])('%s=%s is refused with a sentence', (name, value, sentence) => {
  const sentences = sentencesOf({ [name]: value })
  expect(sentences).toHaveLength(1)
  expect(sentences[0]).toMatch(sentence)
})

test('all that is wrong is said at once, and no secret is repeated', () => {
  const sentences = sentencesOf({
    PORT: 'x',
    FORGE_API_KEY: 'tell-nobody this',
    DATABASE_URL: 'http://user:tell-nobody@h/',
    FORGE_X: '1',
  })
  expect(sentences).toHaveLength(4)
  expect(sentences.join(' ')).not.toContain('tell-nobody')
})

test('help lists every setting of the section', () => {
  const help = settingsHelp()
  for (const name of ['PORT', 'HOST', 'DATABASE_URL', 'FORGE_DATA_DIR', 'FORGE_ADMIN_TOKEN', 'FORGE_API_KEY']) {
    expect(help).toContain(`  ${name} `)
  }
  for (const name of ['SIGNING_KEY', 'PUBLIC_URL', 'REFEREE', 'DISTINCT_NETWORK', 'LOG_LEVEL']) {
    expect(help).toContain(`  FORGE_${name} `)
  }
})
