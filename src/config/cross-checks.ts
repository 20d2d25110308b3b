// SPDX-License-Identifier: EUPL-1.2
/**
 * What no single option can say: references between sections, what a mode needs, and values that hold but are weak.
 * @module
 */
import type * as z from 'zod'
import { LAYERS_NEVER_TOLERATED } from './options.js'
import type { OPTIONS } from './options.js'
import type { Bilingual } from './option.js'
import type { Path } from './problems.js'

export type Values = z.output<typeof OPTIONS>

/** Under this name the gateway itself seals envelopes; no participant may be called so. */
export const GATEWAY_PARTICIPANT = 'gateway'

export interface Remark {
  readonly path: Path
  readonly severity: 'problem' | 'warning'
  readonly words: Bilingual
}

/** 127.0.0.0/8, ::1 and the name for them. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

type Say = (severity: Remark['severity'], path: Path, de: string, en: string) => void

function duplicates(values: readonly string[]): number[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [index] : []))
}

function checkListeners(values: Values, say: Say): void {
  const { listen } = values
  const open = (name: 'public' | 'admin') => !isLoopback(listen[name].address.host) && !listen[name].tls && !listen.tls
  if (open('admin')) say('problem', ['listen', 'admin'], 'außerhalb von loopback nur mit TLS', 'off loopback only with TLS')
  if (open('public')) {
    if (values.participants.length > 0)
      say(
        'problem',
        ['listen', 'public'],
        'außerhalb von loopback ohne TLS gibt es nur die OSCI-Pfade; participants verlangt TLS',
        'off loopback without TLS there are only the OSCI paths; participants demands TLS',
      )
    else
      say(
        'warning',
        ['listen', 'public'],
        'OSCI über unverschlüsseltes HTTP außerhalb von loopback; alle anderen Pfade sind gesperrt',
        'OSCI over plain HTTP off loopback; all other paths are shut',
      )
  }
  const { public: one, admin: two } = listen
  if (one.address.port !== 0 && one.address.port === two.address.port && one.address.host === two.address.host)
    say('problem', ['listen', 'admin'], 'dieselbe Adresse wie listen.public', 'same address as listen.public')
}

/** Whether others than this machine may reach the public address, through a proxy before us as well. */
export function isExposed({ listen, publicUrl }: Pick<Values, 'listen' | 'publicUrl'>): boolean {
  const named = publicUrl === undefined ? 'localhost' : new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
  return !isLoopback(listen.public.address.host) || !isLoopback(named)
}

/** Whether `POST /v1/check` is served. */
export const isCheckEnabled = (values: Pick<Values, 'listen' | 'publicUrl' | 'check'>): boolean =>
  values.check.enabled ?? (!isExposed(values) || values.check.tokenFile !== undefined)

function checkTester(values: Values, say: Say): void {
  if (isCheckEnabled(values) && isExposed(values) && values.check.tokenFile === undefined)
    say(
      'problem',
      ['check', 'tokenFile'],
      'fehlt: außerhalb von loopback wird nur mit Zugangstoken geprüft',
      'is missing: off loopback checks demand an access token',
    )
}

function checkRedis({ url, urls, passwordFile }: NonNullable<Values['core']['redis']>, say: Say): void {
  if ((url === undefined) === (urls === undefined))
    say(
      'problem',
      ['core', 'redis'],
      'entweder url (ein Server) oder urls (Cluster) angeben',
      'give either url (one server) or urls (a cluster)',
    )
  const all = [...(url === undefined ? [] : [url]), ...(urls ?? [])]
  if (new Set(all.map((one) => new URL(one).protocol)).size > 1)
    say('problem', ['core', 'redis', 'urls'], 'entweder alle mit TLS oder keine', 'either all with TLS or none')
  const isOpen = (one: string): boolean => {
    const { protocol, hostname } = new URL(one)
    return protocol === 'redis:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''))
  }
  if (!all.some(isOpen)) return
  say(
    'warning',
    ['core', 'redis'],
    'Verbindung ohne TLS außerhalb von loopback: nur in einem eigenen, abgeschlossenen Netz',
    'connection without TLS off loopback: only in a closed network of its own',
  )
  if (passwordFile === undefined)
    say(
      'warning',
      ['core', 'redis', 'passwordFile'],
      'fehlt: der Kern ist offen für das ganze Netz',
      'is missing: the core is open to the whole network',
    )
}

function checkCore(values: Values, say: Say): void {
  const named = [values.core.memory, values.core.redis, values.core.remote].filter((core) => core !== undefined)
  if (named.length !== 1)
    say('problem', ['core'], 'genau ein Kern muss genannt sein: memory: {}', 'exactly one core must be named: memory: {}')
  if (values.core.redis) checkRedis(values.core.redis, say)
  checkRemoteCore(values, say)
  const { longPolls } = values.core
  if (longPolls.total >= values.http.maxConnections)
    say(
      'warning',
      ['core', 'longPolls', 'total'],
      'nicht unter http.maxConnections: wartende Aufrufe können alle Verbindungen belegen',
      'not below http.maxConnections: calls that wait may take all connections',
    )
  const { limits } = values
  if (limits.chunkKilobytes[0] > limits.chunkKilobytes[1])
    say('problem', ['limits', 'chunkKilobytes'], 'die kleinste ist größer als die größte', 'the smallest is larger than the largest')
  if (limits.xmlBytes > limits.messageBytes)
    say('problem', ['limits', 'xmlBytes'], 'größer als limits.messageBytes', 'larger than limits.messageBytes')
  if (limits.envelopeBytes > limits.coreBytes)
    say('problem', ['limits', 'envelopeBytes'], 'größer als limits.coreBytes', 'larger than limits.coreBytes')
}

function checkRemoteCore({ core: { remote }, participants }: Values, say: Say): void {
  if (!remote) return
  if (participants.some(({ id }) => id === remote.participant))
    say('problem', ['core', 'remote', 'participant'], 'so heißt schon ein Teilnehmer', 'a participant is named so already')
  const urls: [string, Path][] = [
    [remote.url, ['core', 'remote', 'url']],
    ...remote.urls.map((url, index): [string, Path] => [url, ['core', 'remote', 'urls', index]]),
  ]
  for (const [url, path] of urls) {
    const { protocol, hostname } = new URL(url)
    if (protocol === 'http:' && !isLoopback(hostname.replace(/^\[|\]$/g, '')))
      say('problem', path, 'außerhalb von loopback nur https', 'off loopback only https')
  }
}

function checkPeers(values: Values, say: Say): void {
  for (const index of duplicates(values.peers.map((peer) => peer.name)))
    say('problem', ['peers', index, 'name'], 'kommt schon einmal vor', 'occurs before')
  values.peers.forEach((peer, index) => {
    const at = (...rest: PropertyKey[]): Path => ['peers', index, ...rest]
    if (peer.signatureCertificates.length === 0 && peer.roots.length === 0)
      say(
        peer.signed === 'required' ? 'problem' : 'warning',
        at(),
        'weder signatureCertificates noch roots: keine Signatur dieses Partners wird anerkannt',
        'neither signatureCertificates nor roots: no signature of this peer will be accepted',
      )
    if (peer.roots.length > 0 && peer.role === undefined) say('problem', at('roots'), 'nur zusammen mit role', 'only together with role')
    if (peer.signed === 'optional') say('warning', at('signed'), 'unsignierte Anfragen werden bedient', 'unsigned requests are served')
    if (peer.encrypted === 'optional')
      say(
        'warning',
        at('encrypted'),
        'Anfragen ohne Transportverschlüsselung werden bedient',
        'requests without transport encryption are served',
      )
    for (const key of ['cbcContent', 'rsa15Content'] as const) {
      if (peer.legacy[key]) say('warning', at('legacy', key), 'veraltetes Verfahren eingeschaltet', 'legacy algorithm switched on')
    }
    peer.tolerate.forEach((finding, position) => {
      if (LAYERS_NEVER_TOLERATED.some((layer) => finding.startsWith(layer + '.')))
        say('problem', at('tolerate', position), 'Befunde dieser Schicht werden nie geduldet', 'findings of this layer are never tolerated')
      else say('warning', at('tolerate', position), 'dieser Befund ist nur noch eine Warnung', 'this finding is only a warning now')
    })
  })
}

function checkMailboxes(values: Values, say: Say): void {
  const owners = values.participants.flatMap((participant) => participant.mailboxes)
  const outgoing = values.outgoing.map((way) => way.mailbox)
  for (const [address, mailbox] of Object.entries(values.mailboxes)) {
    const at = (name: string): Path => ['mailboxes', address, name]
    if (address.startsWith('reply.'))
      say('problem', ['mailboxes', address], 'reply. ist Antwortpostfächern vorbehalten', 'reply. is for reply mailboxes')
    if (mailbox.ttlSeconds > 60 && !mailbox.slowPoller)
      say('problem', at('ttlSeconds'), 'höchstens 60, oder slowPoller: true', '60 at most, or slowPoller: true')
    if (mailbox.slowPoller) say('warning', at('slowPoller'), 'Umschläge liegen bis zu einer Stunde', 'envelopes lie for up to an hour')
    if (mailbox.cipherCertificates.length > 0 && owners.includes(address))
      say(
        'problem',
        at('cipherCertificates'),
        'ein OSCI-Postfach gehört keinem Teilnehmer: abgeholt wird mit fetchDelivery',
        'an OSCI mailbox belongs to no participant: it is emptied by fetchDelivery',
      )
    if (mailbox.cipherCertificates.length === 0 && !outgoing.includes(address) && !owners.includes(address))
      say(
        'warning',
        ['mailboxes', address],
        'gehört keinem Teilnehmer: niemand kann abholen',
        'belongs to no participant: nobody can take from it',
      )
  }
  for (const index of duplicates(values.participants.map((participant) => participant.id)))
    say('problem', ['participants', index, 'id'], 'kommt schon einmal vor', 'occurs before')
  values.participants.forEach((participant, index) => {
    if (participant.id === GATEWAY_PARTICIPANT)
      say('problem', ['participants', index, 'id'], 'so heißt das Gateway selbst', 'this is the name of the gateway itself')
  })
  const seen = new Set<string>()
  values.participants.forEach((participant, index) => {
    if (participant.jwks === undefined && participant.tls.length === 0)
      say('problem', ['participants', index], 'jwks oder tls muss angegeben sein', 'jwks or tls must be given')
    participant.mailboxes.forEach((address, position) => {
      if (seen.has(address))
        say('problem', ['participants', index, 'mailboxes', position], 'gehört schon einem anderen', 'belongs to another already')
      seen.add(address)
    })
  })
}

function checkEndpoints(values: Values, say: Say): void {
  const mailboxes = new Set([...Object.keys(values.mailboxes), ...values.participants.flatMap((participant) => participant.mailboxes)])
  const peers = new Set(values.peers.map((peer) => peer.name))
  for (const index of duplicates(values.endpoints.map((endpoint) => endpoint.path)))
    say('problem', ['endpoints', index, 'path'], 'kommt schon einmal vor', 'occurs before')
  values.endpoints.forEach((endpoint, index) => {
    const at = (...rest: PropertyKey[]): Path => ['endpoints', index, ...rest]
    const keyring = values.keyrings[endpoint.keys]
    if (!keyring) say('problem', at('keys'), `keyrings.${endpoint.keys} gibt es nicht`, `there is no keyrings.${endpoint.keys}`)
    endpoint.peers.forEach((name, position) => {
      if (!peers.has(name)) say('problem', at('peers', position), `kein Partner heißt ${name}`, `no peer is named ${name}`)
    })
    if (endpoint.role === 'intermediary' && !endpoint.path.startsWith('/osci/intermediary'))
      say('problem', at('path'), 'beginnt mit /osci/intermediary', 'begins with /osci/intermediary')
    const mailboxExists = (address: string | undefined, path: Path): void => {
      if (address !== undefined && !mailboxes.has(address))
        say('problem', path, `mailboxes.${address} gibt es nicht`, `there is no mailbox ${address}`)
    }
    mailboxExists(endpoint.defaultMailbox, at('defaultMailbox'))
    endpoint.routes.forEach((route, position) => {
      mailboxExists(route.mailbox, at('routes', position, 'mailbox'))
      const named = [route.addresseeCertificate, route.kennung, route.metadataReader].filter((value) => value !== undefined)
      if (named.length !== 1)
        say(
          'problem',
          at('routes', position),
          'genau eines von addresseeCertificate, kennung, metadataReader',
          'exactly one of addresseeCertificate, kennung, metadataReader',
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
    if (endpoint.role === 'intermediary' && endpoint.mode === 'terminating')
      say('problem', at('mode'), 'ein Intermediär öffnet keine Inhalte', 'an intermediary opens no content')
    if (endpoint.takeWithinSeconds >= endpoint.answerWithinSeconds)
      say('problem', at('takeWithinSeconds'), 'muss kleiner sein als answerWithinSeconds', 'must be less than answerWithinSeconds')
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
    if (endpoint.unknownContent === 'pass')
      say('warning', at('unknownContent'), 'unbekannte Inhalte gehen ungeprüft weiter', 'unknown content is passed on unchecked')
    if (endpoint.mode === 'blind' && !endpoint.requireSealedContent)
      say('warning', at('requireSealedContent'), 'unverschlüsselte Inhalte werden angenommen', 'content in clear is accepted')
  })
}

function checkOutgoing(values: Values, say: Say): void {
  const owned = new Set(values.participants.flatMap((participant) => participant.mailboxes))
  const peers = new Set(values.peers.map((peer) => peer.name))
  for (const index of duplicates(values.outgoing.map((way) => way.mailbox)))
    say('problem', ['outgoing', index, 'mailbox'], 'kommt schon einmal vor', 'occurs before')
  if (values.outgoing.length > 0 && values.directory.file === undefined && values.directory.dvdv === undefined)
    say('problem', ['outgoing'], 'nur mit directory.file oder directory.dvdv', 'only with directory.file or directory.dvdv')
  values.outgoing.forEach((way, index) => {
    const at = (...rest: PropertyKey[]): Path => ['outgoing', index, ...rest]
    if (owned.has(way.mailbox)) say('problem', at('mailbox'), 'gehört einem Teilnehmer', 'belongs to a participant')
    if (values.mailboxes[way.mailbox] && (values.mailboxes[way.mailbox]?.cipherCertificates.length ?? 0) > 0)
      say('problem', at('mailbox'), 'ist ein OSCI-Postfach', 'is an OSCI mailbox')
    if (!values.keyrings[way.keys]) say('problem', at('keys'), `keyrings.${way.keys} gibt es nicht`, `there is no keyrings.${way.keys}`)
    if (!peers.has(way.peer)) say('problem', at('peer'), `kein Partner heißt ${way.peer}`, `no peer is named ${way.peer}`)
  })
}

/** All remarks about values that are right one by one. */
export function crossCheck(values: Values): Remark[] {
  const remarks: Remark[] = []
  const say: Say = (severity, path, de, en) => {
    if (!remarks.some((one) => one.words.en === en && one.path.join('\0') === path.join('\0')))
      remarks.push({ path, severity, words: { de, en } })
  }
  checkListeners(values, say)
  checkTester(values, say)
  checkCore(values, say)
  checkPeers(values, say)
  checkMailboxes(values, say)
  checkEndpoints(values, say)
  checkOutgoing(values, say)
  if (values.allowSmallOwnKeys)
    say('warning', ['allowSmallOwnKeys'], 'eigene RSA-Schlüssel unter 3000 Bit sind zugelassen', 'own RSA keys below 3000 bits are allowed')
  return remarks
}
