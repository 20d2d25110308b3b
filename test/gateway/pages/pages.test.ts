// SPDX-License-Identifier: EUPL-1.2
/**
 * The pages for OSCI operators hold configurations that work as they stand: each is loaded from the page, and a client of ours rides.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { expect } from 'chai'
import { startGateway, type RunningGateway } from '../../../src/cli/compose/gateway.js'
import { connect, connectOsci, itemsOf, type OsciConnection } from '../../../src/client/index.js'
import { loadConfig } from '../../../src/config/load.js'
import type { Config } from '../../../src/config/types.js'
import { sealingKeyOf } from '../../../src/envelope/keys.js'
import { silentLog } from '../../../src/gateway/log.js'
import { certificateRequest, echo, removeDirectories, type House } from '../support.js'
import { freePort } from '../../free-port.js'
import { openParty } from '../way-out/support.js'

describe('pages for OSCI operators', function () {
  this.timeout(60_000)
  let party: House
  const running: RunningGateway[] = []
  const connections: OsciConnection[] = []
  const stopped = new AbortController()

  before(async () => {
    party = await openParty()
    await party.serve(echo)
  })
  after(async () => {
    stopped.abort()
    for (const connection of connections) connection.close()
    for (const gateway of running) await gateway.close(200)
    await party.close()
    await removeDirectories()
  })

  async function start(name: string, gatewayYaml: string, directoryYaml: string): Promise<{ gateway: RunningGateway; config: Config }> {
    const { directory } = party.demo
    // test keys are short
    const here = `allowSmallOwnKeys: true\n${gatewayYaml}`
      .replace('./data', `./${name}`)
      .replace('directory.yaml', `${name}.directory.yaml`)
    await writeFile(join(directory, `${name}.yaml`), here, { mode: 0o600 })
    await writeFile(join(directory, `${name}.directory.yaml`), directoryYaml)
    const config = await loadConfig(join(directory, `${name}.yaml`))
    const gateway = await startGateway(config, { log: silentLog, workers: 1 })
    running.push(gateway)
    return { gateway, config }
  }

  /** The two files of a page, of its addresses only changed. */
  async function filesOf(page: string, port: number, addresses: Readonly<Record<string, string>>): Promise<[string, string]> {
    const text = await readFile(new URL(`../../../docs/${page}`, import.meta.url), 'utf8')
    const [gatewayYaml = '', directoryYaml = ''] = [...text.matchAll(/```yaml\n([^]*?)```/g)].map((match) => match[1] ?? '')
    const there = Object.entries(addresses).reduce((now, [from, to]) => now.replace(from, to), directoryYaml)
    return [gatewayYaml.replace('127.0.0.1:8080', `127.0.0.1:${port}`).replace('127.0.0.1:8081', '127.0.0.1:0'), there]
  }

  async function client(url: string, cipher: 'portal-cipher' | 'town-cipher', signs: 'portal-author' | 'town-author') {
    const { keys } = party.demo
    const connection = await connectOsci({
      url,
      keys: { cipher: keys[cipher], signature: keys[signs] },
      intermediary: {
        cipherCertificate: keys['intermediary-cipher'].certificate,
        signatureCertificates: [keys['intermediary-signature'].certificate],
      },
    })
    connections.push(connection)
    return connection
  }

  /** Mediates a request; what came back, opened. */
  async function mediated(osci: OsciConnection, uri: string): Promise<readonly [codes: readonly string[], text: string]> {
    const parts = await osci.content({ document: certificateRequest(), addressee: party.demo.keys['town-reader'].certificate })
    return osci.dialog(async (dialog) => {
      const { messageId = '' } = (await dialog.getMessageId({})).message.order
      const { message, feedback } = await dialog.mediateDelivery({ contentReceiver: { uri }, messageId, subject: 'Demo' }, parts)
      const content = message.content ? await osci.openContent(message) : undefined
      return [feedback.entries.map(({ code }) => code), Buffer.from(itemsOf(content?.containers ?? [])[0]?.bytes ?? []).toString()]
    })
  }

  it('protektor-als-intermediaer.md: a client mediates to a passive recipient', async () => {
    const files = await filesOf('protektor-als-intermediaer.md', 0, { 'http://127.0.0.1:8082': party.url })
    const { gateway } = await start('office', ...files)
    const osci = await client(`${gateway.public.url}/osci/intermediary`, 'portal-cipher', 'portal-author')
    expect(await mediated(osci, `${party.url}/osci/recipient`)).to.deep.equal([['0801'], 'echo'])
  })

  it('protektor-als-intermediaer.md: one client stores, the other fetches once, and the card tells both', async () => {
    const url = `${running[0]?.public.url ?? ''}/osci/intermediary`
    const [sender, taker] = [await client(url, 'portal-cipher', 'portal-author'), await client(url, 'town-cipher', 'town-author')]
    const { messageId = '' } = (await sender.getMessageId({})).message.order
    const parts = await sender.content({ document: Buffer.from('<a/>'), addressee: taker.identity.cipher })
    const stored = await sender.storeDelivery({ messageId, subject: 'Demo' }, parts)
    expect(stored.feedback.entries.map(({ code }) => code)).to.deep.equal(['0800'])
    await taker.dialog(async (dialog) => {
      expect((await dialog.fetchDelivery({})).message.order.processCardBundle?.messageId).to.equal(messageId)
      expect((await dialog.fetchDelivery({})).feedback.errors).to.deep.equal(['9803'])
    })
    await sender.dialog(async (dialog) => {
      const [card] = (await dialog.fetchProcessCard({ selectionRule: { messageIds: [messageId] } })).message.order.processCardBundles
      expect(card?.processCard.reception).to.not.equal(undefined)
    })
    expect((await sender.storeDelivery({ messageId }, parts)).feedback.errors).to.deep.equal(['9801'])
  })

  it('an-einen-intermediaer-anschliessen.md: asked through an external intermediary, and asking through it', async () => {
    const [port, external] = [await freePort(), await freePort()]
    const recipient = `http://127.0.0.1:${port}/osci/recipient`
    // the intermediary of somebody else: the one of the other page
    const [gatewayYaml, directoryYaml] = await filesOf('protektor-als-intermediaer.md', external, {
      'http://127.0.0.1:8082/osci/recipient': recipient,
    })
    const other = await start('external', gatewayYaml, directoryYaml)
    const files = await filesOf('an-einen-intermediaer-anschliessen.md', port, {
      'http://127.0.0.1:8082': other.gateway.public.url,
      'http://127.0.0.1:8083/osci/recipient': recipient,
    })
    const { gateway, config } = await start('town', ...files)
    const { identity } = gateway
    const owner = { id: identity.participant, jwks: identity.jwks.keys }
    const login = { url: gateway.public.url, audience: config.publicUrl, senders: [owner] }
    const { register } = party.demo
    const taker = await connect({ ...login, participant: register.participant, key: register.sign, openingKeys: [register.open] })
    void (async () => {
      for await (const request of taker.requests('ags:99001000', { signal: stopped.signal })) await echo(request)
    })().catch(() => undefined)

    const osci = await client(`${other.gateway.public.url}/osci/intermediary`, 'portal-cipher', 'portal-author')
    expect(await mediated(osci, recipient)).to.deep.equal([['0801'], 'echo'])

    const { sign } = JSON.parse(await readFile(join(party.demo.directory, 'keys/portal-1.private.json'), 'utf8')) as { sign: JWK }
    const portal = await connect({ ...login, participant: 'portal-1', key: sign })
    const recipientKey = sealingKeyOf(owner)
    if (!recipientKey) throw new Error('no key to seal for')
    const { last } = await portal.askAndWait({ to: 'ags:99002000', recipientKey, document: certificateRequest(), answerFrom: owner.id })
    expect(last.kind).to.equal('result')
    if (last.kind === 'result') expect(last.content.osci?.messageType).to.equal('responseToMediateDelivery')
  })
})
