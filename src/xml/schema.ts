// SPDX-License-Identifier: EUPL-1.2
/**
 * XSD validation behind a port: a pool of resident threads that compile a schema set once and then judge document after document.
 *
 * The verdict is fail-closed (`valid` only when the engine said exactly that), every document has a hard time limit after which its
 * thread is killed, threads are replaced after `perLife` documents by a successor that already stands by, and the engine is tried on
 * known documents before it is trusted. When the resident form fails its own test, the published `validateXML` takes over: slow,
 * safe, and reported through `onFallback`. No document type reaches the engine (threat model X1, X2, X5; product.md "limits").
 * @module
 */
import { validateXML } from 'xmllint-wasm'
import { ProtektorError } from '../errors.js'
import { startLife, type Job, type Life } from './schema-life.js'
import { prepareSet, type PreparedSet, type SchemaSource } from './schema-set.js'
import { startThread, type EngineThread, type StartWorker } from './schema-thread.js'
import { failed, MESSAGE_FILE, readVerdict, refusal, type SchemaProblem, type SchemaVerdict } from './schema-verdict.js'

export type { SchemaProblem, SchemaSource, SchemaVerdict, StartWorker }

export interface SchemaValidator {
  /**
   * Judges one well-formed UTF-8 document. Never rejects: what cannot be judged is verdict `error`.
   * @param timeoutMs hard limit for this document, from when its thread begins with it.
   */
  validate(xml: Uint8Array, timeoutMs?: number): Promise<SchemaVerdict>
  /** Ends all threads; documents still waiting get verdict `error`. */
  close(): Promise<void>
}

export interface ValidatorOptions {
  /** Threads at most; they start when there is work for them. */
  readonly workers: number
  /** Documents per thread (at most 1600: the argument list lives on a stack of 64 KB, 20 bytes each). */
  readonly perLife?: number
  readonly timeoutMs?: number
  /** Documents that may wait; beyond that the verdict is `error` at once. */
  readonly maxQueued?: number
  readonly startWorker: StartWorker
  /** The resident engine failed its test; validation goes on, much slower. Log it loudly. */
  onFallback?(reason: string): void
}

const PER_LIFE = 1600
const TIMEOUT_MS = 10_000
const MAX_QUEUED = 1024
// one being judged, the others waiting in the thread: hides the way between the threads. Large documents need no such hiding.
const WINDOW = 32
const WINDOW_BYTES = 1024 * 1024
const MAX_FAILED_STARTS = 3
// part of a life that is left when its successor starts: time enough to compile, and most runs end before
const SUCCESSOR_AT = 0.25

const hasRoom = (life: Life): boolean => life.inFlight < 2 || (life.inFlight < WINDOW && life.bytesInFlight < WINDOW_BYTES)

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

const MALFORMED = encode('<a><b></a>')
const FOREIGN = encode('<self-test xmlns="urn:protektor:self-test"/>')
const TRIAL: SchemaSource = {
  id: 'engine self-test',
  entry: 'trial.xsd',
  files: new Map([
    [
      'trial.xsd',
      encode(
        '<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema"><s:element name="n"><s:simpleType><s:restriction base="s:int">' +
          '<s:maxInclusive value="7"/></s:restriction></s:simpleType></s:element></s:schema>',
      ),
    ],
  ]),
}
const TRIAL_DOCUMENTS: readonly (readonly [string, SchemaVerdict['verdict']])[] = [
  ['<n>7</n>', 'valid'],
  ['<n>8</n>', 'invalid'],
  ['<n>7', 'invalid'],
  ['<n>1</n>', 'valid'],
]

// the engine is tried once per way of starting threads
const trials = new WeakMap<StartWorker, Promise<string | undefined>>()
/** Threads that passed the trial, for the first set that comes. */
const spares = new WeakMap<StartWorker, EngineThread>()

/**
 * Sends documents one after the other through a fresh life; gives the reason why they were misjudged, or undefined. Whoever knows early
 * that documents will come begins with this: validators wait for it, and the first of them gets the thread.
 */
export function tryEngine(startWorker: StartWorker): Promise<string | undefined> {
  const known = trials.get(startWorker)
  if (known) return known
  // an engine that misjudges stays out; one whose thread died, or did not start, may have met a bad moment
  let isTriedAgain = false
  const trial = new Promise<string | undefined>((resolve) => {
    const rest = [...TRIAL_DOCUMENTS]
    let misjudged: string | undefined
    const next = (life: Life): void => {
      const one = rest.shift()
      if (!one) return
      life.send({
        xml: encode(one[0]),
        timeoutMs: TIMEOUT_MS,
        settle: ({ verdict }) => {
          if (verdict !== one[1]) misjudged ??= `self-test: ${one[0]} was judged ${verdict}`
        },
      })
    }
    let thread: EngineThread
    try {
      thread = startThread(startWorker)
    } catch (error) {
      isTriedAgain = true
      return resolve(`self-test: ${error instanceof Error ? error.message : String(error)}`)
    }
    startLife(
      thread,
      { set: prepareSet(TRIAL), documents: TRIAL_DOCUMENTS.length, leavesThread: true },
      {
        ready: next,
        progress: next,
        over: (_life, _jobs, reason) => {
          const fault = misjudged ?? (reason === undefined ? undefined : `self-test: ${reason}`)
          if (fault === undefined) spares.set(startWorker, thread)
          else void thread.worker.terminate()
          isTriedAgain = fault !== undefined && misjudged === undefined
          resolve(fault)
        },
      },
    )
  })
  trials.set(startWorker, trial)
  void trial.then(() => isTriedAgain && trials.delete(startWorker))
  return trial
}

function threadFor(startWorker: StartWorker): EngineThread {
  const spare = spares.get(startWorker)
  spares.delete(startWorker)
  return spare?.hasEnded === false ? spare : startThread(startWorker)
}

/** One document through the published call: a thread and a compilation of its own. */
async function validateSlowly(set: PreparedSet, job: Job): Promise<SchemaVerdict> {
  const [entry] = set.files.filter((file) => file.fileName === set.entry)
  if (!entry) return failed('the schema set has no entry')
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  try {
    const result = await validateXML({
      xml: { fileName: MESSAGE_FILE, contents: text(job.xml) },
      schema: { fileName: entry.fileName, contents: text(entry.contents) },
      preload: set.files.filter((file) => file !== entry).map((file) => ({ fileName: file.fileName, contents: text(file.contents) })),
      maxMemoryPages: 16_384,
      modifyArguments: (given) => ['--nonet', '--huge', ...given.map((one) => (one === entry.fileName ? `/${one}` : one))],
    })
    const lines = result.rawOutput.split('\n')
    if (lines.at(-1) === '') lines.pop()
    const verdict = readVerdict(lines)
    return verdict.verdict === 'valid' && !result.valid ? failed('the schema engine contradicts itself') : verdict
  } catch (cause) {
    return failed(String(cause))
  }
}

/**
 * Starts validation with a set. Resolves when the first thread has compiled the set and passed its test (or the fallback stands in).
 * @throws {ProtektorError} `xoev-schema.set-broken`: the set is incomplete or does not compile.
 */
export async function startValidator(source: SchemaSource, options: ValidatorOptions): Promise<SchemaValidator> {
  const set = prepareSet(source)
  const perLife = Math.min(Math.max(options.perLife ?? PER_LIFE, 1), PER_LIFE)
  const maxQueued = options.maxQueued ?? MAX_QUEUED
  const queue: Job[] = []
  const lives = new Set<Life>()
  const standby = new Set<Life>()
  const tested = new Set<Life>()
  let failedStarts = 0
  let slow = false
  let slowBusy = false
  let closed = false
  let firstUp: () => void = () => undefined
  let firstDown: (reason: string) => void = () => undefined

  const fallBack = (reason: string): void => {
    if (slow || closed) return
    slow = true
    options.onFallback?.(`schema set ${set.id}: ${reason}`)
    for (const life of [...lives, ...standby]) life.retire()
    pump()
  }
  const pumpSlowly = (): void => {
    const job = slowBusy ? undefined : queue.shift()
    if (!job) return
    slowBusy = true
    void validateSlowly(set, job).then((verdict) => {
      slowBusy = false
      job.settle(verdict)
      pumpSlowly()
    })
  }
  const begin = (pool: Set<Life>): void => {
    pool.add(
      startLife(
        threadFor(options.startWorker),
        { set, documents: perLife + 2 },
        {
          ready: testLife,
          progress: (life) => {
            if (tested.has(life)) pump()
          },
          over,
        },
      ),
    )
  }
  // two documents that no schema set takes: what is not well-formed, and a root that it does not know
  const testLife = (life: Life): void => {
    let toGo = 2
    for (const xml of [MALFORMED, FOREIGN])
      life.send({
        xml,
        timeoutMs: TIMEOUT_MS,
        settle: ({ verdict }) => {
          if (verdict !== 'invalid') {
            firstDown('self-test')
            fallBack(`self-test: a document that no schema allows was judged ${verdict}`)
          } else if (--toGo === 0) {
            tested.add(life)
            failedStarts = 0
            firstUp()
            pump()
          }
        },
      })
  }
  const over = (life: Life, unanswered: readonly Job[], reason: string | undefined): void => {
    const wasTested = tested.delete(life)
    const wasActive = lives.delete(life)
    standby.delete(life)
    if (closed) {
      for (const job of unanswered) job.settle(failed('the validator is closed'))
      return
    }
    const [head, ...others] = unanswered
    // a thread that dies over a document would die over it again; those behind it are innocent
    if (head && reason !== undefined && reason !== 'time limit') head.settle(failed(`the schema engine ended: ${reason}`))
    else if (head && wasTested) others.unshift(head)
    if (wasTested) queue.unshift(...others)
    if (!wasTested) {
      failedStarts++
      firstDown(reason ?? 'the thread ended')
      if (failedStarts >= MAX_FAILED_STARTS) {
        fallBack(reason ?? 'threads do not start')
        return
      }
    }
    if (wasActive) promote()
    pump()
  }
  const promote = (): void => {
    const [successor] = standby
    if (!successor) return
    standby.delete(successor)
    lives.add(successor)
  }
  const pump = (): void => {
    if (closed) return
    if (slow) {
      pumpSlowly()
      return
    }
    for (const life of lives) {
      while (queue.length > 0 && tested.has(life) && life.left > 0 && hasRoom(life)) {
        const job = queue.shift()
        if (job) life.send(job)
      }
      if (tested.has(life) && life.left <= Math.ceil(perLife * SUCCESSOR_AT) && standby.size === 0 && perLife > 1) begin(standby)
    }
    const wanted = Math.min(options.workers, lives.size + queue.length)
    while (queue.length > 0 && lives.size < Math.max(1, wanted)) {
      if (standby.size > 0) {
        promote()
        pump()
        return
      }
      begin(lives)
    }
  }

  // what is being judged does not wait, all else does, wherever it stands
  const countWaiting = (): number => [...lives].reduce((sum, life) => sum + Math.max(0, life.inFlight - 1), queue.length)

  const started = new Promise<string | undefined>((resolve) => {
    firstUp = () => resolve(undefined)
    firstDown = resolve
  })
  const compile = async (): Promise<string | undefined> => {
    begin(lives)
    return started
  }
  const trouble = (await tryEngine(options.startWorker)) ?? (await compile())
  if (trouble !== undefined) {
    // does the published engine think the same of the set?
    const check = await new Promise<SchemaVerdict>((settle) => {
      void validateSlowly(set, { xml: FOREIGN, timeoutMs: TIMEOUT_MS, settle }).then(settle)
    })
    if (check.verdict !== 'invalid') {
      closed = true
      await Promise.all([...lives, ...standby].map((life) => life.stop()))
      throw new ProtektorError('xoev-schema.set-broken', `schema set ${set.id} does not compile`, { detail: trouble })
    }
    fallBack(trouble)
  }

  return {
    validate(xml, timeoutMs = options.timeoutMs ?? TIMEOUT_MS) {
      const reason = refusal(xml)
      if (reason !== undefined) return Promise.resolve({ verdict: 'invalid', problems: [{ line: 1, message: reason }] })
      if (closed) return Promise.resolve(failed('the validator is closed'))
      if (countWaiting() >= maxQueued) return Promise.resolve(failed('too many documents are waiting'))
      return new Promise((settle) => {
        queue.push({ xml, timeoutMs, settle })
        pump()
      })
    },
    async close() {
      closed = true
      for (const job of queue.splice(0)) job.settle(failed('the validator is closed'))
      await Promise.all([...lives, ...standby].map((life) => life.stop()))
    },
  }
}
