// SPDX-License-Identifier: EUPL-1.2
/**
 * The tester against ourselves, in every role and by its own command line: no clause fails. Of the table one exchange of each kind is
 * taken here; `test/interop/conformance.test.ts` takes them all.
 * @module
 */
import { expect } from 'chai'
import { readdir, readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { oscCaller } from '../../src/client/osci/caller.js'
import { deliveryParts } from '../../src/client/osci/content.js'
import type { OsciCallError } from '../../src/client/osci/ports.js'
import { osciHttp } from '../../src/client/osci/transport.js'
import { readProfile } from '../../src/cli/conformance/profile-file.js'
import { stationOf } from '../../src/conformance/setup.js'
import { Legs } from '../../src/conformance/wire.js'
import { freePort } from '../free-port.js'
import { until } from '../until.js'
import { resultsOf, start, unexplained, withOutcome, type ReportedResult } from './command.js'
import { openConformanceHouse, type ConformanceHouse } from './house.js'

const PART_OF_CLIENT = [
  '*.implicit',
  '*.explicit',
  '*.right',
  '*.answer-*',
  'message.*',
  'storeDelivery.*',
  'fetchDelivery.*',
  'partialStoreDelivery.chunk-*',
]
const PART_OF_RECIPIENT = ['forwardDelivery.*', 'mediateDelivery.recipient-re*', '*.request-*'] // prettier-ignore

describe('conformance of ourselves', function () {
  this.timeout(60_000)
  let house: ConformanceHouse
  before(async () => {
    house = await openConformanceHouse(`http://127.0.0.1:${await freePort()}/`)
  })
  after(() => house.close())

  const call = (...argv: readonly string[]) => start(...argv).ended
  const only = (globs: readonly string[]): string[] => globs.flatMap((glob) => ['--only', glob])
  const untested = (results: readonly ReportedResult[]): string[] => withOutcome(results, 'not-tested').map(({ id }) => id)

  async function report(folder: string, ...argv: readonly string[]): Promise<readonly ReportedResult[]> {
    const out = join(house.directory, folder)
    return resultsOf(out, call(...argv, '--out', out, '--format', 'json', '--format', 'html', '--format', 'junit', '--format', 'text'))
  }

  it('our intermediary keeps every clause; bytes and reports lie in the folder', async () => {
    const found = await report('im', ...house.asClient(), ...only(PART_OF_CLIENT))
    expect(unexplained(found)).to.deep.equal([])
    // what our profile does not claim: a mailbox of ours forgets, and time stamps need a service
    expect(untested(found)).to.deep.equal(['fetchDelivery.again', 'storeDelivery.cryptographic-timestamp'])
    const [first] = found.filter(({ files }) => files.length > 0)
    const folder = join(house.directory, 'im')
    expect((await stat(join(folder, first?.files[0] ?? ''))).size).to.be.greaterThan(1000)
    expect((await readdir(join(folder, 'bytes'))).length).to.be.greaterThan(200)
    expect(await readFile(join(folder, 'report.html'), 'utf8')).to.contain(`href="${first?.files[0] ?? ''}"`)
    for (const name of ['report.txt', 'report.xml']) expect(await readFile(join(folder, name), 'utf8')).to.contain('storeDelivery.implicit')
  })

  it('our passive recipient keeps every clause', async () => {
    const found = await report('town', ...house.asIntermediary())
    expect(unexplained(found)).to.deep.equal([])
    expect(untested(found)).to.deep.equal([])
    expect(found.length).to.be.greaterThan(80)
  })

  it('our intermediary says of every recipient what it did', async () => {
    const found = await report('recipient', ...house.asRecipient(), ...only(PART_OF_RECIPIENT))
    expect(unexplained(found)).to.deep.equal([])
    expect(untested(found)).to.deep.equal([])
    expect(found.length).to.be.greaterThan(40)
  })

  it('through the proxy our client says no more after an answer that it cannot believe, and our intermediary names what is wrong', async () => {
    const named = ['request.tampered-order@storeDelivery', 'request.digest@getMessageId']
    const silent = 'answer.wrong-challenge@storeDelivery'
    const [goesOn, closes] = ['answer.wrong-challenge@fetchDelivery', 'answer.wrong-challenge@exitDialog']
    const out = join(house.directory, 'proxy')
    const proxy = start(
      ...house.asProxy(),
      ...[silent, ...named, goesOn, closes].flatMap((name) => ['--fault', name]),
      ...['--profile', await house.profile('between', 'timeoutSeconds: 3\n'), '--wait', '60', '--out', out, '--format', 'json'],
    )
    const url = await proxy.listening
    await call(...house.asClient(url), ...only(['getMessageId.implicit']))
    await storeInDialog(url)
    // the tester itself takes no offence: it goes on in the dialog, and that is seen
    await call(...house.asClient(url), ...only(['storeDelivery.implicit', 'exitDialog.explicit', 'fetchDelivery.explicit', 'fetchProcessCard.explicit']))
    const found = await resultsOf(out, proxy.ended)
    const outcomeOf = (id: string) => found.find((one) => one.id === id)?.outcome
    for (const name of [...named, silent]) expect(outcomeOf(`fault.${name}`), name).to.equal('passed')
    expect(unexplained(found)).to.deep.equal([`fault.${goesOn}: In the same dialog fetchProcessCard came after it.`])
    expect(outcomeOf(`fault.${closes}`)).to.equal('not-tested')
    expect(outcomeOf('storeDelivery.request-form')).to.equal('passed')
  }) // prettier-ignore

  /** A client that looks at answers, with exitDialog still to send when the one to its storeDelivery is wrong. */
  async function storeInDialog(url: string): Promise<void> {
    const http = osciHttp()
    const certificates = { cipher: house.pairs['im-cipher'].certificate, signature: [house.pairs['im-signature'].certificate] }
    const profile = readProfile('p', 'name: p\ncertificates: { signature: [ x ] }')
    const keys = await house.keys('user-cipher', 'user-signature')
    const legs = new Legs(() => Promise.resolve())
    const { identity, peer } = stationOf({ url, role: 'originator', keys, profile, certificates, http, legs })
    try {
      const dialog = await oscCaller(http).openDialog(identity, peer)
      const { message } = await dialog.send('getMessageId', {})
      const parts = await deliveryParts({ document: identity.env.random(40), addressee: identity.cipher }, identity, peer)
      const sent = dialog.send('storeDelivery', { messageId: message.order.messageId ?? '', subject: 'x' }, parts)
      expect(await sent.catch((error: unknown) => (error as OsciCallError).finding)).to.equal('client.answer-response')
      await dialog.close()
    } finally {
      http.close()
    }
  }

  it('names clauses and faults without calling anybody', async () => {
    const { code, out } = await call(...house.asClient(), '--list', '--only', 'mediateDelivery.sequence-*')
    expect(code).to.equal(0)
    const names = ['repeated', 'skipped', 'missing'].map((how) => `mediateDelivery.sequence-${how}`)
    expect(out.match(/^mediateDelivery\.\S+$/gm)).to.deep.equal(names)
    expect((await call('--faults')).out.match(/^(request|answer)\.\S+$/gm)?.length).to.be.greaterThan(40)
  })

  it('does not test what the profile does not claim', async () => {
    const profile = await house.profile('small', 'exchanges: [ getMessageId ]\nsigned: optional\n')
    const found = await report('small', ...house.asClient(), '--profile', profile, ...only(['storeDelivery.*', 'getMessageId.unsigned']))
    expect(withOutcome(found, 'not-tested').length).to.equal(found.length)
  })

  it('finds what is broken, and ends with 1: another signer than the profile says', async () => {
    const profile = await house.profile('other', '', 'town-signature.pem')
    const found = await report(
      'other',
      ...house.asClient(),
      '--profile',
      profile,
      ...only(['getMessageId.implicit', 'getMessageId.answer-signed']),
    )
    expect(unexplained(found)).to.deep.equal(['getMessageId.answer-signed: signed by somebody else'])
  })

  it('ends with 2 when called wrongly, and says how', async () => {
    const profile = ['--profile', await house.profile('fine', '')]
    const broken = ['--profile', await house.profile('broken', 'exchange: [ storeDelivery ]\n')]
    const wrong: readonly (readonly [string, readonly string[]])[] = [
      ['--as wants a role', profile],
      ['--profile is missing', ['--as', 'client']],
      ['no fault has this name', ['--as', 'proxy', ...profile, '--fault', 'nothing.*']],
      ['no fault has this name', ['--as', 'proxy', ...profile, '--fault', 'answer.late@nothing']],
      ['--as client wants --url', ['--as', 'client', ...profile]],
      ['--as client has no use for --fault', [...house.asClient(), '--fault', 'answer.late']],
      ['--as intermediary has no use for --listen', [...house.asIntermediary(), '--listen', '127.0.0.1:0']],
      ['--as proxy has no use for --url', [...house.asProxy(), '--url', house.intermediary]],
      ['http or https', ['--as', 'client', ...profile, '--url', 'ftp://x/']],
      ['no clause has this name', ['--as', 'client', ...profile, '--url', 'http://127.0.0.1:9/', '--only', 'x']],
      ['HOST:PORT', ['--as', 'recipient', ...profile, '--listen', '8080']],
      ['--format does not know pdf', ['--as', 'client', ...profile, '--url', 'http://127.0.0.1:9/', '--format', 'pdf']],
      ['several --format want --out', [...house.asClient(), '--format', 'json', '--format', 'text']],
      ['nothing can be kept in /proc/report/bytes (ENOENT)', [...house.asClient(), '--out', '/proc/report']],
      ['exchange', ['--as', 'client', ...broken]],
      ['nothing can be kept in', [...house.asClient(), '--out', await house.profile('no-folder', '')]],
    ]
    for (const [says, argv] of wrong) {
      const { code, err } = await call(...argv)
      expect([code, err.includes(says)], `${says}: ${err}`).to.deep.equal([2, true])
    }
  })

  it('ends with 4 without a key to work with', async () => {
    const { code, err } = await call('--as', 'client', '--profile', await house.profile('keyless', ''), '--url', house.intermediary)
    expect([code, err.includes('cipher key')], err).to.deep.equal([4, true])
  })

  it('ends with 4 when nobody is there: that is no verdict', async () => {
    const url = `http://127.0.0.1:${await freePort()}/`
    const { code, out, err } = await call(...house.asClient(url))
    expect([code, out, err.includes(`${url} cannot be reached (ECONNREFUSED)`)], err).to.deep.equal([4, '', true])
    const tls = await call(...house.asClient(house.intermediary.replace('http:', 'https:')))
    expect([tls.code, /cannot be reached \((EPROTO|ERR_SSL_\w+)\)/.test(tls.err)], tls.err).to.deep.equal([4, true])
  })

  it('ends with 4, and without a stack, where it cannot listen', async () => {
    const { code, err } = await call(...house.asProxy(), '--listen', new URL(house.intermediary).host)
    expect([code, err]).to.deep.equal([
      4,
      `protektor: --listen: not to be listened at: ${new URL(house.intermediary).host} (EADDRINUSE) (conformance.address)\n`,
    ])
  })

  it('broken off by a signal it reports what it has found until then, says so, and ends with 4', async () => {
    let calls = 0
    // answers once, wrongly, and then never again
    const hanging = createServer((_request, response) => void (++calls === 1 && response.end('?')))
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve))
    const out = join(house.directory, 'broken-off')
    try {
      const url = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`
      const { ended } = start(...house.asClient(url), ...only(['getMessageId.*']), '--out', out, '--format', 'json')
      await until(() => calls === 2)
      process.emit('SIGTERM', 'SIGTERM')
      const { code, err } = await ended
      expect([code, err]).to.deep.equal([4, 'protektor: the run was broken off (conformance.interrupted)\n'])
      const { results } = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as {
        readonly results: readonly { readonly id: string }[]
      }
      expect(results.map(({ id }) => id)).to.deep.equal(['getMessageId.implicit'])
    } finally {
      hanging.closeAllConnections()
      await new Promise((resolve) => hanging.close(resolve))
    }
  })
})
