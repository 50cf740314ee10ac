/** A `capstan dev` of one's own: server, worker and database in one process. */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { startGoogle } from '../provider'

export const BINARY =
  process.env['CAPSTAN_BINARY'] ?? new URL('../../../target/debug/capstan', import.meta.url).pathname

export class Capstan {
  url = ''
  key = ''
  /** For commands beside it. */
  get database(): string {
    return `postgres://capstan@${encodeURIComponent(join(this.data, 'dev/socket'))}/capstan`
  }

  private process: ChildProcess | null = null
  private google: { stop: () => void } | null = null
  private readonly data = mkdtempSync(join(tmpdir(), 'capstan-flow-'))

  static async start(): Promise<Capstan> {
    const capstan = new Capstan()
    // Where it is started by root, the database server runs as another user.
    chmodSync(capstan.data, 0o755)
    await capstan.meetGoogle()
    await capstan.run('127.0.0.1:0')
    return capstan
  }

  /** Again at the same address, with the same database. */
  async restart(): Promise<void> {
    await this.run(new URL(this.url).host)
  }

  /** As if the power were cut. */
  async kill(): Promise<void> {
    await this.end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.end('SIGINT')
    this.google?.stop()
    rmSync(this.data, { recursive: true, force: true })
  }

  /** Accounts are connected at a server of one's own. */
  private async meetGoogle(): Promise<void> {
    const google = await startGoogle()
    this.google = google
    const [at, client] = [`http://${google.address}`, 'client_id = "flows"\nclient_secret = "hunter22-flows"\n']
    const urls = `authorize_url = "${at}/auth"\ntoken_url = "${at}/token"\nsend_url = "${at}/send"\n`
    writeFileSync(this.client, client + urls)
  }

  private get client(): string {
    return join(this.data, 'google.toml')
  }

  private async run(listen: string): Promise<void> {
    if (!existsSync(BINARY)) throw new Error(`there is no ${BINARY}: build it, or name one in CAPSTAN_BINARY`)
    const child = spawn(BINARY, ['dev', '--no-example', '--json', '--listen', listen], {
      // Servers of somebody else stand on this machine, too.
      env: {
        ...process.env,
        CAPSTAN_DATA_DIR: this.data,
        DATABASE_URL: '',
        CAPSTAN_ALLOW_PRIVATE: '127.0.0.0/8',
        CAPSTAN_GMAIL_CLIENT_FILE: this.client,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.process = child
    for await (const line of createInterface({ input: child.stdout })) {
      const told = JSON.parse(line) as { event: string; url: string; api_key: string }
      if (told.event !== 'ready') continue
      this.url = told.url
      this.key = told.api_key
      child.stdout.resume()
      return
    }
    throw new Error('capstan dev ended before it was ready')
  }

  private async end(signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
    const child = this.process
    if (!child || child.exitCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await gone
  }
}
