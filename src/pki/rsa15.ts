// SPDX-License-Identifier: EUPL-1.2
/**
 * RSA PKCS#1 v1.5 decryption in a thread of its own: legacy content and offline inspection only.
 *
 *   00 02 PS(≥ 8, no zero) 00 key
 *
 * Node refuses RSA_PKCS1_PADDING (CVE-2023-46809), so the padding is undone here, touching every octet whatever they are.
 * The caller must not tell failures apart (threat model E2, §6 rule 2). The thread starts at the first call and never holds
 * the process open.
 * Specs: [RFC8017 §7.2.2].
 * @module
 */
import type { KeyObject } from 'node:crypto'
import { Worker } from 'node:worker_threads'

interface Waiting {
  readonly resolve: (key: Uint8Array) => void
  readonly reject: (reason: Error) => void
}

/** Kept as text: a thread's file would have to be found again in sources, build and tests alike. */
const THREAD = `
'use strict'
const { constants, privateDecrypt } = require('node:crypto')
const { parentPort } = require('node:worker_threads')

parentPort.on('message', ({ id, key, wrapped }) => {
  let opened
  try {
    const block = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, wrapped)
    let separator = 0
    for (let i = 2; i < block.length; i++) separator += i * (Number(block[i] === 0) & Number(separator === 0))
    const broken = block[0] | (block[1] ^ 2) | Number(separator < 10)
    if (broken === 0) opened = Uint8Array.from(block.subarray(separator + 1))
    block.fill(0)
  } catch {
    opened = undefined
  }
  parentPort.postMessage({ id, opened })
})
`

let worker: Worker | undefined
let nextId = 0
const waiting = new Map<number, Waiting>()

/** Unwraps off the event loop. @throws Error, always the same. */
export function unwrapRsa15(key: KeyObject, wrapped: Uint8Array): Promise<Uint8Array> {
  worker ??= startWorker()
  const id = nextId++
  const running = worker
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    // Held open only while somebody waits.
    running.ref()
    running.postMessage({ id, key, wrapped })
  })
}

function startWorker(): Worker {
  const started = new Worker(THREAD, { eval: true, execArgv: [], name: 'rsa15' })
  started.on('message', ({ id, opened }: { id: number; opened?: Uint8Array }) => {
    const caller = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) started.unref()
    if (opened === undefined) caller?.reject(failed())
    else caller?.resolve(opened)
  })
  const lost = (): void => {
    if (worker === started) worker = undefined
    for (const { reject } of waiting.values()) reject(failed())
    waiting.clear()
  }
  started.on('error', lost)
  started.on('exit', lost)
  return started
}

function failed(): Error {
  return new Error('the key cannot be unwrapped')
}
