// SPDX-License-Identifier: EUPL-1.2
/**
 * Threat model rows that the stages answer, on captured messages: wrapping, Ids, coverage, signer, shells. Each rejection leaves the
 * next valid message working.
 * @module
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { OsciError } from '../../src/errors.js'
import { frame, order, osci } from '../../src/osci/stages.js'
import type { OsciEnv } from '../../src/osci/types.js'
import { gatewayAlgorithms } from '../../src/xml/algorithms.js'
import { envWith, FOREIGN, party, SHA256, AES256_GCM, OAEP_SHA256 } from './env.js'

const capture = (name: string): Buffer => readFileSync(new URL(name, FOREIGN))
const CLEAR = '12-processDelivery.bin'
const SEALED = '11-processDelivery.bin'

describe('threats to the stages', () => {
  let env: OsciEnv
  let clear: string
  before(async () => {
    env = envWith((await party('addressee-cipher')).decrypter)
    clear = capture(CLEAR).toString('latin1')
  })

  async function refused(bytes: Buffer | string, ...codes: readonly string[]): Promise<OsciError> {
    const input = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    let caught: unknown
    try {
      await osci.open(input, env)
    } catch (error) {
      caught = error
    }
    if (!(caught instanceof OsciError)) throw new Error(`not refused by an OsciError: ${String(caught)}`)
    expect(codes, `${caught.feedback} ${caught.finding}`).to.include(caught.feedback)
    const next = await osci.open(capture(CLEAR), env)
    expect(next.type, 'the next valid message').to.equal('processDelivery')
    return caught
  }

  const edit = (from: string | RegExp, to: string): string => {
    const changed = clear.replace(from, to)
    if (changed === clear) throw new Error(`nothing replaced: ${String(from)}`)
    return changed
  }
  const body = (): string => /<soap:Body.*<\/soap:Body>/s.exec(clear)?.[0] ?? ''
  const bodyAs = (id: string, text: string): string =>
    body()
      .replace(/Id="body"/, `Id="${id}"`)
      .replace(/>[^<]{8,}<\/osci:Base64Content>/, `>${text}</osci:Base64Content>`)

  describe('G1 signature wrapping', () => {
    const forged = (): string => bodyAs('body', 'Rm9yZ2Vk')
    const places: Readonly<Record<string, () => string>> = {
      'a second Body behind the signed one': () => edit('</soap:Envelope>', `${forged()}</soap:Envelope>`),
      'a second Body before the signed one': () => edit('<soap:Body', `${forged()}<soap:Body`),
      'the signed Body moved into a foreign header block, a forged one in its place': () =>
        edit('</soap:Header>', `<w:x xmlns:w="urn:w" Id="w">${body()}</w:x></soap:Header>`).replace(
          /(<\/soap:Header>)<soap:Body.*<\/soap:Body>/s,
          `$1${bodyAs('forged', 'Rm9yZ2Vk')}`,
        ),
      'the signed Body nested in the forged one': () =>
        edit(
          /<soap:Body.*<\/soap:Body>/s,
          bodyAs('forged', 'Rm9yZ2Vk').replace('</osci:ContentPackage>', `${body()}</osci:ContentPackage>`),
        ),
      'a forged Body with another Id while the signed one is a second Header child': () =>
        edit('</soap:Header>', `${body()}</soap:Header>`).replace(
          /(<\/soap:Header>)<soap:Body.*<\/soap:Body>/s,
          `$1${bodyAs('b2', 'Rm9yZ2Vk')}`,
        ),
      'a second Header': () => edit('<soap:Body', `<soap:Header>${''}</soap:Header><soap:Body`),
      'the envelope inside an envelope': () =>
        edit(
          /<soap:Envelope.*<\/soap:Envelope>/s,
          `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body Id="b">${/<soap:Envelope.*<\/soap:Envelope>/s.exec(clear)?.[0] ?? ''}</soap:Body></soap:Envelope>`,
        ),
    }
    for (const [name, make] of Object.entries(places)) {
      it(`G1 refuses ${name}`, async () => {
        await refused(make(), '9100', '9300', '9601', '9602')
      })
    }
  })

  for (const spelling of ['id', 'ID', 'iD', 'xml:id', 'osci:Id']) {
    it(`G2 refuses the Id spelt ${spelling} inside the frame`, async () => {
      expect((await refused(edit('<osci:ContentPackage', `<osci:ContentPackage ${spelling}="x"`), '9100')).finding).to.equal(
        'osci-structure.id-lookalike',
      )
    })
  }
  it('G2 refuses an Id with white space from a character reference', async () => {
    expect((await refused(edit('Id="body"', 'Id="bo&#x20;dy"'), '9100')).finding).to.equal('osci-structure.id-syntax')
  })
  for (const value of ['', '1x', 'a:b', 'a#b', "a'b"]) {
    it(`G2 refuses the Id "${value}", which is no NCName`, async () => {
      expect((await refused(edit('Id="body"', `Id="${value}"`), '9100')).finding).to.equal('osci-structure.id-syntax')
    })
  }
  it('G2 refuses two equal Ids, content included', async () => {
    expect((await refused(edit(/<osci:Base64Content Id="[^"]*"/, '<osci:Base64Content Id="body"'), '9100')).finding).to.equal(
      'osci-structure.duplicate-id',
    )
  })

  it('G3 refuses a message when any one reference is dropped (9602 or, the value being signed, 9601)', async () => {
    const references = clear.match(/<ds:Reference URI="#[^"]*">.*?<\/ds:Reference>/gs) ?? []
    const info = /<ds:SignedInfo.*?<\/ds:SignedInfo>/s.exec(clear)?.[0] ?? ''
    const inside = references.filter((r) => info.includes(r))
    expect(inside.length).to.be.greaterThan(4)
    for (const reference of inside) await refused(edit(reference, ''), '9601', '9602')
  })
  it('G3 refuses a part that the signature does not name (9602)', async () => {
    const boundary = /boundary=([^;\r\n]+)/.exec(clear)?.[1] ?? ''
    const part = `--${boundary}\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <extra>\r\n\r\nx\r\n`
    await refused(edit(`--${boundary}--`, `${part}--${boundary}--`), '9602')
  })

  it('G1 refuses a second ds:Signature in the signature block (9601)', async () => {
    const twice = edit(/(<ds:Signature[ >].*?<\/ds:Signature>)/s, '$1$1')
    expect((await refused(twice, '9601')).finding).to.equal('message-signature.grammar')
  })

  it('G9 refuses a signature whose RetrievalMethod names another role (9601)', async () => {
    const other = /<osci:SignatureCertificateOriginator Id="([^"]*)"/.exec(clear)?.[1] ?? ''
    const error = await refused(edit(/<ds:RetrievalMethod URI="#intermed[^"]*"/, `<ds:RetrievalMethod URI="#${other}"`), '9601')
    expect(error.finding).to.equal('message-signature.signer-role')
  })
  it('G9 refuses a certificate embedded in KeyInfo', async () => {
    await refused(
      edit(
        /<ds:RetrievalMethod URI="#intermed[^"]*"><\/ds:RetrievalMethod>/,
        '<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>',
      ),
      '9100',
      '9601',
    )
  })
  for (const [name, transform] of Object.entries({
    XSLT: 'http://www.w3.org/TR/1999/REC-xslt-19991116',
    XPath: 'http://www.w3.org/TR/1999/REC-xpath-19991116',
    'enveloped signature': 'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
    'exclusive canonical form': 'http://www.w3.org/2001/10/xml-exc-c14n#',
  })) {
    it(`G11 refuses the transform ${name}`, async () => {
      await refused(
        edit('<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"', `<ds:Transform Algorithm="${transform}"`),
        '9601',
        '9100',
      )
    })
  }
  for (const uri of ['http://127.0.0.1:9/x', 'file:///etc/passwd', '#xpointer(/)', '']) {
    it(`G11 refuses a reference to "${uri}"`, async () => {
      await refused(edit('<ds:Reference URI="#body"', `<ds:Reference URI="${uri}"`), '9100', '9601', '9602')
    })
  }

  it('X9 refuses an unknown block that must be understood (9300)', async () => {
    const error = await refused(edit('</soap:Header>', '<w:x xmlns:w="urn:w" Id="w" soap:mustUnderstand="1"/></soap:Header>'), '9300')
    expect(error.finding).to.equal('osci-structure.must-understand')
  })
  it('X9 refuses an unsigned extra block in a signed message (9602)', async () => {
    await refused(edit('</soap:Header>', '<w:x xmlns:w="urn:w" Id="w"/></soap:Header>'), '9602')
  })
  it('X6 refuses a comment inside the frame (9100)', async () => {
    expect((await refused(edit('<osci:ContentPackage', '<!--x--><osci:ContentPackage'), '9100')).finding).to.equal('xml.comment')
  })

  describe('shells of transport encryption', () => {
    const sealed = (): string => capture(SEALED).toString('latin1')
    const change = (from: string | RegExp, to: string): string => {
      const changed = sealed().replace(from, to)
      if (changed === sealed()) throw new Error(`nothing replaced: ${String(from)}`)
      return changed
    }
    it('E8 answers 9200 when the shell names a certificate that is not ours, without trying a key', async () => {
      const mine = env
      env = envWith((await party('reader-cipher')).decrypter)
      try {
        await osci.open(Buffer.from(sealed(), 'latin1'), env)
        expect.fail('opened')
      } catch (error) {
        expect(error).to.be.instanceOf(OsciError)
        expect((error as OsciError).feedback).to.equal('9200')
      } finally {
        env = mine
      }
    })
    it('E6 refuses two EncryptedKeys', async () => {
      const key = /<xenc:EncryptedKey>.*?<\/xenc:EncryptedKey>/s.exec(sealed())?.[0] ?? ''
      await refused(change(key, key + key), '9100')
    })
    it('E6 refuses two EncryptedData', async () => {
      const data = /<xenc:EncryptedData.*?<\/xenc:EncryptedData>/s.exec(sealed())?.[0] ?? ''
      await refused(change(data, data + data), '9100')
    })
    it('E6 refuses an encrypted message inside an encrypted one (9300)', async () => {
      const p = await party('addressee-cipher')
      const inner = await frame.open(capture(SEALED), { ...env, keys: { decrypter: () => p.decrypter } })
      expect(inner.evidence.transport).to.not.equal(undefined)
      const message = await order.open(inner, env)
      const once = await osci.seal(message, {
        ...env,
        sealing: { encryptFor: { certificate: p.certificate, cipher: AES256_GCM, keyTransport: OAEP_SHA256, ivBytes: 12 } },
      })
      const { mime } = await import('../../src/osci/mime-stage.js')
      const { soap } = await import('../../src/osci/soap.js')
      const { transport } = await import('../../src/osci/transport.js')
      const shell = await soap.open(await mime.open(once, env), env)
      const twice = await mime.seal(
        await soap.seal(
          await transport.seal(shell, {
            ...env,
            sealing: { encryptFor: { certificate: p.certificate, cipher: AES256_GCM, keyTransport: OAEP_SHA256, ivBytes: 12 } },
          }),
          env,
        ),
        env,
      )
      expect((await refused(Buffer.from(twice), '9300')).finding).to.equal('osci-structure.nested-encryption')
    })
    for (const uri of ['file:///etc/passwd', 'http://127.0.0.1:9/', 'cid:other']) {
      it(`E7 refuses CipherReference ${uri}`, async () => {
        await refused(change(/<xenc:CipherReference URI="[^"]*"/, `<xenc:CipherReference URI="${uri}"`), '9100')
      })
    }
    for (const [name, cipher] of Object.entries({
      CBC: 'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
      'Triple DES': 'http://www.w3.org/2001/04/xmlenc#tripledes-cbc',
    })) {
      it(`E3 refuses the same ciphertext relabelled as ${name} before the key is touched, also where content may be CBC`, async () => {
        let touched = 0
        const p = await party('addressee-cipher')
        const content = gatewayAlgorithms({ where: 'content', legacy: { cbcContent: true } })
        const own = envWith({ ...p.decrypter, unwrap: async (...a) => (touched++, p.decrypter.unwrap(...a)) })
        const watched = { ...own, algorithms: { ...own.algorithms, content } }
        try {
          await osci.open(Buffer.from(change('http://www.w3.org/2009/xmlenc11#aes256-gcm', cipher), 'latin1'), watched)
          expect.fail('opened')
        } catch (error) {
          expect((error as OsciError).feedback).to.equal('9202')
        }
        expect(touched).to.equal(0)
      })
    }
    it('E2 refuses RSA 1.5 on the transport without a private-key call', async () => {
      let touched = 0
      const p = await party('addressee-cipher')
      const watched = envWith({ ...p.decrypter, unwrap: async (...a) => (touched++, p.decrypter.unwrap(...a)) })
      const changed = change(
        /<xenc:EncryptionMethod Algorithm="[^"]*rsa-oaep">.*?<\/xenc:EncryptionMethod>/s,
        '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-1_5"/>',
      )
      const outcome = await osci.open(Buffer.from(changed, 'latin1'), watched).then(
        () => 'opened',
        (e: unknown) => (e as OsciError).feedback,
      )
      expect([outcome, touched]).to.deep.equal(['9202', 0])
    })
    it('E5 parses nothing of a hostile inner message before the tag, and judges it after', async () => {
      const p = await party('addressee-cipher')
      const { encryptOctets, wrapKey } = await import('../../src/xml/xenc-write.js')
      const cipher = gatewayAlgorithms({ where: 'transport' }).cipher(AES256_GCM)
      if (!cipher) throw new Error('no cipher')
      const hostile = Buffer.from(
        'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b; type=text/xml\r\n\r\n--b\r\nContent-Type: text/xml; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\nContent-ID: <r>\r\n\r\n<!DOCTYPE x SYSTEM "http://127.0.0.1:9/"><x/>\r\n--b--\r\n',
      )
      const cek = env.random(32)
      const octets = Buffer.from(encryptOctets(cipher, cek, hostile, env.random(12))).toString('latin1')
      const wrapped = Buffer.from(wrapKey(p.certificate, OAEP_SHA256, cek)).toString('base64')
      const withKey = change(/(<\/ds:KeyInfo><xenc:CipherData><xenc:CipherValue>)[^<]*/, `$1${wrapped}`)
      const at = withKey.indexOf('\r\n\r\n', withKey.indexOf('Content-ID: <osci_enc>')) + 4
      const end = withKey.lastIndexOf('\r\n--')
      const error = await refused(withKey.slice(0, at) + octets + withKey.slice(end), '9100')
      expect(error.finding).to.equal('xml.doctype')
    })
  })

  it('G12 a stripped signature leaves no evidence, for the peer policy to judge', async () => {
    const opened = await osci.open(Buffer.from(edit(/<osci:ClientSignature.*?<\/osci:ClientSignature>/s, ''), 'latin1'), env)
    expect(opened.evidence.signature).to.equal(undefined)
  })
  it('G13 evidence names signer, algorithm, digests and exactly what was covered', async () => {
    const { signature } = (await osci.open(capture(CLEAR), env)).evidence
    expect(signature?.role).to.equal('SignatureCertificateIntermediary')
    expect(signature?.algorithm).to.equal('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256')
    expect(signature?.digestMethods).to.deep.equal([SHA256])
    expect(signature?.covered.size).to.be.greaterThan(5)
  })
})
