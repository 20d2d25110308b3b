// SPDX-License-Identifier: EUPL-1.2
/**
 * Across options: OSCI endpoints and ways out, what they name and what their mode needs.
 * @module
 */
import type { Path } from './problems.js'
import { duplicates, entryOf, type Say, type Values } from './remarks.js'

/** Where each role answers (product.md, Decisions, "addresses, ports"), and what those are who call there. */
const ROLES = {
  passiveRecipient: { room: '/osci/recipient', caller: 'intermediary' },
  intermediary: { room: '/osci/intermediary', caller: 'user' },
} as const

/** Whether anything that uses the keyring reads content. */
const opensContent = ({ endpoints, outgoing }: Values, keys: string): boolean =>
  endpoints.some((one) => one.keys === keys && one.mode === 'terminating') || outgoing.some((way) => way.keys === keys)

type Endpoint = Values['endpoints'][number]

const mailboxesOf = ({ defaultMailbox, routes }: Endpoint): string[] => [
  ...new Set([...routes.map((route) => route.mailbox), ...(defaultMailbox === undefined ? [] : [defaultMailbox])]),
]

/** For so long whoever asks can be answered: the life of his request, the grace of a core, and the second in which the answer is sealed. */
function longestAnswer(endpoint: Endpoint, { mailboxes }: Values): number {
  const lives = mailboxesOf(endpoint).map((address) => entryOf(mailboxes, address)?.ttlSeconds ?? 10)
  return Math.min(endpoint.takeWithinSeconds, ...lives) + 61
}

const MIB = 1024 * 1024

/** What a message may have and nothing behind it can hold. The room of a core elsewhere is not known here. */
function checkRoom(endpoint: Endpoint, { limits, mailboxes, core }: Values, say: Say): void {
  if (limits.messageBytes > 33 * MIB)
    say(
      'warning',
      ['limits', 'messageBytes'],
      'kein Umschlag fasst mehr als 33 MiB: größere Zustellungen werden abgewiesen (9805)',
      'no envelope holds more than 33 MiB: larger deliveries are refused (9805)',
    )
  if (core.remote) return
  for (const address of mailboxesOf(endpoint))
    if (limits.messageBytes > Math.min(entryOf(mailboxes, address)?.maxBytes ?? 64 * MIB, limits.coreBytes))
      say(
        'warning',
        ['limits', 'messageBytes'],
        `mehr, als ${address} oder der Kern fasst (maxBytes, coreBytes): größere Nachrichten erhalten immer 503`,
        `more than ${address} or the core holds (maxBytes, coreBytes): larger messages are always answered 503`,
      )
}

/** A client hears that there is no room at the moment, and would try again for ever. */
function checkOsciMailboxes({ limits, mailboxes }: Values, say: Say): void {
  for (const [address, { cipherCertificates, maxBytes }] of Object.entries(mailboxes))
    if (cipherCertificates.length > 0 && maxBytes < limits.messageBytes)
      say(
        'warning',
        ['mailboxes', address, 'maxBytes'],
        'kleiner als limits.messageBytes: größere Zustellungen erhalten immer 9811 (kein Platz)',
        'less than limits.messageBytes: larger deliveries are always answered 9811 (no room)',
      )
}

export function checkEndpoints(values: Values, say: Say): void {
  const mailboxes = new Set([...Object.keys(values.mailboxes), ...values.participants.flatMap((participant) => participant.mailboxes)])
  const peers = new Map(values.peers.map((peer) => [peer.name, peer]))
  for (const index of duplicates(values.endpoints.map((endpoint) => endpoint.path)))
    say('problem', ['endpoints', index, 'path'], 'kommt schon einmal vor', 'occurs before')
  values.endpoints.forEach((endpoint, index) => {
    const at = (...rest: PropertyKey[]): Path => ['endpoints', index, ...rest]
    const keyring = entryOf(values.keyrings, endpoint.keys)
    const { room, caller } = ROLES[endpoint.role]
    if (!keyring) say('problem', at('keys'), `keyrings.${endpoint.keys} gibt es nicht`, `there is no keyrings.${endpoint.keys}`)
    endpoint.peers.forEach((name, position) => {
      const peer = peers.get(name)
      if (!peer) say('problem', at('peers', position), `kein Partner heißt ${name}`, `no peer is named ${name}`)
      else if (peer.signatureCertificates.length === 0 && peer.roots.length > 0 && peer.role !== undefined && peer.role !== caller)
        say(
          'warning',
          at('peers', position),
          `${name} hat nur roots, und die gelten hier mit role: ${caller}: keine Signatur wird anerkannt`,
          `${name} has only roots, and they hold here with role: ${caller}: no signature will be accepted`,
        )
    })
    if (endpoint.path !== room && !endpoint.path.startsWith(`${room}/`))
      say('problem', at('path'), `bei role ${endpoint.role}: ${room}[/NAME]`, `with role ${endpoint.role}: ${room}[/NAME]`)
    const mailboxExists = (address: string | undefined, path: Path): void => {
      if (address !== undefined && !mailboxes.has(address))
        say('problem', path, `mailboxes.${address} gibt es nicht`, `there is no mailbox ${address}`)
    }
    mailboxExists(endpoint.defaultMailbox, at('defaultMailbox'))
    endpoint.routes.forEach((route, position) => {
      mailboxExists(route.mailbox, at('routes', position, 'mailbox'))
      const metadata = route.metadataReader ?? route.metadataService
      const named = [route.addresseeCertificate, route.kennung, metadata].filter((value) => value !== undefined)
      if (named.length !== 1)
        say(
          'problem',
          at('routes', position),
          'genau eines von addresseeCertificate, kennung, metadataReader und/oder metadataService',
          'exactly one of addresseeCertificate, kennung, metadataReader and/or metadataService',
        )
      if (route.kennung !== undefined && endpoint.mode === 'blind')
        say('problem', at('routes', position, 'kennung'), 'nur mit mode: terminating lesbar', 'readable with mode: terminating only')
    })
    if (endpoint.role === 'passiveRecipient' && endpoint.routes.length === 0 && endpoint.defaultMailbox === undefined)
      say(
        'problem',
        at(),
        'weder routes noch defaultMailbox: nichts kann zugestellt werden',
        'neither routes nor defaultMailbox: nothing can be delivered',
      )
    if (endpoint.role === 'passiveRecipient' && endpoint.mode === undefined)
      say('problem', at('mode'), 'fehlt: terminating oder blind', 'is missing: terminating or blind')
    if (endpoint.role === 'intermediary')
      for (const key of ['routes', 'defaultMailbox'] as const)
        if ((endpoint[key]?.length ?? 0) > 0)
          say(
            'problem',
            at(key),
            'nur bei role passiveRecipient: ein Intermediär stellt nach dem Verschlüsselungszertifikat des Empfängers zu',
            'only with role passiveRecipient: an intermediary delivers by the cipher certificate of the addressee',
          )
    if (endpoint.role === 'intermediary' && endpoint.mode === 'terminating')
      say('problem', at('mode'), 'ein Intermediär öffnet keine Inhalte', 'an intermediary opens no content')
    if (endpoint.role === 'intermediary' && keyring && keyring.reader.length > 0 && !opensContent(values, endpoint.keys))
      say(
        'problem',
        ['keyrings', endpoint.keys, 'reader'],
        'ein Intermediär öffnet keine Inhalte; frühere Schlüssel gehören in formerCiphers',
        'an intermediary opens no content; former keys belong into formerCiphers',
      )
    if (endpoint.takeWithinSeconds >= endpoint.answerWithinSeconds)
      say('problem', at('takeWithinSeconds'), 'muss kleiner sein als answerWithinSeconds', 'must be less than answerWithinSeconds')
    if (endpoint.role === 'passiveRecipient') checkRoom(endpoint, values, say)
    else checkOsciMailboxes(values, say)
    const patience = longestAnswer(endpoint, values)
    if (endpoint.role === 'passiveRecipient' && endpoint.answerWithinSeconds > patience)
      say(
        'warning',
        at('answerWithinSeconds'),
        `nach ${patience} s kann keine Antwort mehr kommen: ein Antwortpostfach endet 60 s nach dem Leben der Anfrage (ttlSeconds, takeWithinSeconds)`,
        `after ${patience} s no answer can come any more: a reply mailbox ends 60 s after the life of the request (ttlSeconds, takeWithinSeconds)`,
      )
    if (endpoint.mode === 'terminating' && keyring) {
      if (keyring.reader.length === 0)
        say(
          'problem',
          ['keyrings', endpoint.keys, 'reader'],
          'fehlt: mode terminating öffnet Inhalte',
          'is missing: mode terminating opens content',
        )
      if (!keyring.author)
        say(
          'problem',
          ['keyrings', endpoint.keys, 'author'],
          'fehlt: mode terminating signiert Antworten',
          'is missing: mode terminating signs answers',
        )
    }
    if (endpoint.mode === 'terminating' && endpoint.unknownContent === 'pass')
      say('warning', at('unknownContent'), 'unbekannte Inhalte gehen ungeprüft weiter', 'unknown content is passed on unchecked')
    if (endpoint.mode === 'blind' && !endpoint.requireSealedContent)
      say('warning', at('requireSealedContent'), 'unverschlüsselte Inhalte werden angenommen', 'content in clear is accepted')
  })
}

export function checkOutgoing(values: Values, say: Say): void {
  const owned = new Set(values.participants.flatMap((participant) => participant.mailboxes))
  const peers = new Set(values.peers.map((peer) => peer.name))
  for (const index of duplicates(values.outgoing.map((way) => way.mailbox)))
    say('problem', ['outgoing', index, 'mailbox'], 'kommt schon einmal vor', 'occurs before')
  if (values.outgoing.length > 0 && values.directory.file === undefined && values.directory.dvdv === undefined)
    say('problem', ['outgoing'], 'nur mit directory.file oder directory.dvdv', 'only with directory.file or directory.dvdv')
  values.outgoing.forEach((way, index) => {
    const at = (...rest: PropertyKey[]): Path => ['outgoing', index, ...rest]
    if (owned.has(way.mailbox)) say('problem', at('mailbox'), 'gehört einem Teilnehmer', 'belongs to a participant')
    if ((entryOf(values.mailboxes, way.mailbox)?.cipherCertificates.length ?? 0) > 0)
      say('problem', at('mailbox'), 'ist ein OSCI-Postfach', 'is an OSCI mailbox')
    if (!entryOf(values.keyrings, way.keys))
      say('problem', at('keys'), `keyrings.${way.keys} gibt es nicht`, `there is no keyrings.${way.keys}`)
    if (!peers.has(way.peer)) say('problem', at('peer'), `kein Partner heißt ${way.peer}`, `no peer is named ${way.peer}`)
  })
}
