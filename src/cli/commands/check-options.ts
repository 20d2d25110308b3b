// SPDX-License-Identifier: EUPL-1.2
/**
 * Options that every command knows which looks into messages: keys, trust, schema sets, moment, language.
 * @module
 */
import { readMoment } from '../../check/moment.js'
import { UsageError } from '../arguments.js'
import type { Io, Language, Text } from '../io.js'

export const MATERIAL_OPTIONS = {
  keystore: { type: 'string', multiple: true },
  pin: { type: 'string', multiple: true },
  'pin-file': { type: 'string', multiple: true },
  trust: { type: 'string', multiple: true },
  schemas: { type: 'string', multiple: true },
  'envelope-keys': { type: 'string', multiple: true },
  lang: { type: 'string' },
  at: { type: 'string' },
} as const

/** Their help; `--lang` and `--at` come last everywhere. */
export const MATERIAL_HELP: Text = {
  de: `  --keystore DATEI.p12   Schlüssel; dahinter --pin PIN oder --pin-file DATEI (mehrfach)
  --trust DATEI.pem      Vertrauensanker, auch Sperrlisten (mehrfach); ohne Anker sind Zertifikate ungeprüft
  --schemas VERZEICHNIS  weitere Schemasätze, rekursiv, oder ein Speicher von protektor schemas (mehrfach)
  --envelope-keys DATEI  Schlüsseldatei eines Teilnehmers (protektor keys participant): öffnet Umschläge (mehrfach)`,
  en: `  --keystore FILE.p12    keys; followed by --pin PIN or --pin-file FILE (several)
  --trust FILE.pem       trust anchors, revocation lists too (several); without anchors certificates stay unchecked
  --schemas DIRECTORY    more schema sets, recursively, or a store of protektor schemas (several)
  --envelope-keys FILE   keys file of a participant (protektor keys participant): opens envelopes (several)`,
}

export const MOMENT_HELP: Text = {
  de: `  --lang de|en           Sprache
  --at ZEIT              Zeitpunkt, für den geprüft wird (Zertifikate, Verfahren und Schlüssellängen, Schemasätze, Codelisten, Daten
                         des Nachrichtenkopfs), ISO 8601 mit Zone, z. B. 2026-11-24T12:00:00Z; sonst jetzt, Schemasätze nach der Nachricht`,
  en: `  --lang de|en           language
  --at TIME              moment that is judged for (certificates, algorithms and key sizes, schema sets, code lists, dates of the
                         head), ISO 8601 with zone, e.g. 2026-11-24T12:00:00Z; else now, schema sets by the message`,
}

/** @throws {UsageError} no ISO time with zone, or on no day of the calendar. */
export function momentOf(value: string | undefined): Date | undefined {
  if (value === undefined) return undefined
  const at = readMoment(value)
  if (!at)
    throw new UsageError({
      de: '--at erwartet eine ISO-Zeit mit Zone, die es im Kalender gibt, z. B. 2026-11-24T12:00:00Z',
      en: '--at wants an ISO time with zone that the calendar has, e.g. 2026-11-24T12:00:00Z',
    })
  return at
}

/** @throws {UsageError} another language. */
export function languageOf(value: string | undefined, io: Io): Language {
  if (value === undefined) return io.lang
  if (value === 'de' || value === 'en') return value
  throw new UsageError({ de: '--lang erwartet de oder en', en: '--lang wants de or en' })
}
