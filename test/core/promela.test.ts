// SPDX-License-Identifier: EUPL-1.2
/**
 * The model in `proof/` checked by spin: every property holds in every order of events, and a wrong core is found out.
 * @module
 */
import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Event, State } from '../../src/core/states.js'
import { next } from '../../src/core/states.js'
import { promelaTransitions } from '../../tools/docs/promela-transitions.js'
import { needsCommand } from '../needs.js'

const PROOF = join(import.meta.dirname, '../../proof')
const MODEL = readFileSync(join(PROOF, 'core.pml'), 'utf8')

function run(folder: string, command: string, ...args: readonly string[]): string {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', timeout: 240_000 })
  expect(error, command).to.equal(undefined)
  expect({ command, status, signal }, stdout + stderr).to.deep.equal({ command, status: 0, signal: null })
  return stdout
}

/** A checker made from a model: `pan` for the assertions, with `live` for what happens at last. */
class Checker {
  readonly #folder = mkdtempSync(join(tmpdir(), 'protektor-proof-'))
  readonly #failures: number

  /** @param failures how many nodes or stores are lost in one run; each makes the search several times larger. */
  constructor(failures: number, model = MODEL, transitions?: string) {
    this.#failures = failures
    cpSync(PROOF, this.#folder, { recursive: true })
    writeFileSync(join(this.#folder, 'core.pml'), model)
    if (transitions !== undefined) writeFileSync(join(this.#folder, 'transitions.pml'), transitions)
  }

  /** @param speed of compiling (`-O0`) or of searching */
  assertions(speed: '-O0' | '-O1' = '-O1'): string {
    this.#make(speed, '-DSAFETY', '-DNOCLAIM')
    return run(this.#folder, './pan', '-w20', '-m100000')
  }

  liveness(...claims: readonly string[]): readonly string[] {
    this.#make('-O1', '-DNFAIR=3')
    return claims.map((claim) => run(this.#folder, './pan', '-a', '-f', '-n', '-w20', '-m1000000', '-N', claim))
  }

  #make(...flags: readonly string[]): void {
    run(this.#folder, 'spin', `-DFAILURES=${this.#failures}`, '-a', 'core.pml')
    run(this.#folder, 'cc', '-w', ...flags, '-o', 'pan', 'pan.c')
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true })
  }
}

/** A search that was cut short proves nothing. */
function expectNoErrors(report: string): void {
  expect(report).to.match(/errors: 0\n/)
  expect(report).to.not.match(/max search depth too small|Search not completed|out of memory/)
}

/** The model with one place changed; every other place stays. */
function changed(from: string, to: string): string {
  expect(MODEL.split(from).length, `"${from}" stands once in core.pml`).to.equal(2)
  return MODEL.replace(from, () => to)
}

/** The table of `states.ts` with one step more, less or other. */
function tableWith(from: State, event: Event, to: State | undefined): string {
  return promelaTransitions((state, what, handover) => (state === from && what === event ? to : next(state, what, handover)))
}

/** The assertions of the model, as spin writes them (states as numbers). */
const ASSERTIONS = {
  W1: /^\(!\(given_to\S+runs/,
  W2: /^\(\(life\S+before/,
  W3: /^!\(+state/,
  W4: /^\(\(to!=\d+\)\|\|arrived/,
  W5: /^\(\(to!=\d+\)\|\|\(!\(given_to\S+life/,
  W6: /^\(\(\(to!=\d+\)\|\|!\(given_to\S+==/,
  W7: /^\(\(to!=\d+\)\|\|life/,
} as const
type Assertion = keyof typeof ASSERTIONS

/** A core that is wrong in one place, and what it does in the worst order of events. */
const WRONG_CORES: readonly (readonly [title: string, found: Assertion, model: string, transitions?: string])[] = [
  ['claims what somebody else holds', 'W1', changed('(AVAILABLE(state[e]) && MAY_TAKE', '(!SETTLED(state[e]) && MAY_TAKE')],
  ['gives a broken hand-over back without a lease', 'W1', MODEL, tableWith('claimed', 'broken', 'returned')],
  ['ends a lease early', 'W1', changed('(before[e] || !hold[e]))', 'true)')],
  ['hands out after a fail-over', 'W1', changed('before[e] = (state[e] != none', 'before[e] = (false')],
  ['trusts the timer alone for the deadline', 'W2', changed(':: !life[e] -> step(e, expire)', ':: false -> skip')],
  ['gives a reply to anybody', 'W2', changed('(AVAILABLE(state[e]) && MAY_TAKE(e, who))', 'AVAILABLE(state[e])')],
  ['changes an outcome', 'W3', MODEL, tableWith('delivered', 'lost', 'unknown')],
  ['takes a late confirmation for that of the new lease', 'W4', changed(':: holder[e] != who', ':: false')],
  ['says expired of what was handed out', 'W5', MODEL, tableWith('returned', 'expire', 'expired')],
  ['says refused of what may have been processed', 'W6', MODEL, tableWith('returned', 'withdraw', 'refused')],
  ['gives a lease back after the deadline', 'W7', MODEL, tableWith('leased', 'lapse', 'returned')],
]

describe('model of the core (spin)', function () {
  this.timeout(300_000)

  before(function () {
    needsCommand(this, 'spin', '-V')
    needsCommand(this, 'cc', '--version')
  })

  it('C1 C3 holds at most once, never after the deadline, outcomes true and final, in every order of events', () => {
    using checker = new Checker(2)
    const report = checker.assertions()
    expectNoErrors(report)
    // A step that is never taken proves nothing either: only the ends of endless loops are not reached.
    const unreached = [...report.matchAll(/^\tcore\.pml:\d+, state \d+, "(.*)"$/gm)].map((match) => match[1])
    expect(unreached).to.deep.equal(['-end-', '-end-', '-end-'])
  })

  it('gives every envelope an outcome, however late timers are and whoever vanishes', () => {
    using checker = new Checker(1)
    for (const report of checker.liveness('ends_0', 'ends_1')) expectNoErrors(report)
  })

  for (const [title, assertion, model, transitions] of WRONG_CORES)
    it(`finds out a core that ${title}`, () => {
      using checker = new Checker(1, model, transitions)
      const [, violated = 'nothing'] = /assertion violated (.*?) \(at depth/.exec(checker.assertions('-O0')) ?? []
      const text = violated.replaceAll(' ', '')
      expect(
        Object.keys(ASSERTIONS).filter((name) => ASSERTIONS[name as Assertion].test(text)),
        text,
      ).to.deep.equal([assertion])
    })

  it('finds out a core that forgets a taker that vanished', () => {
    using checker = new Checker(0, changed(':: atomic { OVERDUE(0) -> step(0, overdue) }', ''))
    const [report] = checker.liveness('ends_0')
    expect(report).to.match(/acceptance cycle \(at depth/)
  })
})
