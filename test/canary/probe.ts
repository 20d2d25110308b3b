// SPDX-License-Identifier: EUPL-1.2
/**
 * Inside a watched process: what of a list of byte sequences is still held. The sequences come masked (every byte inverted), so that
 * asking puts nothing into the process that the answer would find. Works over the process's IPC channel, and keeps nothing alive.
 * @module
 */
import { Session } from 'node:inspector/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { writeHeapSnapshot } from 'node:v8'

/** `hold` keeps something on purpose (the positive control). */
export type ProbeCall =
  | { readonly call: 'collect' }
  | { readonly call: 'snapshot'; readonly file: string }
  | { readonly call: 'buffers'; readonly masked: readonly string[] }
  | { readonly call: 'hold'; readonly masked: string; readonly as: 'string' | 'buffer' }
  | { readonly call: 'drop' }

export type ProbeAnswer = { readonly found: readonly number[] } | { readonly failed: string }

const CALLS: ReadonlySet<string> = new Set(['collect', 'snapshot', 'buffers', 'hold', 'drop'] satisfies ProbeCall['call'][])
const ROUNDS = 6
const held: unknown[] = []

/** In memory of its own: the pool of small buffers holds what others left there. */
export function unmask(masked: string): Uint8Array {
  const bytes = new Uint8Array(Buffer.byteLength(masked, 'base64'))
  Buffer.from(bytes.buffer).write(masked, 'base64')
  return bytes.map((byte) => byte ^ 0xff)
}

/** Timers and sockets of calls that ended let go of what they held in between. */
async function collect(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    globalThis.gc?.()
    await delay(50)
  }
}

/** Every ArrayBuffer that is alive in this thread: heap snapshots count them, but do not show their bytes. */
async function buffers(masked: readonly string[]): Promise<number[]> {
  const session = new Session()
  session.connect()
  const found = new Set<number>()
  const needles = masked.map((one) => unmask(one))
  const own = new Set(needles.map((needle) => needle.buffer))
  const scan = (all: readonly ArrayBuffer[]): void => {
    for (const buffer of all)
      if (!own.has(buffer))
        needles.forEach((needle, at) => {
          if (Buffer.from(buffer).includes(Buffer.from(needle.buffer))) found.add(at)
        })
  }
  try {
    const { result: prototype } = await session.post('Runtime.evaluate', { expression: 'ArrayBuffer.prototype' })
    const { objects } = await session.post('Runtime.queryObjects', { prototypeObjectId: prototype.objectId ?? '' })
    Object.assign(globalThis, { canaryScan: scan })
    await session.post('Runtime.callFunctionOn', {
      objectId: objects.objectId ?? '',
      functionDeclaration: 'function () { globalThis.canaryScan(this) }',
    })
  } finally {
    for (const needle of needles) needle.fill(0)
    Object.assign(globalThis, { canaryScan: undefined })
    session.disconnect()
  }
  return [...found].sort((a, b) => a - b)
}

async function answer(asked: ProbeCall): Promise<readonly number[]> {
  switch (asked.call) {
    case 'collect':
      await collect()
      return []
    case 'snapshot':
      writeHeapSnapshot(asked.file)
      return []
    case 'buffers':
      return buffers(asked.masked)
    case 'hold':
      held.push(asked.as === 'buffer' ? unmask(asked.masked) : 'held: ' + new TextDecoder('latin1').decode(unmask(asked.masked)))
      return []
    case 'drop':
      held.length = 0
      return []
  }
}

/** Answers calls of the parent process until it goes. */
export function openProbe(): void {
  process.on('message', (asked: ProbeCall) => {
    if (!CALLS.has(asked.call)) return
    answer(asked).then(
      (found) => process.send?.({ found } satisfies ProbeAnswer),
      (error: unknown) => process.send?.({ failed: String(error) } satisfies ProbeAnswer),
    )
  })
}
