// SPDX-License-Identifier: EUPL-1.2
/**
 * A core on loopback, keys files of its participants, and the command line in this process or as one of its own.
 * @module
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { run as answer } from '../../src/cli/commands/answer.js'
import { run as keys } from '../../src/cli/commands/keys.js'
import { run as send } from '../../src/cli/commands/send.js'
import { run as take } from '../../src/cli/commands/take.js'
import { report } from '../../src/cli/main.js'
import type { KeysFile } from '../../src/cli/participant/keys-file.js'
import { Setup } from '../gateway/core-api-setup.js'
import { recorded } from './recorded.js'

const LAUNCHER = fileURLToPath(new URL('../../bin/protektor.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface CallChoice {
  readonly lang?: 'de' | 'en'
  readonly stdin?: string
  readonly isTerminal?: boolean
}

const COMMANDS = { answer, keys, send, take } as const

/** In this process. The commands are imported here: what the launcher's table loads would be other instances of the same classes. */
export async function call(argv: readonly string[], { lang = 'en', stdin, isTerminal = false }: CallChoice = {}): Promise<Ended> {
  const { io, said } = recorded({ isTerminal, lang, ...(stdin === undefined ? {} : { stdin: Readable.from([Buffer.from(stdin)]) }) })
  const [name = '', ...rest] = argv
  const code = await COMMANDS[name as keyof typeof COMMANDS](rest, io).catch((error: unknown) => report(error, io))
  return { code, ...said }
}

/** Through the launcher; SIGINT when what it says matches `interruptAt`. */
export function launch(argv: readonly string[], cwd: string, interruptAt?: RegExp): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [LAUNCHER, ...argv, '--lang', 'en'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    let sent = false
    const look = (): void => {
      if (sent || interruptAt?.test(out + err) !== true) return
      sent = true
      child.kill('SIGINT')
    }
    child.stdout.on('data', (bytes: Buffer) => ((out += bytes.toString()), look()))
    child.stderr.on('data', (bytes: Buffer) => ((err += bytes.toString()), look()))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

export const events = (out: string): Record<string, unknown>[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

export class ParticipantSetup {
  readonly setup: Setup
  readonly folder: string

  private constructor(setup: Setup) {
    this.setup = setup
    this.folder = mkdtempSync(join(tmpdir(), 'protektor-participant-'))
    const { portal, register } = setup
    const keys = (own: typeof portal, known: typeof portal): KeysFile => ({
      participant: own.id,
      sign: own.sig.privateJwk,
      open: own.enc.privateJwk,
      recipient: known.enc.publicJwk,
      senders: [{ id: known.id, jwks: known.jwks }],
      url: setup.url,
    })
    this.write('portal.json', JSON.stringify(keys(portal, register)))
    this.write('register.json', JSON.stringify(keys(register, portal)))
    this.write('frage.xml', '<frage>Jörg</frage>')
    this.write('antwort.xml', '<antwort>ja</antwort>')
  }

  static async start(): Promise<ParticipantSetup> {
    return new ParticipantSetup(await Setup.start())
  }

  async stop(): Promise<void> {
    await this.setup.stop()
    rmSync(this.folder, { recursive: true })
  }

  file(name: string): string {
    return join(this.folder, name)
  }

  write(name: string, content: string | Uint8Array, mode = 0o600): string {
    writeFileSync(this.file(name), content, { mode })
    return this.file(name)
  }

  portal(...argv: string[]): string[] {
    return [...argv, '--keys', this.file('portal.json')]
  }

  register(...argv: string[]): string[] {
    return [...argv, '--keys', this.file('register.json')]
  }
}
