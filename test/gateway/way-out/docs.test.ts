// SPDX-License-Identifier: EUPL-1.2
/**
 * The page about ways out holds a configuration that works as it stands.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { startGateway } from '../../../src/cli/compose/gateway.js'
import { loadConfig } from '../../../src/config/load.js'
import { silentLog } from '../../../src/gateway/log.js'
import { connect, mayHaveBeenProcessed } from '../../../src/client/index.js'
import { sealingKeyOf } from '../../../src/envelope/keys.js'
import type { JWK } from 'jose'
import { certificateRequest, echo, removeDirectories, type House } from '../support.js'
import { openParty, WAY } from './support.js'

describe('docs/way-out.md', function () {
  this.timeout(30_000)
  let party: House
  before(async () => {
    party = await openParty()
    await party.serve(echo)
  })
  after(async () => {
    await party.close()
    await removeDirectories()
  })

  it('its two files are a whole gateway, and an envelope goes out and comes back through it', async () => {
    const page = await readFile(new URL('../../../docs/way-out.md', import.meta.url), 'utf8')
    const [gatewayYaml = '', directoryYaml = ''] = [...page.matchAll(/```yaml\n([^]*?)```/g)].map((match) => match[1] ?? '')
    const { directory } = party.demo
    // of its addresses only; test keys are short
    const here = `allowSmallOwnKeys: true\n${gatewayYaml}`
      .replace('127.0.0.1:8080', '127.0.0.1:0')
      .replace('127.0.0.1:8081', '127.0.0.1:0')
      .replace('./data', './page-data')
      .replace('file: directory.yaml', 'file: page.directory.yaml')
    await writeFile(join(directory, 'page.yaml'), here, { mode: 0o600 })
    await writeFile(join(directory, 'page.directory.yaml'), directoryYaml.replace('http://127.0.0.1:8082', party.url))
    const config = await loadConfig(join(directory, 'page.yaml'))
    const gateway = await startGateway(config, { log: silentLog, workers: 1 })
    try {
      const jwks = JSON.parse(await readFile(join(directory, 'page-data/gateway.jwks.json'), 'utf8')) as { keys: JWK[] }
      const senders = [{ id: 'gateway', jwks: jwks.keys }]
      const recipientKey = sealingKeyOf({ id: 'gateway', jwks: jwks.keys })
      if (!recipientKey) throw new Error('no key to seal for')
      const { sign } = JSON.parse(await readFile(join(directory, 'keys/portal-1.private.json'), 'utf8')) as { sign: JWK }
      const client = await connect({ url: gateway.public.url, audience: config.publicUrl, participant: 'portal-1', key: sign, senders })
      const ask = { to: WAY, recipientKey, document: certificateRequest(), answerFrom: 'gateway' }
      const { last, notice } = await client.askAndWait(ask)
      expect(last.kind).to.equal('result')
      expect(notice?.content.outcome?.status).to.equal('accepted')
      expect(notice && mayHaveBeenProcessed(notice.content)).to.equal(false)
    } finally {
      await gateway.close(200)
    }
  })
})
