/** Servers of somebody else on this machine that want to know who asks: one over HTTP, and one for mail. */

import { createServer as createHttp } from 'node:http'
import { createServer as createTcp } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { createInterface } from 'node:readline'

const listening = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`))
  })

/** Answers 200 to who brings this token, and 401 with what was brought to all others. */
export async function startApi(token: string) {
  const server = createHttp((request, response) => {
    const brought = request.headers.authorization ?? ''
    response.writeHead(brought === `Bearer ${token}` ? 200 : 401).end(`you brought ${brought}`)
  })
  const address = await listening(server)
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return { address, stop }
}

/** Takes this login; `said` is what clients say, by the first word of each line. */
export async function startMail(user: string, password: string) {
  const said: string[] = []
  const good = Buffer.from(`\0${user}\0${password}`).toString('base64')
  const answer = (verb: string, rest: string): string => {
    if (verb === 'EHLO') return '250-mail\r\n250 AUTH PLAIN'
    if (verb === 'AUTH') return rest === `PLAIN ${good}` ? '235 welcome' : '535 5.7.8 wrong login'
    return verb === 'QUIT' ? '221 bye' : '250 ok'
  }
  const server = createTcp((socket) => {
    socket.on('error', () => undefined)
    socket.write('220 ready\r\n')
    createInterface({ input: socket }).on('line', (line) => {
      const [verb = '', ...rest] = line.split(' ')
      said.push(verb)
      socket.write(`${answer(verb, rest.join(' '))}\r\n`)
      if (verb === 'QUIT') socket.end()
    })
  })
  return { address: await listening(server), said, stop: () => void server.close() }
}

/** Asks nobody: whoever comes agrees to the scope that was asked for, and the code is good. Tells what tokens were asked with. */
export async function startGoogle() {
  const exchanged: string[] = []
  const scope = 'https://www.googleapis.com/auth/gmail.send'
  const server = createHttp((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (url.pathname === '/auth') {
      const back = new URL(url.searchParams.get('redirect_uri') ?? '')
      back.searchParams.set('code', url.searchParams.get('scope') === scope ? 'good' : 'wrong')
      back.searchParams.set('state', url.searchParams.get('state') ?? '')
      response.writeHead(302, { location: back.toString() }).end()
      return
    }
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const code = new URLSearchParams(body).get('code') ?? ''
      exchanged.push(code)
      const token = { access_token: 'access-1', refresh_token: 'refresh-token-1', scope }
      response.writeHead(code === 'good' ? 200 : 400, { 'content-type': 'application/json' })
      response.end(JSON.stringify(code === 'good' ? token : { error: 'invalid_grant' }))
    })
  })
  const address = await listening(server)
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return { address, exchanged, stop }
}
