// A contract as a person would send it without HQ: with curl, or from TypeScript. Texts alone; nothing here sends.

export const asCurl = (request: object, origin: string): string =>
  `curl ${origin}/api/v0/ops/execute \\
  -H "Authorization: Bearer $FORGE_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${JSON.stringify(request, null, 2)
    .replaceAll("'", String.raw`'\''`)
    .replaceAll('\n', '\n      ')}'`

export const asTypeScript = (request: object, origin: string): string =>
  `const response = await fetch('${origin}/api/v0/ops/execute', {
  method: 'POST',
  headers: {
    authorization: \`Bearer \${process.env.FORGE_API_KEY}\`,
    'content-type': 'application/json',
  },
  body: JSON.stringify(${JSON.stringify(request, null, 2).replaceAll('\n', '\n  ')}),
})
const answer = await response.json()
if (!response.ok) throw new Error(answer.detail)
console.log(answer.hub.output)
`
