// SPDX-License-Identifier: EUPL-1.2
/**
 * The questions to a state. `current` is asked anew each time: a reload holds from the next question on.
 * @module
 */
import type { Clock } from '../env.js'
import { DirectoryError } from './errors.js'
import { fingerprintOf, organizationKey, sha1Hex } from './names.js'
import type { OsciDirectory, ServiceDirectory } from './ports.js'
import { resolveService } from './resolve.js'
import type { DirectoryState } from './state.js'
import { partyUri } from './uri.js'

type Current = () => DirectoryState

function revokedAt(state: DirectoryState, fingerprint: string, at: Date): boolean {
  const since = state.revoked.get(fingerprint)
  return since !== undefined && since <= at
}

/**
 * Answers with registered parties only. A passive recipient whose cipher certificate is revoked is none; and a revoked certificate, a former
 * one as well, opens no mailbox: whoever has its key now need not be the owner.
 */
export function osciDirectory(current: Current, clock: Clock): OsciDirectory {
  return {
    mailboxOf(cipherSha256) {
      const state = current()
      const found = state.mailboxes.get(cipherSha256.toLowerCase())
      return found && !revokedAt(state, found.fingerprint, clock.now()) ? found.mailbox : undefined
    },
    receiver(uri) {
      const state = current()
      const asked = partyUri(uri)
      const found = asked === undefined ? undefined : state.receivers.get(asked)
      if (found?.kind !== 'passive' || !found.cipherCertificate) return found
      return revokedAt(state, sha1Hex(found.cipherCertificate), clock.now()) ? undefined : found
    },
  }
}

/**
 * The services of the file; what it does not know is asked of `behind`. What it knows is its word, also where that is an error.
 * @param behind a slower directory (DVDV); absent: the file is all there is.
 */
export function fileServices(current: Current, network: string, clock: Clock, behind?: ServiceDirectory): ServiceDirectory {
  const organization = (text: string) => {
    const key = organizationKey(text)
    return key === undefined ? undefined : { key, known: current().organizations.get(key) }
  }
  const knows = (fingerprint: string): boolean => {
    const state = current()
    return state.categories.has(fingerprint) || state.revoked.has(fingerprint)
  }
  const categories = (fingerprint: string): readonly string[] => {
    const state = current()
    return revokedAt(state, fingerprint, clock.now()) ? [] : [...(state.categories.get(fingerprint) ?? [])]
  }
  return {
    async findService(organizationText, serviceUri) {
      const found = organization(organizationText)
      if (!found) throw new DirectoryError('unknown-organization', 'This is no key of an organisation.')
      const facts = found.known?.services.get(serviceUri.trim())
      if (facts) {
        const at = clock.now()
        const state = current()
        const options = { network, at, revoked: (certificate: Parameters<typeof sha1Hex>[0]) => revokedAt(state, sha1Hex(certificate), at) }
        return resolveService({ ...facts, organizationKey: found.key }, options)
      }
      if (behind) return behind.findService(found.key, serviceUri.trim())
      throw found.known
        ? new DirectoryError('unknown-service', 'The organisation does not have this service.')
        : new DirectoryError('unknown-organization', 'The directory does not know this organisation.')
    },
    async findOrganization(text) {
      const found = organization(text)
      if (found?.known) return found.known.entry
      if (found && behind) return behind.findOrganization(found.key)
      throw new DirectoryError('unknown-organization', 'The directory does not know this organisation.')
    },
    async findCategories(text) {
      const fingerprint = fingerprintOf(text)
      if (fingerprint === undefined) return []
      return knows(fingerprint) || !behind ? categories(fingerprint) : behind.findCategories(fingerprint)
    },
    async verifyCategory(text, category) {
      const fingerprint = fingerprintOf(text)
      if (fingerprint === undefined) return false
      return knows(fingerprint) || !behind ? categories(fingerprint).includes(category) : behind.verifyCategory(fingerprint, category)
    },
    isAway: () => behind?.isAway?.() ?? false,
    close: async () => behind?.close(),
  }
}
