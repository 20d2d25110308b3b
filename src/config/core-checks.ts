// SPDX-License-Identifier: EUPL-1.2
/**
 * Across options: which core there is, and whether its way is a safe one.
 * @module
 */
import type { Path } from './problems.js'
import { isLoopback, type Say, type Values } from './remarks.js'

/** Certificates, signature and headers of a message around its chunk. */
const CHUNK_FRAME_BYTES = 32 * 1024

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
  if (new Set(all.map((one) => new URL(one).username)).size > 1)
    say('problem', ['core', 'redis', 'urls'], 'alle mit demselben Benutzer, oder alle ohne', 'all with the same user, or all without')
  urls?.forEach((one, index) => {
    if (/^\/0*[1-9]/.test(new URL(one).pathname))
      say('problem', ['core', 'redis', 'urls', index], 'in einem Cluster gibt es keine Nummern', 'a cluster has no numbers')
  })
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

export function checkCore(values: Values, say: Say): void {
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
  if (limits.chunkedMessageKilobytes > values.chunks.spoolKilobytes)
    say('problem', ['chunks', 'spoolKilobytes'], 'kleiner als limits.chunkedMessageKilobytes', 'less than limits.chunkedMessageKilobytes')
  if (
    values.endpoints.some(({ role }) => role === 'intermediary') &&
    limits.chunkKilobytes[1] * 1024 + CHUNK_FRAME_BYTES > limits.messageBytes
  )
    say(
      'problem',
      ['limits', 'chunkKilobytes'],
      'die größte, die angekündigt wird, passt in keinen Körper (limits.messageBytes)',
      'the largest, which is announced, fits into no body (limits.messageBytes)',
    )
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
