/** A server of somebody else on this machine, which is told of events. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  id: string
  type: string
  signatures: string
}

export class Receiver {
  readonly got: Received[] = []
  /** What it answers with. */
  status = 200
  url = ''
  private readonly server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      const { type } = JSON.parse(body) as { type: string }
      const header = (name: string) => String(request.headers[name] ?? '')
      this.got.push({ id: header('webhook-id'), type, signatures: header('webhook-signature') })
      response.writeHead(this.status).end('heard')
    })
  })

  static async start(): Promise<Receiver> {
    const receiver = new Receiver()
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve))
    receiver.url = `http://127.0.0.1:${(receiver.server.address() as AddressInfo).port}/`
    return receiver
  }

  stop(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}
