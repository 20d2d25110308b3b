// SPDX-License-Identifier: EUPL-1.2
/**
 * The client as a process: one dialog, one mediateDelivery after another, as the Java peer's `bench --mode mediate` does it. A lap begins
 * before the content is signed and encrypted and ends when the reply's content has been opened.
 * Arguments: address of the intermediary, receiver, folder of the keys, file of the payload. Takes {@link Laps}, answers {@link Ridden}.
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectOsci, type OwnKey } from '../../../src/client/osci/connect.js'
import { itemsOf } from '../../../src/osci/content-types.js'
import { readCertificate } from '../../../src/pki/certificate.js'

export interface Laps {
  /** Not counted. */
  readonly warm: number
  readonly times: number
}

export interface Ridden {
  readonly perSecond: number
  readonly p50Ms: number
}

const [url = '', receiver = '', pki = '', payload = ''] = process.argv.slice(2)

const key = (name: string): OwnKey => ({ pkcs12: readFileSync(join(pki, `${name}.p12`)), pin: 'test' })
const certificate = (name: string) => readCertificate(readFileSync(join(pki, `${name}.der`)))

async function main(): Promise<void> {
  const document = readFileSync(payload)
  const [addressee, reader] = [certificate('addressee-cipher'), certificate('reader-cipher')]
  const osci = await connectOsci({
    url,
    keys: { cipher: key('originator-cipher'), signature: key('originator-sign') },
    intermediary: { cipherCertificate: certificate('intermed-cipher'), signatureCertificates: [certificate('intermed-sign')] },
  })
  const dialog = await osci.openDialog()
  const lap = async (): Promise<void> => {
    const parts = await osci.content({ document, addressee, readers: [reader] })
    const { message, feedback } = await dialog.mediateDelivery({ contentReceiver: { uri: receiver } }, parts)
    if (!feedback.ok) throw new Error(`mediateDelivery: ${feedback.errors.join(' ')}`)
    const { containers, problems } = await osci.openContent(message)
    if (problems.length > 0 || itemsOf(containers)[0]?.bytes.byteLength === undefined) throw new Error('the reply has no content')
  }
  process.on('message', ({ warm, times }: Laps) => {
    void (async () => {
      for (let at = 0; at < warm; at++) await lap()
      const laps: number[] = []
      const began = performance.now()
      for (let at = 0; at < times; at++) {
        const start = performance.now()
        await lap()
        laps.push(performance.now() - start)
      }
      const seconds = (performance.now() - began) / 1000
      laps.sort((a, b) => a - b)
      process.send?.({ perSecond: times / seconds, p50Ms: laps[Math.floor(times / 2)] ?? Number.NaN } satisfies Ridden)
    })()
  })
  process.on('disconnect', () => process.exit())
  process.send?.({})
}

await main()
