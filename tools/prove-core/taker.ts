// SPDX-License-Identifier: EUPL-1.2
/**
 * A process that takes, and writes down every envelope at its first byte, before anything else is done with it. It may be killed or
 * stopped at any time. With leases it sometimes refuses, says nothing, or confirms when it is too late.
 * @module
 */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Box, TakeNote } from './boxes.js'
import { BOXES, PARTICIPANTS, readSetting } from './boxes.js'
import { Caller } from './caller.js'

const { setting, index } = readSetting()
const caller = new Caller(setting, PARTICIPANTS.taker)
const file = openSync(`${setting.folder}/take-${index}.log`, 'a')
process.once('disconnect', () => process.exit(1))
const note = (...words: TakeNote): void => void writeSync(file, words.join(' ') + '\n')

/** What a taker does with what it has; `upTo` of 1, the first that fits. */
const MANNERS: readonly { readonly upTo: number; readonly act: (id: string, leaseMs: number) => Promise<void> }[] = [
  { upTo: 0.02, act: (id) => end(id, 'refuse') },
  { upTo: 0.04, act: async () => undefined },
  { upTo: 0.05, act: (id, leaseMs) => pause(leaseMs * 1.2).then(() => end(id, 'confirm')) },
  { upTo: 1, act: (id) => end(id, 'confirm') },
]

async function end(id: string, how: 'confirm' | 'refuse'): Promise<void> {
  note(how === 'confirm' ? 'c' : 'd', id)
  await caller.call('POST', `/core/v1/envelopes/${id}/${how}`, how === 'refuse' ? Buffer.from('{"code":"X001"}') : undefined)
}

async function takeOne({ address, pauseMs }: Box): Promise<void> {
  if (pauseMs > 0) await pause(pauseMs * Math.random())
  const path = `/core/v1/mailboxes/${address}/take?waitSeconds=${pauseMs > 0 ? 0 : 5}`
  const { status, headers, body } = await caller.call('POST', path, undefined, (head) => {
    if (head.status === 200) note('r', String(head.headers['protektor-envelope-id']))
  })
  if (status === 429 || status === 503) await pause(100)
  if (status !== 200 || headers['protektor-lease-ms'] === undefined) return
  if (body.length !== Number(headers['content-length'])) throw new Error('cut short')
  const dice = Math.random()
  await MANNERS.find(({ upTo }) => dice < upTo)?.act(String(headers['protektor-envelope-id']), Number(headers['protektor-lease-ms']))
}

async function lane(box: Box): Promise<never> {
  for (;;)
    try {
      await takeOne(box)
    } catch (error) {
      // the node, or its connection, is gone: whatever was under way is the core's to tell
      if (!(error instanceof Error && 'code' in error)) throw error
      await pause(250)
    }
}

await Promise.all(BOXES.flatMap((box) => Array.from({ length: box.lanes }, () => lane(box))))
