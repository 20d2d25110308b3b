// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor start`: the story that must always run. Core, gateway, intermediary and two registers on loopback with throwaway keys; three
 * real rides over HTTP, told hop by hop; then it keeps serving.
 * Exit codes: 0 all ridden (and ended) · 1 a ride brought no answer · 2 usage · 4 failed.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFolder } from '../../config/folder.js'
import { loadConfig } from '../../config/load.js'
import { parseCommand, UsageError } from '../arguments.js'
import { assertDemoDirectory } from '../compose/demo-directory.js'
import { DEMO_REGISTER } from '../compose/demo-kit.js'
import { startRegister, type OfficeName, type RunningRegister } from '../compose/demo-register.js'
import type { ParticipantKeys } from '../compose/demo-keys.js'
import { gatewayOwner, ownerOf, writeKeysFiles, type DemoKeysFiles } from '../compose/demo-participants.js'
import { DESK, NEIGHBOUR_REGISTER, openStory, type Story, type StoryOptions } from '../compose/demo-story.js'
import { onlineMount } from '../compose/demo-online.js'
import { startGateway, type RunningGateway } from '../compose/gateway.js'
import type { Io } from '../io.js'
import { outToTheNeighbour } from '../story/out-to-the-neighbour.js'
import { teller, type Ridden, type Ride, type Stage, type Teller } from '../story/ride.js'
import { throughTheIntermediary } from '../story/through-the-intermediary.js'
import { toTheRegister } from '../story/to-the-register.js'
import { endSignal } from './serve.js'

const RIDES: readonly Ride[] = [toTheRegister, throughTheIntermediary, outToTheNeighbour]

const HELP = {
  de: `protektor start [--port 8080] [--admin-port 8081] [--directory .protektor/demo] [--fresh] [--once]
    laufendes Beispiel mit Wegwerf-Schlüsseln: drei Anfragen auf eine Meldebescheinigung, Schritt für Schritt: von einem fremden
    Intermediär, durch uns als Intermediär, und als Umschlag hinaus zu einem OSCI-Partner; danach weiter im Dienst
    --fresh  neue Schlüssel        --once  nach den Fahrten enden
    Mit REDIS_URL in der Umgebung liegt der Kern dort, und zwei Knoten teilen sich die Arbeit.
Ende mit: 0 alle gefahren · 1 eine Fahrt ohne Antwort · 2 falscher Aufruf · 4 gescheitert
`,
  en: `protektor start [--port 8080] [--admin-port 8081] [--directory .protektor/demo] [--fresh] [--once]
    running example with throwaway keys: three requests for a Meldebescheinigung, hop by hop: from somebody else's intermediary, through
    us as the intermediary, and as an envelope out to an OSCI party; then keeps serving
    --fresh  new keys        --once  end after the rides
    With REDIS_URL in the environment the core lies there, and two nodes share the work.
Exit codes: 0 all ridden · 1 a ride without answer · 2 wrong call · 4 failed
`,
} as const

const WORDS = {
  de: {
    second: 'Zweiter Knoten desselben Kerns (Redis); hier holen die Register ab:',
    title: 'Protektor – Demo. Alle Schlüssel, Behörden und Personen sind erfunden.',
    made: 'Schlüssel erzeugt in', reused: 'Schlüssel aus', running: 'Gateway und Kern laufen auf', admin: 'Betriebsseite',
    registers: 'Register Musterstadt holt ab aus', and: 'Register Nachbarstadt aus', keeps: 'Läuft weiter; Ende mit Strg-C. Zum Ausprobieren:',
    citizen: 'Bürgerseite (im Browser öffnen):', tester: 'Prüfseite für Nachrichten:', took: 'Antwort nach', broke: 'Die Fahrt brach ab', written: 'Nachrichten der ersten Fahrt liegen in',
    taken: 'Die Adresse ist belegt; mit --port und --admin-port andere wählen',
    unusable: 'das Verzeichnis der Demo ist nicht brauchbar; --fresh macht es neu, --directory nimmt ein anderes',
  },
  en: {
    second: 'second node of the same core (Redis); here the registers take:',
    title: 'Protektor – demo. All keys, authorities and persons are made up.',
    made: 'keys made in', reused: 'keys from', running: 'gateway and core run on', admin: 'operator page',
    registers: 'register Musterstadt takes from', and: 'register Nachbarstadt from', keeps: 'Keeps serving; end with Ctrl-C. Try:',
    citizen: 'Citizen page (open it in a browser):', tester: 'Tester page for messages:', took: 'answer after', broke: 'The ride broke off', written: 'messages of the first ride lie in',
    taken: 'The address is taken; choose others with --port and --admin-port',
    unusable: 'the directory of the demo cannot be used; --fresh makes it anew, --directory takes another one',
  },
} as const // prettier-ignore

const port = (text: string | undefined, fallback: number): number => {
  if (text === undefined) return fallback
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value > 65535) throw new UsageError({ de: `kein Port: ${text}`, en: `not a port: ${text}` })
  return value
}

/** 0 asks for any free port. The directory of the demo names it, so it must be known before the gateway listens. */
async function fixedPort(wanted: number): Promise<number> {
  if (wanted !== 0) return wanted
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port: free } = server.address() as AddressInfo
  await new Promise<void>((done) => server.close(() => done()))
  return free
}

const near = (file: string): string => relative('.', file) || file

/** The program's own directory, whether it runs from sources or compiled. */
const HOME = resolve(dirname(fileURLToPath(import.meta.url)), import.meta.url.includes('/dist/src/') ? '../../../..' : '../../..')

function nextSteps({ public: open, admin }: RunningGateway, { directory, configFile }: Story, keys: DemoKeysFiles): string {
  const key = (name: string) => near(join(directory, 'keys', name))
  const message = near(join(directory, 'ride', 'request.osci'))
  return [
    `  curl -s --data-binary @${message} -H 'Content-Type: text/xml' ${open.url}/osci/recipient | head -c 400`,
    `  npx protektor check --keystore ${key('town-cipher.p12')} --pin-file ${key('pin')} --keystore ${key('town-reader.p12')} --pin-file ${key('pin')} --trust ${key('ca.pem')} ${message}`,
    `  npx tsx ${near(join(HOME, 'examples', 'osci-client.ts'))} ${open.url} ${near(directory)}`,
    `  npx protektor send --ask --to ${DEMO_REGISTER} --keys ${near(keys.portal)} ${near(join(directory, 'ride', 'request.xml'))}`,
    `  npx protektor take --mailbox ${DESK} --keys ${near(keys.register)} --wait 300   # send --ask --to ${DESK} …, then: protektor answer`,
    `  curl -s ${open.url}/`,
    `  curl -s ${admin.url}/metrics | grep protektor_`,
    `  npx protektor serve --config ${near(configFile)}`,
    '',
  ].join('\n')
}

async function keep({ directory }: Story, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = join(directory, 'ride')
  await makeFolder(folder, 0o700)
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes, { mode: 0o600 })
  return folder
}

/** @throws {UsageError} not a directory of the demo; whatever a damaged one leads to */
async function prepare(directory: string, options: StoryOptions): Promise<Story> {
  await assertDemoDirectory(directory, options.fresh)
  return openStory(directory, options)
}

/** One ride, told and shown. @returns whether it was good. */
async function ride(one: Ride, stage: Stage, told: Teller, io: Io): Promise<boolean> {
  const words = WORDS[io.lang]
  let ridden: Ridden & { readonly ms: number }
  try {
    ridden = await told.tell(one, stage)
  } catch (error) {
    io.err.write(`${words.broke}: ${error instanceof Error ? error.message : String(error)}\n`)
    return false
  }
  io.out.write(`\n${ridden.shown[io.lang]}${words.took} ${ridden.ms.toFixed(0)} ms.`)
  io.out.write(ridden.files ? ` ${words.written} ${near(await keep(stage.demo, ridden.files))}\n\n` : '\n\n')
  return ridden.good
}

/** @param url of the node they take from. */
async function startRegisters({ gateway, demo, audience }: Stage, url: string, io: Io): Promise<RunningRegister[]> {
  const onProblem = (error: unknown) => io.err.write(`register: ${error instanceof Error ? error.message : String(error)}\n`)
  const senders = [gatewayOwner(gateway.identity), ownerOf(demo.portal)]
  const start = (keys: ParticipantKeys, office: OfficeName, mailbox: string) =>
    startRegister(url, keys, senders, { office, mailbox, audience, onProblem })
  return Promise.all([
    start(demo.register, 'musterstadt', DEMO_REGISTER),
    start(demo.neighbourRegister, 'nachbarstadt', NEIGHBOUR_REGISTER),
  ])
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
  const publicPort = await fixedPort(port(values.port, 8080))
  const adminPort = port(values['admin-port'], 8081)
  const directory = resolve(values.directory ?? join('.protektor', 'demo'))
  io.out.write(words.title + '\n')
  // an empty variable is none: compose files leave one
  const redisUrl = io.env.REDIS_URL || undefined
  const fresh = values.fresh ?? false
  const demo = await prepare(directory, { fresh, publicPort, adminPort, redisUrl }).catch((error: unknown) => {
    if (error instanceof UsageError) throw error
    io.err.write(`protektor: ${near(directory)}: ${words.unusable} (${error instanceof Error ? error.message : String(error)})\n`)
    return undefined
  })
  if (!demo) return 4
  io.out.write(`${demo.made ? words.made : words.reused} ${near(directory)}\n`)

  const told = teller(io)
  const config = await loadConfig(demo.configFile)
  const { portal, register } = demo
  const online = onlineMount({ portal, register, url: `http://127.0.0.1:${publicPort}`, audience: config.publicUrl })
  const gateway = await startGateway(config, { log: told.log, workers: 1, mounts: [online] }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    io.err.write(`protektor: ${words.taken} (${error.message})\n`)
    return undefined
  })
  if (!gateway) return 4
  const stage: Stage = { gateway, demo, audience: config.publicUrl }
  const keysFiles = await writeKeysFiles(demo, gateway.identity, { url: gateway.public.url, audience: stage.audience })
  const second =
    demo.secondNodeFile === undefined ? undefined : await startGateway(await loadConfig(demo.secondNodeFile), { log: told.log, workers: 1 })
  const registers = await startRegisters(stage, (second ?? gateway).public.url, io)
  try {
    io.out.write(`${words.running} ${gateway.public.url}, ${words.admin}: ${gateway.admin.url}/operator/\n`)
    if (second) io.out.write(`${words.second} ${second.public.url}\n`)
    io.out.write(`${words.registers} ${DEMO_REGISTER}, ${words.and} ${NEIGHBOUR_REGISTER}\n\n`)
    let good = true
    for (const one of RIDES) good = (await ride(one, stage, told, io)) && good
    const code = good ? 0 : 1
    if (values.once) return code
    const ended = endSignal()
    io.out.write(`${words.citizen} ${gateway.public.url}${online.path}\n${words.tester} ${gateway.public.url}/tester/\n\n`)
    io.out.write(`${words.keeps}\n${nextSteps(gateway, demo, keysFiles)}`)
    await ended
    return code
  } finally {
    await Promise.all(registers.map((register) => register.stop()))
    const withinMs = values.once ? 1000 : 10_000
    await Promise.all([gateway.close(withinMs), second?.close(withinMs)])
  }
}
