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
  /** Why it could not be opened, fit to show; then `bits` counts for nothing. */
  readonly unreadable?: Bilingual
}

function judge(config: Config, fact: OwnKeyFact, at: Date): { severity: 'problem' | 'warning'; words: Bilingual } | undefined {
  if (fact.unreadable) return { severity: 'problem', words: fact.unreadable }
  const bits = String(fact.bits)
  if (fact.kind === 'other') return { severity: 'problem', words: { de: 'weder RSA noch EC', en: 'neither RSA nor EC' } }
  if (fact.kind === 'ec' && fact.bits < 250)
    return { severity: 'problem', words: { de: `EC mit ${bits} Bit ist zu kurz`, en: `EC of ${bits} bits is too short` } }
  if (fact.kind === 'rsa' && fact.bits < 2048)
    return { severity: 'problem', words: { de: `RSA mit ${bits} Bit ist zu kurz`, en: `RSA of ${bits} bits is too short` } }
  if (fact.kind === 'rsa' && fact.bits < 3000)
    return config.allowSmallOwnKeys
      ? { severity: 'warning', words: { de: `RSA mit nur ${bits} Bit`, en: `RSA of only ${bits} bits` } }
      : {
          severity: 'problem',
          words: {
            de: `RSA mit ${bits} Bit; verlangt sind 3000 (allowSmallOwnKeys: true für Versuche)`,
            en: `RSA of ${bits} bits; 3000 are demanded (allowSmallOwnKeys: true for tests)`,
          },
        }
  if (fact.notAfter && fact.notAfter < at)
    return { severity: 'warning', words: { de: 'das Zertifikat ist abgelaufen', en: 'the certificate has expired' } }
  if (fact.notBefore && fact.notBefore > at)
    return { severity: 'warning', words: { de: 'das Zertifikat gilt noch nicht', en: 'the certificate is not yet valid' } }
  return undefined
}

/** What is wrong with keys, and what is only weak; each names the option of its fact. */
export interface KeyVerdicts {
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

/** @param at decides about expiry. */
export function judgeKeys(config: Config, facts: readonly OwnKeyFact[], at: Date): KeyVerdicts {
  const judged = facts.flatMap((fact) => {
    const verdict = judge(config, fact, at)
    if (!verdict) return []
    const line = config.lineOf(fact.key)
    const example = noteAt(
      OPTIONS,
      fact.key
        .replace(/\[\d+\]/g, '.0')
        .split('.')
        .map((step) => (step === '0' ? 0 : step)),
    )?.example
    const problem: ConfigProblem = {
      key: fact.key,
      file: config.file,
      ...(line === undefined ? {} : { line }),
      message: verdict.words,
      ...(example === undefined ? {} : { example }),
    }
    return [{ severity: verdict.severity, problem }]
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
