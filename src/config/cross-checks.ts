// SPDX-License-Identifier: EUPL-1.2
/**
 * What no single option can say: references between sections, what a mode needs, and values that hold but are weak.
 * @module
 */
import { checkCore } from './core-checks.js'
import { checkEndpoints, checkOutgoing } from './endpoint-checks.js'
import { LAYERS_NEVER_TOLERATED } from './options.js'
import type { Path } from './problems.js'
import { duplicates, isLoopback, type Remark, type Say, type Values } from './remarks.js'

/** Under this name the gateway itself seals envelopes; no participant may be called so. */
export const GATEWAY_PARTICIPANT = 'gateway'

/** Plain HTTP that others than this machine can reach. */
export const isPlainOffLoopback = ({ listen }: Pick<Values, 'listen'>, name: 'public' | 'admin'): boolean =>
  !isLoopback(listen[name].address.host) && !listen[name].tls && !listen.tls

/** Whether a caller can show a certificate at the public address. */
export const hasTls = ({ listen }: Pick<Values, 'listen'>): boolean => (listen.public.tls ?? listen.tls) !== undefined

function checkListeners(values: Values, say: Say): void {
  const { listen } = values
  const open = (name: 'public' | 'admin') => isPlainOffLoopback(values, name)
  if (open('admin')) say('problem', ['listen', 'admin'], 'außerhalb von loopback nur mit TLS', 'off loopback only with TLS')
  if (open('public')) {
    // a core elsewhere is what participants speak to: they call nothing here
    if (values.participants.length > 0 && values.core.remote === undefined)
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

/** What listens at every address has no name that a participant could call it by. */
function checkPublicUrl({ listen, publicUrl, participants, core }: Values, say: Say): void {
  const isNowhere = ['0.0.0.0', '::'].includes(listen.public.address.host)
  if (isNowhere && publicUrl === undefined && core.remote === undefined && participants.some(({ jwks }) => jwks !== undefined))
    say(
      'warning',
      ['publicUrl'],
      'fehlt: Ausweise der Teilnehmer gälten nur für die Adresse aus listen.public, unter der niemand anruft',
      'is missing: tokens of participants would only hold for the address of listen.public, by which nobody calls',
    )
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
  const notReply = (address: string, path: Path): void => {
    if (address.startsWith('reply.')) say('problem', path, 'reply. ist Antwortpostfächern vorbehalten', 'reply. is for reply mailboxes')
  }
  values.outgoing.forEach(({ mailbox }, index) => notReply(mailbox, ['outgoing', index, 'mailbox']))
  for (const [address, mailbox] of Object.entries(values.mailboxes)) {
    const at = (name: string): Path => ['mailboxes', address, name]
    notReply(address, ['mailboxes', address])
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
    if (participant.jwks === undefined && participant.tls.length > 0 && values.core.remote === undefined && !hasTls(values))
      say(
        'warning',
        ['participants', index, 'tls'],
        'listen.public hat kein TLS: jeder Aufruf dieses Teilnehmers wird abgewiesen',
        'listen.public has no TLS: every call of this participant will be refused',
      )
    participant.mailboxes.forEach((address, position) => {
      notReply(address, ['participants', index, 'mailboxes', position])
      if (seen.has(address))
        say('problem', ['participants', index, 'mailboxes', position], 'gehört schon einem anderen', 'belongs to another already')
      seen.add(address)
    })
  })
}

/** Which certificates and addresses hold for others is what this directory says. */
function checkDirectory({ directory: { dvdv } }: Values, say: Say): void {
  if (dvdv === undefined) return
  const { protocol, hostname } = new URL(dvdv.url)
  if (protocol === 'http:' && !isLoopback(hostname.replace(/^\[|\]$/g, '')))
    say(
      'warning',
      ['directory', 'dvdv', 'url'],
      'Verbindung ohne TLS außerhalb von loopback: wer dazwischen steht, bestimmt Adressen und Zertifikate',
      'connection without TLS off loopback: whoever stands between decides on addresses and certificates',
    )
}

/** All remarks about values that are right one by one. */
export function crossCheck(values: Values): Remark[] {
  const remarks: Remark[] = []
  const said = new Set<string>()
  const say: Say = (severity, path, de, en) => {
    const once = [...path, en].join('\0')
    if (!said.has(once)) remarks.push({ path, severity, words: { de, en } })
    said.add(once)
  }
  checkListeners(values, say)
  checkPublicUrl(values, say)
  checkTester(values, say)
  checkCore(values, say)
  checkPeers(values, say)
  checkMailboxes(values, say)
  checkEndpoints(values, say)
  checkOutgoing(values, say)
  checkDirectory(values, say)
  if (values.allowSmallOwnKeys)
    say('warning', ['allowSmallOwnKeys'], 'eigene RSA-Schlüssel unter 3000 Bit sind zugelassen', 'own RSA keys below 3000 bits are allowed')
  return remarks
}
