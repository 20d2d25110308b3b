// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor start`: the story that must always run. Core, gateway and register on loopback with throwaway keys; one real
 * processDelivery over HTTP, told hop by hop; then it keeps serving.
 * Exit codes: 0 ridden (and ended) · 1 no answer came · 2 usage · 4 failed.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { loadConfig } from '../../config/load.js'
import { GATEWAY_LIMITS } from '../../env.js'
import type { GatewayLog, LogFields } from '../../gateway/log.js'
import { writeXprotektor } from '../../xoev/xprotektor.js'
import { parseXml } from '../../xml/gate.js'
import { childOf, elementsOf, textOf, type XmlElement } from '../../xml/tree.js'
import { parseCommand, UsageError } from '../arguments.js'
import { DEMO_REGISTER, openDemo, type Demo } from '../compose/demo-kit.js'
import { startRegister } from '../compose/demo-register.js'
import { buildDelivery, readAnswer, type ReadAnswer } from '../compose/demo-request.js'
import { startGateway, type RunningGateway } from '../compose/gateway.js'
import type { Io, Language } from '../io.js'
import { endSignal } from './serve.js'

const HELP = {
  de: `protektor start [--port 8080] [--admin-port 8081] [--directory .protektor/demo] [--fresh] [--once]
    laufendes Beispiel mit Wegwerf-Schlüsseln: eine Anfrage auf eine Meldebescheinigung, Schritt für Schritt; danach weiter im Dienst
    --fresh  neue Schlüssel        --once  nach der Fahrt enden
Ende mit: 0 gefahren · 1 keine Antwort · 2 falscher Aufruf · 4 gescheitert
`,
  en: `protektor start [--port 8080] [--admin-port 8081] [--directory .protektor/demo] [--fresh] [--once]
    running example with throwaway keys: a request for a Meldebescheinigung, hop by hop; then keeps serving
    --fresh  new keys        --once  end after the ride
Exit codes: 0 ridden · 1 no answer · 2 wrong call · 4 failed
`,
} as const

/** What the log's events are in the story. `ms` counts from the moment the request left. */
const HOPS: Readonly<Record<string, { readonly de: string; readonly en: string }>> = {
  sent: { de: 'Intermediär → Gateway: processDelivery per HTTP', en: 'intermediary → gateway: processDelivery over HTTP' },
  opened: { de: 'Gateway: MIME, SOAP, Transportverschlüsselung geöffnet', en: 'gateway: MIME, SOAP, transport encryption opened' },
  verified: { de: 'Gateway: Nachrichtensignatur geprüft, Partner erkannt', en: 'gateway: message signature verified, peer recognised' },
  checked: {
    de: 'Gateway: Inhalt entschlüsselt, Autor geprüft, XÖV-Schema gültig',
    en: 'gateway: content decrypted, author verified, XÖV schema valid',
  },
  put: {
    de: 'Gateway → Kern: neu versiegelt ins Postfach ' + DEMO_REGISTER,
    en: 'gateway → core: sealed anew into mailbox ' + DEMO_REGISTER,
  },
  taken: { de: 'Register ← Kern: abgeholt; im Kern ist nichts mehr', en: 'register ← core: taken; nothing is left in the core' },
  answered: { de: 'Register → Kern → Gateway: Bescheid und Ergebnis', en: 'register → core → gateway: notice and result' },
  delivery: { de: 'Gateway: Antwort signiert und verschlüsselt', en: 'gateway: answer signed and encrypted' },
  received: {
    de: 'Intermediär ← Gateway: responseToProcessDelivery, geprüft und entschlüsselt',
    en: 'intermediary ← gateway: responseToProcessDelivery, verified and decrypted',
  },
}

const WORDS = {
  de: {
    title: 'Protektor – Demo. Alle Schlüssel, Behörden und Personen sind erfunden.',
    made: 'Schlüssel erzeugt in', reused: 'Schlüssel aus', running: 'Gateway und Kern laufen auf', admin: 'Betrieb', register: 'Register Musterstadt holt ab aus',
    ride: 'Eine Fahrt:', answer: 'Die Antwort (entschlüsselt):', none: 'Es kam keine Antwort', keeps: 'Läuft weiter; Ende mit Strg-C. Zum Ausprobieren:', took: 'Antwort nach',
    written: 'Nachrichten der Fahrt liegen in', taken: 'Die Adresse ist belegt; mit --port und --admin-port andere wählen',
  },
  en: {
    title: 'Protektor – demo. All keys, authorities and persons are made up.',
    made: 'keys made in', reused: 'keys from', running: 'gateway and core run on', admin: 'admin', register: 'register Musterstadt takes from',
    ride: 'One ride:', answer: 'The answer (decrypted):', none: 'No answer came', keeps: 'Keeps serving; end with Ctrl-C. Try:', took: 'answer after',
    written: 'messages of the ride lie in', taken: 'The address is taken; choose others with --port and --admin-port',
  },
} as const // prettier-ignore

const port = (text: string | undefined, fallback: number): number => {
  if (text === undefined) return fallback
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value > 65535) throw new UsageError({ de: `kein Port: ${text}`, en: `not a port: ${text}` })
  return value
}

/** A log that tells the story of the ride; warnings and errors are shown in any case. */
function storyLog(tell: (event: string) => void, io: Io): GatewayLog {
  return {
    write(level, event, fields: LogFields) {
      if (level === 'info' && HOPS[event]) tell(event)
      else if (level !== 'info') io.err.write(`${event} ${JSON.stringify(fields)}\n`)
    },
  }
}

/** A request of an invented citizen, complete and valid. */
function demoDocument(): Uint8Array {
  const party = (kennung: string, name: string) => ({ verzeichnisdienst: { code: 'DVDV' }, kennung, name })
  return writeXprotektor({
    messageType: 'meldebescheinigung.anfrage.1000',
    produkt: 'Online-Dienst (Demo)',
    produkthersteller: 'Projekt Protektor',
    test: 'Demo',
    'nachrichtenkopf.g2g': {
      'identifikation.nachricht': {
        nachrichtenUUID: randomUUID(),
        nachrichtentyp: { code: '1000' },
        erstellungszeitpunkt: new Date().toISOString(),
      },
      leser: party(DEMO_REGISTER, 'Meldebehörde Musterstadt (Demo)'),
      autor: party('mbp:99001', 'Online-Dienst Musterstadt (Demo)'),
    },
    identifikation: {
      familienname: { name: 'Beispiel' },
      vornamen: { name: 'Jörg' },
      geburtsdatum: { jahrMonatTag: '1975-11-03' },
      anschrift: {
        gemeindeschluessel: { code: '99001000', listVersionID: '2026-04-30' },
        postleitzahl: '99001',
        strasseUndHausnummer: 'Demogasse 1',
      },
    },
    datenumfang: { mindestumfang: true },
    zustellvariante: { code: '02' },
  })
}

const MAX_VALUE = 60

/** Element names and short values, indented: enough to see what came. */
function outline(e: XmlElement, depth = 1): string {
  const kids = elementsOf(e)
  const value = kids.length > 0 ? '' : ': ' + (textOf(e).length > MAX_VALUE ? textOf(e).slice(0, MAX_VALUE) + '…' : textOf(e))
  return `${'  '.repeat(depth)}${e.local}${value}\n` + kids.map((k) => outline(k, depth + 1)).join('')
}

function show(answer: ReadAnswer, lang: Language): string {
  const codes = answer.codes.map((code, at) => `  ${code} ${answer.texts[at] ?? ''}\n`).join('')
  if (!answer.document) return `${WORDS[lang].none}:\n${codes}`
  const { root } = parseXml(answer.document, { limits: GATEWAY_LIMITS, frame: 'content', stage: 'xoev' })
  // the head says who and when; the rest is what the citizen wanted
  const body = elementsOf(root).filter((e) => e !== childOf(root, root.uri, 'nachrichtenkopf.g2g') && e.local !== 'ursprungsnachricht')
  return `${WORDS[lang].answer}\n${codes}  ${root.local}\n${body.map((e) => outline(e, 2)).join('')}`
}

interface Ride {
  readonly answer: ReadAnswer
  readonly request: Uint8Array
  readonly response: Uint8Array
  readonly ms: number
}

async function ride(url: string, demo: Demo, began: (at: number) => void): Promise<Ride> {
  const request = await buildDelivery({ document: demoDocument(), subject: 'Demo' }, demo.keys)
  const t0 = performance.now()
  began(t0)
  const reply = await fetch(`${url}/osci/recipient`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/xml; charset=UTF-8', SOAPAction: '""' },
    body: Buffer.from(request),
  })
  const response = new Uint8Array(await reply.arrayBuffer())
  const answer = await readAnswer(response, demo.keys)
  return { answer, request, response, ms: performance.now() - t0 }
}

function nextSteps(gateway: RunningGateway, demo: Demo): string {
  const near = (file: string) => relative('.', file) || file
  const { url } = gateway.public
  const message = near(join(demo.directory, 'ride', 'request.osci'))
  return [
    `  curl -s --data-binary @${message} -H 'Content-Type: text/xml' ${url}/osci/recipient | head -c 400`,
    `  npx protektor check --keystore ${near(join(demo.directory, 'keys', 'town-cipher.p12'))} --pin-file ${near(join(demo.directory, 'keys', 'pin'))} --keystore ${near(join(demo.directory, 'keys', 'town-reader.p12'))} --pin-file ${near(join(demo.directory, 'keys', 'pin'))} --trust ${near(join(demo.directory, 'keys', 'ca.pem'))} ${message}`,
    `  curl -s ${url}/openapi.json | head -c 400`,
    `  curl -s ${gateway.admin.url}/metrics | grep protektor_`,
    `  npx protektor serve --config ${near(demo.configFile)}`,
    '',
  ].join('\n')
}

async function keepMessages(demo: Demo, done: Ride): Promise<string> {
  const folder = join(demo.directory, 'ride')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, 'request.osci'), done.request, { mode: 0o600 })
  await writeFile(join(folder, 'response.osci'), done.response, { mode: 0o600 })
  return folder
}

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseCommand(
    argv,
    {
      port: { type: 'string' },
      'admin-port': { type: 'string' },
      directory: { type: 'string' },
      fresh: { type: 'boolean' },
      once: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const,
    false,
  )
  if (values.help) {
    io.out.write(HELP[io.lang])
    return 0
  }
  const words = WORDS[io.lang]
  const directory = resolve(values.directory ?? join('.protektor', 'demo'))
  io.out.write(words.title + '\n')
  const demo = await openDemo(directory, {
    fresh: values.fresh ?? false,
    publicPort: port(values.port, 8080),
    adminPort: port(values['admin-port'], 8081),
  })
  io.out.write(`${demo.made ? words.made : words.reused} ${relative('.', directory) || directory}\n`)

  let startedAt = 0
  let told = 0
  const tell = (event: string): void => {
    const ms = (performance.now() - startedAt).toFixed(0).padStart(5)
    io.out.write(`  ${String(++told)}. ${ms} ms  ${HOPS[event]?.[io.lang] ?? event}\n`)
  }
  let riding = false
  const config = await loadConfig(demo.configFile)
  const started = await startGateway(config, { log: storyLog((event) => riding && tell(event), io), workers: 1 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error
      io.err.write(`protektor: ${words.taken} (${error.message})\n`)
      return undefined
    },
  )
  if (!started) return 4
  const gateway: RunningGateway = started
  const register = await startRegister(gateway.public.url, demo.register, gateway.identity, {
    audience: config.publicUrl,
    onProblem: (error) => io.err.write(`register: ${error instanceof Error ? error.message : String(error)}\n`),
  })
  try {
    io.out.write(
      `${words.running} ${gateway.public.url}, ${words.admin} ${gateway.admin.url}\n${words.register} ${DEMO_REGISTER}\n\n${words.ride}\n`,
    )
    const done = await ride(gateway.public.url, demo, (at) => {
      startedAt = at
      riding = true
      tell('sent')
    })
    tell('received')
    riding = false
    io.out.write('\n' + show(done.answer, io.lang))
    io.out.write(`\n${words.took} ${done.ms.toFixed(0)} ms. ${words.written} ${relative('.', await keepMessages(demo, done))}\n`)
    const good = done.answer.codes.includes('0800') && done.answer.document !== undefined
    if (values.once) return good ? 0 : 1
    const ended = endSignal()
    io.out.write(`\n${words.keeps}\n${nextSteps(gateway, demo)}`)
    await ended
    return good ? 0 : 1
  } finally {
    await register.stop()
    await gateway.close(values.once ? 1000 : 10_000)
  }
}
