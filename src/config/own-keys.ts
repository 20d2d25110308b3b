// SPDX-License-Identifier: EUPL-1.2
/**
 * The second pass over our own keys: lengths and dates are known only when the keystores have been opened, which the
 * composition root does.
 *
 * Threat model §7: own RSA keys of 3000 bits or more; 2048 to 2999 only with `allowSmallOwnKeys`; less never. EC 250 or more.
 * @module
 */
import { ConfigError } from '../errors.js'
import type { ConfigProblem } from '../errors.js'
import type { Bilingual } from './option.js'
import { OPTIONS } from './options.js'
import { noteAt } from './option.js'
import type { Config } from './types.js'

/** What the composition root found in one keystore. */
export interface OwnKeyFact {
  /** Key of the option, e.g. `keyrings.town.cipher`, `keyrings.town.reader[0]`, `listen.tls`. */
  readonly key: string
  readonly kind: 'rsa' | 'ec' | 'other'
  /** Length of the RSA modulus or of the curve's order. */
  readonly bits: number
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** Why it could not be opened, or holds no key for this option, fit to show; then `bits` counts for nothing. */
  readonly unreadable?: Bilingual
}

interface Judgement {
  readonly severity: 'problem' | 'warning'
  readonly words: Bilingual
}

const problem = (de: string, en: string): Judgement => ({ severity: 'problem', words: { de, en } })
const warning = (de: string, en: string): Judgement => ({ severity: 'warning', words: { de, en } })

function judgeStrength({ kind, bits }: OwnKeyFact, { allowSmallOwnKeys }: Config): Judgement | undefined {
  if (kind === 'other') return problem('weder RSA noch EC', 'neither RSA nor EC')
  if (kind === 'ec') return bits < 250 ? problem(`EC mit ${bits} Bit ist zu kurz`, `EC of ${bits} bits is too short`) : undefined
  if (bits < 2048) return problem(`RSA mit ${bits} Bit ist zu kurz`, `RSA of ${bits} bits is too short`)
  if (bits >= 3000) return undefined
  return allowSmallOwnKeys
    ? warning(`RSA mit nur ${bits} Bit`, `RSA of only ${bits} bits`)
    : problem(
        `RSA mit ${bits} Bit; verlangt sind 3000 (allowSmallOwnKeys: true für Versuche)`,
        `RSA of ${bits} bits; 3000 are demanded (allowSmallOwnKeys: true for tests)`,
      )
}

function judgeDates({ notBefore, notAfter }: OwnKeyFact, at: Date): Judgement | undefined {
  if (notAfter && notAfter < at) return warning('das Zertifikat ist abgelaufen', 'the certificate has expired')
  if (notBefore && notBefore > at) return warning('das Zertifikat gilt noch nicht', 'the certificate is not yet valid')
  return undefined
}

function judge(config: Config, fact: OwnKeyFact, at: Date): Judgement[] {
  if (fact.unreadable) return [{ severity: 'problem', words: fact.unreadable }]
  return [judgeStrength(fact, config), judgeDates(fact, at)].filter((one) => one !== undefined)
}

/** What is wrong with keys, and what is only weak; each names the option of its fact. */
export interface KeyVerdicts {
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

/** @param at decides about expiry. */
export function judgeKeys(config: Config, facts: readonly OwnKeyFact[], at: Date): KeyVerdicts {
  const judged = facts.flatMap((fact) => {
    const line = config.lineOf(fact.key)
    const example = noteAt(
      OPTIONS,
      fact.key
        .replace(/\[\d+\]/g, '.0')
        .split('.')
        .map((step) => (step === '0' ? 0 : step)),
    )?.example
    return judge(config, fact, at).map(({ severity, words }) => {
      const problem: ConfigProblem = {
        key: fact.key,
        file: config.file,
        ...(line === undefined ? {} : { line }),
        message: words,
        ...(example === undefined ? {} : { example }),
      }
      return { severity, problem }
    })
  })
  const said = (severity: 'problem' | 'warning') => judged.filter((one) => one.severity === severity).map((one) => one.problem)
  return { problems: said('problem'), warnings: said('warning') }
}

/**
 * @param at decides about expiry.
 * @returns warnings to be said with those of `config`.
 * @throws {ConfigError} every key that may not be used, at once.
 */
export function checkKeys(config: Config, facts: readonly OwnKeyFact[], at: Date): readonly ConfigProblem[] {
  const { problems, warnings } = judgeKeys(config, facts, at)
  if (problems.length > 0) throw new ConfigError(problems)
  return warnings
}
