// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor check`: files in, one report out. The interface is fixed in product.md, "Fixed interface of `protektor check`".
 *
 *   words ── files ── engine, a few at a time ── report ── exit code
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { FORMATS, isFormat, type FormatId } from '../../check/reports/formats.js'
import type { Difference } from '../../check/differences.js'
import { counted, NOTHING_YET, type ReportHead, type ReportSum } from '../../check/reports/report.js'
import type { ReportSigner } from '../../check/reports/signature.js'
import { sumLine } from '../../check/reports/text.js'
import { LAYERS, readLayers, type Layer } from '../../check/types.js'
import { tryEngine } from '../../xml/schema.js'
import { parseCommand, UsageError } from '../arguments.js'
import { reportPage } from '../compose/report-page.js'
import type { Io, Language, Text } from '../io.js'
import { packageVersion } from '../version.js'
import { composeContext } from './check-context.js'
import { desk, type Desk } from './check-desk.js'
import { readSuites, renderDifferences } from './check-expected.js'
import { listInputs } from './check-inputs.js'
import { languageOf, MATERIAL_HELP, MATERIAL_OPTIONS, MOMENT_HELP, momentOf } from './check-options.js'
import { openKeystore, readMaterial, type CheckMaterial } from './check-material.js'
import { checkAll } from './check-run.js'
import { targetOf } from './check-target.js'
import { engineThread, FILES_PER_THREAD, threads } from './check-threads.js'
import { keystoreArguments, type KeystoreArguments } from './keystore-arguments.js'
import { startWorker } from './start-worker.js'

const OPTIONS = {
  ...MATERIAL_OPTIONS,
  format: { type: 'string', default: 'text' },
  out: { type: 'string' },
  sign: { type: 'string' },
  layers: { type: 'string' },
  workers: { type: 'string' },
  'second-opinion': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const HELP: Text = {
  de: `Aufruf: protektor check [OPTIONEN] DATEI|VERZEICHNIS|-…

Prüft OSCI-Nachrichten und XÖV-Dokumente Schicht für Schicht.

${MATERIAL_HELP.de}
  --layers A,B           nur diese Schichten zählen; alle anderen gelten als ungeprüft
  --workers ANZAHL       Threads der Prüfung (sonst: einer je 1000 Dateien, höchstens Anzahl der Kerne)
  --second-opinion       Auftrags- und Autorensignaturen zusätzlich mit einem zweiten, unabhängigen Prüfer (langsam)
  --format FORM          Form des Berichts: text, json, junit, sarif, html
  --out VERZEICHNIS      schreibt den Bericht in eine Datei darin
  --sign DATEI.p12       signiert ihn; dahinter --pin oder --pin-file (geprüft mit protektor verify-report)
${MOMENT_HELP.de}

Eine Datei expected.yaml im Verzeichnis sagt, was herauskommen muss; dann zählen nur Abweichungen (1) oder keine (0).

Ende mit: 0 alles gültig · 1 etwas ungültig · 2 Aufruf · 3 etwas ungeprüft · 4 die Prüfung selbst scheiterte
`,
  en: `Usage: protektor check [OPTIONS] FILE|DIRECTORY|-…

Checks OSCI messages and XÖV documents layer by layer.

${MATERIAL_HELP.en}
  --layers A,B           only these layers count; all others are unchecked
  --workers COUNT        threads of the check (else: one per 1000 files, at most the number of cores)
  --second-opinion       message and author signatures also by a second, independent verifier (slow)
  --format FORM          form of the report: text, json, junit, sarif, html
  --out DIRECTORY        writes the report into a file there
  --sign FILE.p12        signs it; followed by --pin or --pin-file (checked by protektor verify-report)
${MOMENT_HELP.en}

A file expected.yaml in the directory says what must come out; then only differences count (1), or none (0).

Exit codes: 0 all valid · 1 something invalid · 2 usage · 3 something unchecked · 4 the check itself failed
`,
}

const NOTHING_THERE: Text = {
  de: 'nichts geprüft: in den Verzeichnissen liegt keine Datei (Namen mit Punkt am Anfang zählen nicht)',
  en: 'nothing was checked: there is no file in the directories (names that begin with a dot do not count)',
}

/** Below this another thread would still be starting when the first is through. */
const FILES_FOR_A_THREAD = 1000
/** In hand where one engine checks all: it goes on reading while the schemas of the first are compiled. */
const FILES_IN_HAND = 256

const wrong = (de: string, en: string): UsageError => new UsageError({ de, en })

function layersOf(value: string | undefined): ReadonlySet<Layer> | undefined {
  if (value === undefined) return undefined
  const layers = readLayers(value)
  if (typeof layers === 'string')
    throw wrong(`--layers kennt ${layers} nicht: ${LAYERS.join(', ')}`, `--layers does not know ${layers}: ${LAYERS.join(', ')}`)
  return layers
}

/** What nobody chose depends on how much there is to do. */
function workersOf(value: string | undefined, files: number): number {
  if (value === undefined) return Math.min(availableParallelism(), Math.ceil(files / FILES_FOR_A_THREAD))
  if (!/^[1-9]\d?$/.test(value)) throw wrong('--workers erwartet eine Zahl von 1 bis 99', '--workers wants a number from 1 to 99')
  return Number(value)
}

function formatOf(value: string): FormatId {
  if (isFormat(value)) return value
  const known = Object.keys(FORMATS).join(', ')
  throw wrong(`--format kennt ${value} nicht: ${known}`, `--format does not know ${value}: ${known}`)
}

/** Several apply: the check itself failed (4) before invalid (1) before unchecked (3). */
export function exitCode(sum: ReportSum): number {
  if (sum.error > 0) return 4
  if (sum.invalid > 0) return 1
  return sum.unchecked > 0 ? 3 : 0
}

/** The key that signs the report. */
async function signerOf(
  { sign: [keystore, second] }: KeystoreArguments<'keystore' | 'sign'>,
  out: string | undefined,
): Promise<ReportSigner | undefined> {
  if (keystore === undefined) return undefined
  if (second !== undefined) throw wrong('--sign gibt es nur einmal', '--sign is given once')
  if (out === undefined) throw wrong('--sign verlangt --out', '--sign wants --out')
  const [pair] = await openKeystore(keystore)
  if (pair === undefined) throw wrong(`${keystore.file}: darin ist kein Schlüssel`, `${keystore.file}: there is no key in it`)
  return pair
}

/** A report is worth signing with any key there is; but who reads it may refuse this one, and that is better known now. */
async function warnOf(signer: ReportSigner | undefined, lang: Language, warn: (text: string) => void): Promise<void> {
  if (signer === undefined) return
  const { ownFaultsText } = await import('./report-signer.js')
  const faults = ownFaultsText(signer.certificate, new Date())
  if (faults) warn(`--sign: ${faults[lang]}`)
}

async function sign(file: string, signer: ReportSigner): Promise<void> {
  const { reportDigest, sealReport, SIGNATURE_SUFFIX } = await import('../../check/reports/signature.js')
  const facts = {
    file: basename(file),
    sha256: reportDigest(await readFile(file)),
    tool: 'protektor' as const,
    version: await packageVersion(),
  }
  await writeFile(file + SIGNATURE_SUFFIX, await sealReport({ ...facts, signedAt: new Date().toISOString() }, signer))
}

interface Desks {
  readonly desk: Desk
  readonly atOnce: number
  close(): Promise<void>
}

/** Threads where there is work for more than one, else no detour. */
async function openDesks(material: CheckMaterial, count: number, tell: (text: string) => void): Promise<Desks> {
  const told = new Set<string>()
  // every thread finds the same faults of a schema set
  const warn = (text: string): void => {
    if (!told.has(text)) tell(text)
    told.add(text)
  }
  if (count > 1) {
    const pool = threads(engineThread(material), count, warn)
    return { desk: pool, atOnce: count * FILES_PER_THREAD, close: () => pool.close() }
  }
  const { context, close } = await composeContext(material, 1, warn)
  return { desk: desk(context), atOnce: FILES_IN_HAND, close }
}

/**
 * @returns the exit code of product.md.
 * @throws {UsageError} a wrong call, or a trust or schema file that cannot be used.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseCommand(argv, OPTIONS, true)
  if (values.help === true) {
    io.out.write(HELP[io.lang])
    return 0
  }
  const lang = languageOf(values.lang, io)
  const format = formatOf(values.format)
  const at = momentOf(values.at)
  const layers = layersOf(values.layers)
  const keystores = keystoreArguments(argv, OPTIONS, ['keystore', 'sign'])
  const signer = await signerOf(keystores, values.out)
  if (positionals.length === 0) throw wrong('Dateien, Verzeichnisse oder - fehlen', 'files, directories or - are missing')
  const suites = await readSuites(await listInputs(positionals))
  const workers = Math.min(workersOf(values.workers, suites.files.length), suites.files.length)
  // documents will come: the schema engine is tried while their schemas are read
  if (workers === 1 && layers?.has('xoev-schema') !== false) void tryEngine(startWorker)
  const warn = (text: string): void => io.err.write(`protektor: ${text}\n`)
  await warnOf(signer, lang, warn)
  let locked = false
  const { material, judgedBy } = await readMaterial({
    keystores: keystores.keystore,
    requestFiles: suites.files,
    trust: values.trust ?? [],
    schemas: values.schemas ?? [],
    envelopeKeys: values['envelope-keys'] ?? [],
    secondOpinion: values['second-opinion'] ?? false,
    locked: ({ text }) => {
      locked = true
      warn(text[lang])
    },
    ...(layers ? { layers } : {}),
    ...(at ? { at } : {}),
  })
  const desks = await openDesks(material, workers, warn)
  try {
    const head: ReportHead = { tool: 'protektor', version: await packageVersion(), node: process.version, ...judgedBy }
    const form = await FORMATS[format]({ page: reportPage })
    const writer = form.writer(head, lang)
    const target = await targetOf(values.out, form.fileName, io)
    let sum = NOTHING_YET
    let outside = NOTHING_YET
    let differing = ''
    const differ = (file: string, found: readonly Difference[]) => (differing += renderDifferences(file, found, lang))
    try {
      await target.write(writer.begin())
      await checkAll({ files: suites.files, lang, ...desks }, io, async (result) => {
        sum = counted(sum, result.verdict)
        const found = suites.compare(result)
        if (found === undefined) outside = counted(outside, result.verdict)
        else differ(result.file, found)
        await target.write(writer.one(found === undefined ? result : { ...result, differences: found }))
      })
      const expected = suites.sum()
      for (const file of expected?.missing ?? []) differ(file, [{ kind: 'file-missing' }])
      await target.write(writer.end(sum, expected))
    } finally {
      await target.close()
    }
    if (target.file !== undefined && signer) await sign(target.file, signer)
    if (target.file !== undefined) io.out.write(`${sumLine(sum, lang)}\n${target.file}\n`)
    io.err.write(differing)
    // a keystore that does not open is a wrong call, and says so in the end; what needs no key has been checked all the same
    if (locked) return 2
    if (suites.files.length === 0 && differing === '') {
      warn(NOTHING_THERE[lang])
      // nothing looked at is unchecked, of files as of layers
      return exitCode({ ...NOTHING_YET, unchecked: 1 })
    }
    // a suite is judged by its expectations: what it holds is meant to be wrong
    return exitCode(differing === '' ? outside : counted(outside, 'invalid'))
  } finally {
    await desks.close()
  }
}
