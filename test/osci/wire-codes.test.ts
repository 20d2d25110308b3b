// SPDX-License-Identifier: EUPL-1.2
/**
 * What a check calls by a finding, the pipeline of the gateway refuses by the same finding and its wire code: one loop over
 * `fixtures/invalid`, where the folder is the oracle.
 * @module
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { findingRow } from '../../src/check/findings.js'
import { OsciError, ProtektorError } from '../../src/errors.js'
import { openContent } from '../../src/osci/content-read.js'
import { openAnswer } from '../../src/osci/stages.js'
import type { OsciEnv } from '../../src/osci/types.js'
import { makeDecrypter } from '../../src/pki/keys.js'
import { readPkcs12 } from '../../src/pki/keystore.js'
import { fixturesIn, KEYSTORE, PIN } from '../check/suite.js'
import { envWith } from './env.js'

/** Judged by roles and their policy, once a message is open. */
const BY_ROLES: ReadonlySet<string> = new Set([
  'certificates.bad-signature',
  'certificates.weak-signature',
  'certificates.no-cipher-certificate',
  'certificates.unknown-issuer',
  'certificates.wrong-usage',
  'control-block.dialog-without-response',
  'osci-structure.chunk-number',
  'osci-structure.chunk-size',
  'osci-structure.schema',
  'osci-structure.schema-location',
])
/** What is read in another order: the key is looked for before anybody reads the certificate that it belongs to. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'certificates.unreadable': 'transport-encryption.not-our-key',
  'certificates.size': 'content-encryption.no-key',
}
/** What is wrong in decrypted content only a check says; for everybody else it is one (threat model §6 rules 4, 5). */
const WITHIN_CONTENT: ReadonlySet<string> = new Set(['storeDelivery.encrypted-no-container.mime', 'storeDelivery.encrypted-no-xml.mime'])

const idOf = (folder: string): string => folder.slice('invalid/'.length)
const CASES = fixturesIn('invalid').filter(({ folder, file }) => findingRow(idOf(folder))?.feedback !== undefined && /\.mime$/.test(file))

async function refusal(bytes: Uint8Array, env: OsciEnv): Promise<ProtektorError | undefined> {
  try {
    const message = await openAnswer(bytes, env)
    return message.type === 'fault' ? undefined : (await openContent(message, env)).problems[0]
  } catch (error) {
    if (error instanceof ProtektorError) return error
    throw error
  }
}

describe('wire codes of the fixtures', () => {
  let env: OsciEnv
  before(async () => {
    const [pair] = readPkcs12(readFileSync(KEYSTORE), PIN)
    if (!pair) throw new Error('the keystore of the fixtures holds no key')
    env = envWith(await makeDecrypter(pair.certificate, pair.privateKey))
  })

  it('are many', () => {
    expect(CASES.length).to.be.greaterThan(100)
  })

  for (const { folder, file, path } of CASES)
    it(`${idOf(folder)}: ${file}`, async () => {
      const id = WITHIN_CONTENT.has(file) ? 'content-encryption.undecryptable' : (OTHERWISE[idOf(folder)] ?? idOf(folder))
      const found = await refusal(readFileSync(path), env)
      if (BY_ROLES.has(id)) expect(found?.finding).to.equal(undefined)
      else expect(found?.finding).to.equal(id)
      if (found instanceof OsciError) expect(found.feedback).to.equal(findingRow(id)?.feedback)
    })
})
