// SPDX-License-Identifier: EUPL-1.2
/**
 * The command line's own words, in both languages. A command's help stands with the command's row in `main.ts`.
 * @module
 */
import type { ConfigProblem } from '../errors.js'
import type { Language, Text } from './io.js'

export const TEXTS = {
  what: {
    de: 'Protektor: OSCI-Transport 1.2 und XÖV am synchronen Austausch über einen kurzlebigen, blinden Nachrichtenkern',
    en: 'Protektor: OSCI-Transport 1.2 and XÖV as participants of synchronous exchange through a short-lived, blind message core',
  },
  usage: { de: 'Aufruf: protektor BEFEHL [OPTIONEN]', en: 'Usage: protektor COMMAND [OPTIONS]' },
  commands: { de: 'Befehle:', en: 'Commands:' },
  options: {
    de: '  -h, --help       Hilfe, auch hinter jedem Befehl\n  --version        Ausgabe nennen\n  --lang de|en     Sprache (sonst nach LANG)',
    en: '  -h, --help       help, behind every command too\n  --version        print the version\n  --lang de|en     language (else by LANG)',
  },
  exitCodes: {
    de: 'Ende mit: 0 getan · 1 Gegenseite lehnte ab oder nichts kam · 2 Aufruf oder Konfiguration · 4 gescheitert (check: siehe dort)',
    en: 'Exit codes: 0 done · 1 the counterpart refused or nothing came · 2 usage or configuration · 4 failed (check: see there)',
  },
  more: { de: 'Mehr: protektor BEFEHL -h', en: 'More: protektor COMMAND -h' },
  unknownCommand: { de: 'unbekannter Befehl', en: 'unknown command' },
  configInvalid: { de: 'Die Konfiguration ist nicht brauchbar', en: 'The configuration cannot be used' },
  example: { de: 'Beispiel', en: 'example' },
  failed: { de: 'gescheitert', en: 'failed' },
} as const satisfies Record<string, Text>

export function say(text: Text, lang: Language): string {
  return text[lang]
}

/** One block per problem: place, key, text, example. */
export function renderProblems(problems: readonly ConfigProblem[], lang: Language): string {
  return problems
    .map((problem) => {
      const place = problem.line === undefined ? problem.file : `${problem.file}:${String(problem.line)}`
      const example = problem.example === undefined ? '' : `\n    ${say(TEXTS.example, lang)}: ${problem.example}`
      return `  ${place}  ${problem.key}\n    ${problem.message[lang]}${example}\n`
    })
    .join('')
}
