// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor conformance`: plays one side against somebody else's endpoint, or stands between two parties, and reports clause by clause.
 *
 *   words ── profile, keys ── role ── clauses, one after another ── report, bytes ── exit code
 * @module
 */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { X509Certificate } from 'node:crypto'
import { check } from '../../check/engine.js'
import { systemClock, systemRandom } from '../../client/transport.js'
import { chosen, matches, type ClauseResult } from '../../conformance/clause.js'
import { FAULTS, type Fault } from '../../conformance/faults.js'
import { openKeys } from '../../conformance/keys.js'
import type { Profile } from '../../conformance/profile.js'
import { NoRun } from '../../conformance/no-run.js'
import { countOf, FORMS, type FormName } from '../../conformance/reports.js'
import { Legs } from '../../conformance/wire.js'
import { REQUEST_NAMES } from '../../osci/messages.js'
import { readPemCertificates } from '../../pki/keystore.js'
import { parseCommand, UsageError } from '../arguments.js'
import { openOutput } from '../conformance/output.js'
import { readProfile } from '../conformance/profile-file.js'
import { play, ROLES, type Given, type RoleName, type RoleRow } from '../conformance/roles.js'
import { interruption } from '../interruption.js'
import type { Io, Text } from '../io.js'
import { packageVersion } from '../version.js'
import { openContext } from './check-context.js'
import { named, openKeystore } from './check-material.js'
import { keystoreArguments } from './keystore-arguments.js'

const OPTIONS = {
  url: { type: 'string' },
  as: { type: 'string' },
  profile: { type: 'string' },
  keystore: { type: 'string', multiple: true },
  pin: { type: 'string', multiple: true },
  'pin-file': { type: 'string', multiple: true },
  listen: { type: 'string' },
  to: { type: 'string' },
  fault: { type: 'string', multiple: true },
  wait: { type: 'string', default: '600' },
  only: { type: 'string', multiple: true },
  list: { type: 'boolean' },
  faults: { type: 'boolean' },
  format: { type: 'string', multiple: true },
  out: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

const HELP: Text = {
  de: `Aufruf: protektor conformance --as ROLLE --profile DATEI.yaml [OPTIONEN]

Prüft eine Gegenstelle Klausel für Klausel gegen OSCI-Transport 1.2.

  --as client         spielt den Client eines Intermediärs (--url)
  --as intermediary   spielt den Intermediär vor einem passiven Empfänger (--url)
  --as recipient      spielt den passiven Empfänger (--listen); mit --url auch den Client, der den Intermediär ruft
  --as proxy          steht zwischen zwei Parteien (--listen, --to) und macht Fehler (--fault)

  --url URL           die Gegenstelle
  --profile DATEI     was sie zu können angibt (docs/conformance.md)
  --keystore DATEI    eigene Schlüssel; dahinter --pin PIN oder --pin-file DATEI (mehrfach)
  --listen HOST:PORT  eigene Adresse (Port 0: irgendeiner)
  --to URL            wohin der Proxy weiterreicht
  --fault NAME        Fehler, auch mit *, auch NAME@AUFTRAG (mehrfach); jeder wird einmal gemacht
  --wait SEKUNDEN     wie lange auf Anrufe gewartet wird (600)
  --only MUSTER       nur diese Klauseln, auch mit * (mehrfach)
  --list              nennt die Klauseln (mit --as und --profile)
  --faults            nennt die Fehler
  --format FORM       text, json, junit, html (mit --out mehrfach)
  --out VERZEICHNIS   Berichte und alle ausgetauschten Bytes

Ende mit: 0 keine Klausel verletzt · 1 Klauseln verletzt · 2 Aufruf oder Profil · 4 gescheitert
`,
  en: `Usage: protektor conformance --as ROLE --profile FILE.yaml [OPTIONS]

Holds a counterpart against OSCI-Transport 1.2, clause by clause.

  --as client         plays the client of an intermediary (--url)
  --as intermediary   plays the intermediary in front of a passive recipient (--url)
  --as recipient      plays the passive recipient (--listen); with --url the client, too, that calls the intermediary
  --as proxy          stands between two parties (--listen, --to) and makes faults (--fault)

  --url URL           the counterpart
  --profile FILE      what it claims to support (docs/conformance.md)
  --keystore FILE     own keys; followed by --pin PIN or --pin-file FILE (several)
  --listen HOST:PORT  own address (port 0: any)
  --to URL            where the proxy passes things on
  --fault NAME        a fault, * allowed, also NAME@EXCHANGE (several); each is made once
  --wait SECONDS      how long calls are waited for (600)
  --only PATTERN      these clauses only, * allowed (several)
  --list              names the clauses (with --as and --profile)
  --faults            names the faults
  --format FORM       text, json, junit, html (several with --out)
  --out DIRECTORY     reports, and all bytes that were exchanged

Exit codes: 0 no clause broken · 1 clauses broken · 2 usage or profile · 4 failed
`,
}

const wrong = (de: string, en: string): UsageError => new UsageError({ de, en })

function roleOf(value: string | undefined): RoleName {
  if (value !== undefined && Object.hasOwn(ROLES, value)) return value as RoleName
  const known = Object.keys(ROLES).join(', ')
  throw wrong(`--as erwartet eine Rolle: ${known}`, `--as wants a role: ${known}`)
}

/** @param out absent: the report goes to standard output, which has room for one. */
function formsOf(values: readonly string[], out: string | undefined): FormName[] {
  const unknown = values.find((value) => !Object.hasOwn(FORMS, value))
  const known = Object.keys(FORMS).join(', ')
  if (unknown !== undefined) throw wrong(`--format kennt ${unknown} nicht: ${known}`, `--format does not know ${unknown}: ${known}`)
  const forms = [...new Set(values)] as FormName[]
  if (out === undefined && forms.length > 1) throw wrong('mehrere --format verlangen --out', 'several --format want --out')
  return forms
}

/** `NAME`, or `NAME@EXCHANGE` for one exchange only. */
function faultsOf(wishes: readonly string[]): Fault[] {
  return wishes.flatMap((wish) => {
    const [glob = '', exchange] = wish.split('@')
    const found = FAULTS.filter(({ name }) => matches(glob, name))
    const known = exchange === undefined || (REQUEST_NAMES as readonly string[]).includes(exchange)
    if (found.length === 0 || !known)
      throw wrong(`--fault ${wish}: so heißt kein Fehler (--faults)`, `--fault ${wish}: no fault has this name (--faults)`)
    if (exchange === undefined) return found
    return found.map((fault): Fault => ({
      ...fault,
      name: `${fault.name}@${exchange}`,
      // which exchange it is can only be seen inside
      depth: fault.depth === 'wire' ? 'inside' : fault.depth,
      fits: (where) => where.type.exchange === exchange && fault.fits(where),
    }))
  })
}

function addressOf(value: string | undefined): { host: string; port: number } | undefined {
  if (value === undefined) return undefined
  const [, host, port] = /^(?:\[([^\]]+)\]|[^:]+):(\d{1,5})$/.exec(value) ?? []
  const at = { host: host ?? value.slice(0, value.lastIndexOf(':')), port: Number(port) }
  if (port === undefined || at.port > 65_535) throw wrong('--listen erwartet HOST:PORT', '--listen wants HOST:PORT')
  return at
}

function secondsOf(value: string): number {
  if (!/^\d{1,5}$/.test(value)) throw wrong('--wait erwartet Sekunden', '--wait wants seconds')
  return Number(value)
}

function urlOf(value: string | undefined, option: string): string | undefined {
  if (value === undefined || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol))) return value
  throw wrong(`--${option} erwartet eine http- oder https-Adresse`, `--${option} wants an http or https address`)
}

async function certificate(directory: string, file: string): Promise<X509Certificate> {
  const path = resolve(directory, file)
  const [first] = await named(path, async () => readPemCertificates(await readFile(path, 'utf8')))
  if (!first) throw wrong(`${path}: darin ist kein Zertifikat`, `${path}: there is no certificate in it`)
  return first
}

/** Everything that the profile names, read from beside it. */
async function filesOf({ certificates, receiver, document }: Profile, directory: string) {
  const { cipher, signature } = certificates
  return {
    certificates: {
      ...(cipher === undefined ? {} : { cipher: await certificate(directory, cipher) }),
      signature: await Promise.all(signature.map((file) => certificate(directory, file))),
    },
    ...(receiver
      ? {
          receiver: {
            cipher: await certificate(directory, receiver.cipher),
            ...(receiver.signature === undefined ? {} : { signature: await certificate(directory, receiver.signature) }),
          },
        }
      : {}),
    ...(document === undefined ? {} : { document: await named(document, async () => readFile(resolve(directory, document))) }),
  }
}

/** Where it is seen, by what name in our own log, and what the next one is told. */
function factsOf({ text, layer, codes, finding, seen, onward }: Fault): Text {
  const names = [layer, ...(codes ?? []), seen?.code, seen?.finding ?? finding, onward && `→ ${onward}`]
  const facts = names.filter((one) => one !== undefined).join(', ')
  return { de: `${text.de} [${facts}]`, en: `${text.en} [${facts}]` }
}

const OUR_FAILURE: Text = { de: 'der Prüfer selbst ist gescheitert', en: 'the tester itself failed' }

const list = (rows: readonly { readonly id: string; readonly text: Text }[], io: Io): number => {
  for (const { id, text } of rows) io.out.write(`${id}\n    ${text[io.lang]}\n`)
  return 0
}

/**
 * @returns 0 no clause broken, 1 some are.
 * @throws {UsageError} a wrong call; {ConfigError} a profile that cannot be used.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseCommand(argv, OPTIONS, false)
  if (values.help === true) {
    io.out.write(HELP[io.lang])
    return 0
  }
  if (values.faults === true) return list(FAULTS.map((fault) => ({ id: fault.name, text: factsOf(fault) })), io) // prettier-ignore
  const roleName = roleOf(values.as)
  const role: RoleRow = ROLES[roleName]
  const file = values.profile
  if (file === undefined) throw wrong('--profile fehlt', '--profile is missing')
  const profile = readProfile(file, await named(file, () => readFile(file)))
  const faults = faultsOf(values.fault ?? [])
  const only = values.only ?? []
  const [url, to, at] = [urlOf(values.url, 'url'), urlOf(values.to, 'to'), addressOf(values.listen)]
  const planned = { profile, faults, ...(url === undefined ? {} : { url }) }
  const clauses = chosen(role.clauses(planned), only)
  if (values.list === true) return list(clauses, io)
  const given: Readonly<Record<Given, unknown>> = { url, to, listen: at, fault: values.fault }
  const useful = [...role.needs, ...role.takes]
  const idle = (Object.keys(given) as Given[]).find((option) => given[option] !== undefined && !useful.includes(option))
  if (idle !== undefined) throw wrong(`--as ${roleName} hat keine Verwendung für --${idle}`, `--as ${roleName} has no use for --${idle}`)
  const missing = role.needs.find((need) => given[need] === undefined)
  if (missing !== undefined) throw wrong(`--as ${roleName} verlangt --${missing}`, `--as ${roleName} wants --${missing}`)
  if (clauses.length === 0) throw wrong('--only: so heißt keine Klausel (--list)', '--only: no clause has this name (--list)')
  const forms = formsOf(values.format ?? (values.out === undefined ? ['text'] : ['html', 'json']), values.out)
  const stores = keystoreArguments(argv, OPTIONS, ['keystore']).keystore
  const pairs = (await Promise.all(stores.map(openKeystore))).flat()
  const keys = await openKeys(pairs, { ...systemClock, random: systemRandom })
  const files = await filesOf(profile, dirname(resolve(file)))
  const output = await openOutput(values.out, forms, io.lang, io)
  const context = await openContext({
    keystores: stores,
    trust: [],
    schemas: [],
    workers: 1,
    warn: (text) => io.err.write(`protektor: ${text}\n`),
  })
  const stop = interruption()
  const results: ClauseResult[] = []
  let noRun: NoRun | undefined
  let brokenOff: Text | null = null
  try {
    await play(roleName, {
      ...planned,
      ...files,
      pairs,
      keys,
      legs: new Legs((leg) => output.keep(leg)),
      check: ({ contentType, body }) =>
        check(body, contentType === '' ? context.context : { ...context.context, httpContentType: contentType }),
      ...(at ? { listen: at } : {}),
      ...(to === undefined ? {} : { to }),
      waitSeconds: secondsOf(values.wait),
      only,
      signal: stop.signal,
      say: (text) => io.err.write(`protektor: ${text}\n`),
      told: (result) => {
        results.push(result)
        if (io.err.isTerminal) io.err.write(`\r${results.length}/${clauses.length}`)
        return Promise.resolve()
      },
    })
  } catch (error) {
    brokenOff = error instanceof NoRun ? error.words : OUR_FAILURE
    if (!(error instanceof NoRun)) throw error
    noRun = error
  } finally {
    if (io.err.isTerminal) io.err.write('\r\x1b[K')
    stop.dispose()
    await context.close()
    // a run that broke off leaves what it has found until then
    const head = { tool: 'protektor' as const, version: await packageVersion(), at: systemClock.now().toISOString() }
    if (results.length > 0)
      await output.report({ ...head, role: roleName, url: url ?? to ?? '', profile: profile.name, brokenOff }, results)
  }
  if (noRun) {
    io.err.write(`protektor: ${noRun.words[io.lang]} (${noRun.finding})\n`)
    return 4
  }
  return countOf(results, 'failed') > 0 ? 1 : 0
}
