// SPDX-License-Identifier: EUPL-1.2
/**
 * Commands of the Java peer in processes that stay: two hundred of them are run, and most of what one costs is to start Java and to
 * load its own and the library's classes. {@link prepareCommands} is called once for all files.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url))
export const PEER = join(SHARED, 'peer')
/** Short commands: less compiling, less to set up. */
const SHORT_RUN = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'

export interface Run {
  readonly status: number
  readonly out: string
  readonly err: string
}

export function run(command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, JAVA_OPTS: `${SHORT_RUN} ${process.env['JAVA_OPTS'] ?? ''}`, ...more }
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    let out = ''
    let err = ''
    child.stdout.on('data', (d: Buffer) => (out += d.toString()))
    child.stderr.on('data', (d: Buffer) => (err += d.toString()))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status: status ?? -1, out, err }))
  })
}

/** One command of the peer: in a process that is there already, or by its script. */
export function peer(...args: readonly string[]): Promise<Run> {
  return commandsAtHand()?.(args) ?? run(join(PEER, 'run.sh'), args)
}

/** Where the words of the command line are left for those who come after: JSON. */
const READY = 'PROTEKTOR_TEST_PEER_COMMANDS'

/**
 * Compiles Commands.java into the folder and tries it. Where it does not run (a Java without SecurityManager), every command goes on
 * being a process of its own.
 */
export async function prepareCommands(folder: string): Promise<void> {
  const java = process.env['JAVA'] ?? 'java'
  // the script hands its whole command line to whatever program JAVA names
  const { out } = await run(join(PEER, 'run.sh'), ['inspect'], { JAVA: 'echo' })
  const words = out.trim().split(' ').slice(0, -1)
  const at = words.indexOf('-cp')
  const jars = (words[at + 1] ?? '').split(delimiter)
  const compiled = await run('javac', ['-nowarn', '-d', folder, fileURLToPath(new URL('Commands.java', import.meta.url))])
  if (compiled.status !== 0) throw new Error(compiled.err)
  // what is loaded once stays compiled; nothing in it is set by a command
  const isShared = (jar: string): boolean => /bcprov/.test(jar)
  const line = [
    java, ...words.slice(0, at), '-Djava.security.manager=allow',
    '-cp', [folder, ...jars.filter(isShared)].join(delimiter), 'Commands', jars.filter((jar) => !isShared(jar)).join(delimiter),
  ] // prettier-ignore
  const tried = await run(line[0] ?? '', line.slice(1))
  if (tried.status === 0) process.env[READY] = JSON.stringify(line)
}

/** One process, one command at a time. */
class Commander {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  #told: ((run: Run) => void) | undefined
  #failed: ((error: Error) => void) | undefined

  constructor([java = 'java', ...line]: readonly string[]) {
    // its own standard error says only that a SecurityManager is out of fashion
    this.#child = spawn(java, line, { stdio: ['pipe', 'pipe', 'ignore'] })
    createInterface({ input: this.#child.stdout }).on('line', (said) => {
      const [status, out = '', err = ''] = said.split(' ')
      this.#told?.({ status: Number(status), out: textOf(out), err: textOf(err) })
    })
    this.#child.once('close', () => this.#failed?.(new Error('the process of the peer has ended')))
  }

  run(args: readonly string[]): Promise<Run> {
    return new Promise((resolve, reject) => {
      this.#told = resolve
      this.#failed = reject
      this.#child.stdin.write(`${args.map((arg) => Buffer.from(arg).toString('base64')).join(' ')}\n`)
    })
  }
}

const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString()

const idle: Commander[] = []

/** Absent: commands are processes of their own. They end with the process that began them, which closes their input. */
function commandsAtHand(): ((args: readonly string[]) => Promise<Run>) | undefined {
  const line = process.env[READY]
  if (line === undefined) return undefined
  return async (args) => {
    const commander = idle.pop() ?? new Commander(JSON.parse(line) as string[])
    const ran = await commander.run(args)
    idle.push(commander)
    return ran
  }
}
