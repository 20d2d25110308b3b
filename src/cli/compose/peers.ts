// SPDX-License-Identifier: EUPL-1.2
/**
 * Peers and endpoints of the configuration → values that the gateway works with.
 * @module
 */
import { createHash } from 'node:crypto'
import type { Config, EndpointConfig, PeerConfig } from '../../config/types.js'
import { ConfigError } from '../../errors.js'
import type { EndpointKeys, Peer, PeerAlgorithms, RecipientEndpoint, Route } from '../../gateway/ports.js'
import { gatewayAlgorithms } from '../../xml/algorithms.js'
import { readCertificates } from './keys.js'

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE07 = 'http://www.w3.org/2007/05/xmldsig-more#'

/** Names of `peers[].sending.signature`; EC keys take the ecdsa of their curve whatever stands here. */
const SENDING: Readonly<Record<PeerConfig['sending']['signature'], string>> = {
  'rsa-pss-sha256': `${MORE07}sha256-rsa-MGF1`,
  'rsa-pss-sha512': `${MORE07}sha512-rsa-MGF1`,
  'rsa-sha256': `${MORE}rsa-sha256`,
  'rsa-sha512': `${MORE}rsa-sha512`,
  'ecdsa-sha256': `${MORE07}sha256-rsa-MGF1`,
  'ecdsa-sha384': `${MORE07}sha256-rsa-MGF1`,
  'ecdsa-sha512': `${MORE07}sha512-rsa-MGF1`,
}

/** Nothing legacy, for whoever is not known yet. 16-byte IVs are read (osci-1.2 §7.2). */
export const strictAlgorithms = (): PeerAlgorithms => ({
  transport: gatewayAlgorithms({ where: 'transport' }),
  signature: gatewayAlgorithms({ where: 'signature' }),
  content: gatewayAlgorithms({ where: 'content' }),
})

async function makePeer(config: PeerConfig, actsAs: PeerConfig['role']): Promise<Peer> {
  const pinned = new Set((await readCertificates(config.signatureCertificates)).map((c) => c.raw.toString('latin1')))
  const roots = await readCertificates(config.roots)
  // loaded for those who have roots only: it is a large part of the start
  const holds = actsAs === undefined || config.role === actsAs
  const store = roots.length > 0 && holds ? (await import('../../pki/path.js')).trustStore({ roots }) : undefined
  return {
    name: config.name,
    // whole certificates, never names or keys; a pinned or trusted one that has expired is warned about (3700), not refused
    recognises: async (certificate, at) => {
      if (pinned.has(certificate.raw.toString('latin1'))) return true
      const verdict = await store?.check(certificate, 'signature', at)
      return verdict?.verdict === 'valid' || verdict?.verdict === 'expired'
    },
    signed: config.signed,
    encrypted: config.encrypted,
    verdictFirst: config.verdictFirst,
    algorithms: {
      transport: gatewayAlgorithms({ where: 'transport', legacy: { iv16Reading: config.legacy.iv16Reading } }),
      signature: gatewayAlgorithms({ where: 'signature' }),
      content: gatewayAlgorithms({ where: 'content', legacy: config.legacy }),
    },
    hasLegacy: config.legacy.cbcContent || config.legacy.rsa15Content,
    sendingSignature: SENDING[config.sending.signature],
    tolerate: new Set(config.tolerate),
  }
}

async function makeRoute(route: EndpointConfig['routes'][number]): Promise<Route[]> {
  const { mailbox, kennung, metadataReader: reader, metadataService: service } = route
  const metadata = { reader, service }
  const rest = { mailbox, ...(kennung === undefined ? {} : { kennung }), ...((reader ?? service) ? { metadata } : {}) }
  if (route.addresseeCertificate === undefined) return [rest]
  const certificates = await readCertificates([route.addresseeCertificate])
  return certificates.map((c) => ({ ...rest, addresseeSha256: createHash('sha256').update(c.raw).digest('hex') }))
}

/**
 * Every peer of the configuration, by name.
 * @param actsAs the role in which they call: roots that stand for another one prove nothing (P3). Absent: whoever answers us.
 */
export const makePeers = async (config: Config, actsAs?: PeerConfig['role']): Promise<ReadonlyMap<string, Peer>> =>
  new Map(await Promise.all(config.peers.map(async (peer) => [peer.name, await makePeer(peer, actsAs)] as const)))

/** @throws {ConfigError} what a peer is to be tolerated in is no finding. */
export async function assertFindings(config: Config): Promise<void> {
  const named = config.peers.flatMap(({ tolerate }, peer) => tolerate.map((id, at) => ({ id, key: `peers[${peer}].tolerate[${at}]` })))
  if (named.length === 0) return
  // only who tolerates something pays for the table
  const { findingRow } = await import('../../check/findings.js')
  const problems = named
    .filter(({ id }) => findingRow(id) === undefined)
    .map(({ id, key }) => {
      const line = config.lineOf(key)
      const message = {
        de: `${id} ist kein Befund; alle stehen in docs/findings.md`,
        en: `${id} is no finding; docs/findings.md lists them all`,
      }
      return { key, file: config.file, ...(line === undefined ? {} : { line }), message }
    })
  if (problems.length > 0) throw new ConfigError(problems)
}

/** Endpoints of role passiveRecipient whose keyring can be used. */
export async function makeEndpoints(config: Config, rings: ReadonlyMap<string, EndpointKeys>): Promise<RecipientEndpoint[]> {
  const peers = await makePeers(config, 'intermediary')
  return Promise.all(
    config.endpoints
      .filter((endpoint) => endpoint.role === 'passiveRecipient' && rings.has(endpoint.keys))
      .map(async (endpoint): Promise<RecipientEndpoint> => {
        const keys = rings.get(endpoint.keys)
        if (!keys) throw new TypeError('the configuration checks that keyrings exist')
        const {
          path,
          mode = 'blind',
          takeWithinSeconds,
          answerWithinSeconds,
          unknownContent,
          requireSealedContent,
          defaultMailbox,
        } = endpoint
        return {
          path,
          mode,
          keys,
          peers: endpoint.peers.map((name) => peers.get(name)).filter((p): p is Peer => p !== undefined),
          routes: (await Promise.all(endpoint.routes.map(makeRoute))).flat(),
          ...(defaultMailbox === undefined ? {} : { defaultMailbox }),
          takeWithinSeconds,
          answerWithinSeconds,
          unknownContent,
          requireSealedContent,
        }
      }),
  )
}
