// SPDX-License-Identifier: EUPL-1.2
/**
 * The processes of a run, and what is done to them: ended without warning, stopped and let go on. Only processes started here are touched.
 * @module
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

export class Member {
  readonly name: string
  readonly #start: (life: number) => ChildProcess
  readonly #onFault: (error: Error) => void
  #process: ChildProcess | undefined
  #life = 0
  /** Being replaced or standing still at the moment: to be left alone until that is over. */
  #busy = false

  /** @param onFault told when it ends by itself with an error: nobody but us may end it */
  constructor(name: string, start: (life: number) => ChildProcess, onFault: (error: Error) => void) {
    this.name = name
    this.#start = start
    this.#onFault = onFault
  }

  get process(): ChildProcess {
    if (this.#process === undefined) throw new Error(`${this.name} does not run`)
    return this.#process
  }

  get lives(): number {
    return this.#life
  }

  get busy(): boolean {
    return this.#busy
  }

  start(): void {
    const child = this.#start(this.#life)
    this.#life += 1
    this.#process = child
    child.once('exit', (code, signal) => {
      if (this.#process === child && code !== 0) this.#onFault(new Error(`${this.name} ended by itself: ${code ?? signal}`))
    })
  }

  /** SIGKILL; it is gone when this resolves. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /** Killed, and started anew. `started` resolves when it is there again. */
  async replace(started: () => Promise<unknown> = async () => undefined): Promise<void> {
    await this.#alone(async () => {
      await this.kill()
      this.start()
      await started()
    })
  }

  /** As if its machine stood still for a while. */
  async freeze(ms: number): Promise<void> {
    await this.#alone(async () => {
      const child = this.process
      child.kill('SIGSTOP')
      await pause(ms)
      child.kill('SIGCONT')
    })
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    this.#busy = true
    try {
      await work()
    } finally {
      this.#busy = false
    }
  }
}

/** A bundled script as a process of its own, with a channel to this one. */
export const script = (file: string, ...args: readonly string[]): ChildProcess =>
  fork(file, args, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })

/** The next thing that a process says. @throws when it ends before */
export async function nextSaid<T>(child: ChildProcess): Promise<T> {
  const over = new AbortController()
  const said = once(child, 'message', { signal: over.signal }) as Promise<[T]>
  const gone = once(child, 'exit', { signal: over.signal }).then((): never => {
    throw new Error('a process ended while it was asked')
  })
  try {
    const [what] = await Promise.race([said, gone])
    return what
  } finally {
    over.abort()
    await Promise.allSettled([said, gone])
  }
}
