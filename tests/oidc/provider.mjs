// The OpenID provider that logging in is tested against: `oidc-provider`, on a free port of the loopback, until standard input
// ends. The first line that it prints is its issuer. Whoever logs in is believed: `login` is the address, and one that begins
// with `unverified` is not verified.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const CAPSTAN = 'http://127.0.0.1:7400'

const key = (kid, alg, pair) => ({ kid, alg, use: 'sig', ...pair.privateKey.export({ format: 'jwk' }) })
const client = (id, more = {}) => ({
  client_id: id,
  client_secret: 's3cret: with %+&= and more',
  redirect_uris: [`${CAPSTAN}/login/${id}/callback`],
  ...more,
})

const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`
const provider = new Provider(issuer, {
  clients: [
    client('plain'),
    client('post', { token_endpoint_auth_method: 'client_secret_post', id_token_signed_response_alg: 'ES256' }),
    client('public', { token_endpoint_auth_method: 'none', client_secret: undefined }),
    client('mixed-up'),
  ],
  clientAuthMethods: process.argv.includes('--post-only')
    ? ['client_secret_post', 'none']
    : ['client_secret_basic', 'client_secret_post', 'none'],
  jwks: {
    keys: [
      key('r', 'RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })),
      key('e', 'ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    ],
  },
  cookies: { keys: ['only for tests'] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, email_verified: !id.startsWith('unverified'), name: 'Ada Lovelace' }),
  }),
  pkce: { required: () => true },
})
// As if the provider gave one client what is for another: signed, and not for who gets it.
provider.use(async (ctx, next) => {
  await next()
  if (ctx.path !== '/token' || ctx.oidc?.client?.clientId !== 'mixed-up' || !ctx.body?.id_token) return
  const { sub, nonce } = JSON.parse(Buffer.from(ctx.body.id_token.split('.')[1], 'base64url').toString())
  const token = new provider.IdToken({ sub }, { ctx, client: await provider.Client.find('plain') })
  token.set('nonce', nonce)
  ctx.body.id_token = await token.issue({ use: 'idtoken' })
})
server.on('request', provider.callback())
console.log(issuer)
// Nobody reads on: what its pages log there goes nowhere.
process.stdout.on('error', () => {})
process.stdin.on('end', () => process.exit(0)).resume()
