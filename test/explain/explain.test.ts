// SPDX-License-Identifier: EUPL-1.2
/**
 * Explanations of whole messages: what they say, where they point, what they never show, and what they do when there is nothing to explain.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { explain } from '../../src/check/explain/explain.js'
import { explainText } from '../../src/check/explain/outputs.js'
import type { Explanation } from '../../src/check/explain/types.js'
import { LAYERS, type CheckContext, type Finding } from '../../src/check/types.js'
import type { SchemaValidator } from '../../src/xml/schema.js'
import { capture, check, contextWith, edited, osciValidator } from '../check/support.js'
import { allThings, everything, HEAD } from './everything.js'

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url))
const VALID = new URL('../../fixtures/valid/', import.meta.url)
const EXAMPLES = new URL('../../schemas/xprotektor/1.0/beispiele/gueltig/', import.meta.url)
const shownFindings = (explanation: Explanation): Finding[] =>
  allThings(explanation.things).flatMap(({ layers }) => explanation.result.findings.filter(({ layer }) => layers.includes(layer)))

describe('explain', () => {
  let validator: SchemaValidator
  let context: CheckContext
  let withoutKeys: CheckContext
  before(async () => {
    validator = await osciValidator(1)
    context = await contextWith(validator, 'addressee-cipher', 'reader-cipher', 'originator-cipher')
    withoutKeys = await contextWith(validator)
  })
  after(() => validator.close())

  const text = async (bytes: Uint8Array, lang: 'de' | 'en', shows = false, where = context): Promise<string> =>
    explainText(HEAD, await explain(bytes, where, shows), lang)

  it('tells who talks to whom, in German and English', async () => {
    const bytes = readFileSync(new URL('storeDelivery.signed.mime', VALID))
    const de = await text(bytes, 'de')
    expect(de).to.contain('Anfrage: Zustellungsauftrag (storeDelivery). Sie legt eine Zustellung in das Postfach des Empfängers.')
    expect(de).to.contain('Es spricht: Benutzer zu Intermediär.')
    expect(de).to.contain('Keine: die Nachricht steht im Klartext.')
    expect(de).to.contain('Sie hält: Signaturwert und alle Prüfwerte stimmen.')
    expect(de).to.contain('Kein Teil der Nachricht bleibt ohne Referenz')
    expect(de).to.contain('osci:ControlBlock')
    expect(de).to.contain('Sprachen, in denen die Rückmeldungen gewünscht sind')
    expect(de).to.contain('hier: impliziter Dialog')
    const inDialog = await text(readFileSync(new URL('variants/storeDelivery.in-a-dialog.mime', VALID)), 'de')
    expect(inDialog).to.contain('hier: expliziter Dialog 4711')
    const en = await text(bytes, 'en')
    expect(en).to.contain("Request storeDelivery: puts a delivery into the addressee's mailbox.")
    expect(en).to.contain('Who speaks: user to intermediary.')
    expect(en).to.contain('It holds: the signature value and all digests are right.')
    const answer = readFileSync(new URL('responseToProcessDelivery.signed.mime', VALID))
    expect(await text(answer, 'de')).to.contain('Es spricht: passiver Empfänger zu Intermediär.')
    expect(await text(answer, 'en')).to.contain('Answer responseToProcessDelivery, to processDelivery.')
  })

  it('explains every fixture with the verdicts and findings of the check, each finding once', async () => {
    for (const name of readdirSync(VALID).filter((one) => one.endsWith('.mime'))) {
      const bytes = readFileSync(new URL(name, VALID))
      const [explanation, result] = [await explain(bytes, context, true), await check(bytes, context)]
      expect(explanation.result.verdict, name).to.equal(result.verdict)
      expect(explanation.result.layers, name).to.deep.equal(result.layers)
      expect(explanation.result.findings, name).to.deep.equal(result.findings)
      const byId = (a: Finding, b: Finding): number => (a.id + (a.xpath ?? '') < b.id + (b.xpath ?? '') ? -1 : 1)
      expect(shownFindings(explanation).sort(byId), name).to.deep.equal([...result.findings].sort(byId))
      const strangers = allThings(explanation.things).filter((one) => /^(osci|osci2017|soap|ds|xenc):/.test(one.name ?? '') && !one.meaning)
      expect(strangers.map((one) => one.name), name).to.deep.equal([])
      expect(explainText(HEAD, explanation, 'de'), name).to.contain('== Was es ist ==')
    }
  }) // prettier-ignore

  it('points at the very bytes of each element', async () => {
    let count = 0
    for (const name of ['storeDelivery.signed.mime', 'responseToStoreDelivery.signed.mime', 'partialFetchDelivery.signed.mime']) {
      const bytes = readFileSync(new URL(name, VALID))
      const explanation = await explain(bytes, context, false)
      for (const one of allThings(explanation.things)) {
        if (!one.place || 'inside' in one.place || one.name === undefined || !/^(osci|soap|ds)/.test(one.name)) continue
        const home = explanation.documents.find(({ id }) => one.place && 'document' in one.place && id === one.place.document)
        const there = Buffer.from(home?.bytes.subarray(one.place.from, one.place.to) ?? []).toString('utf8')
        expect(there.startsWith(`<${one.name}`), `${name} ${one.name}: ${there.slice(0, 40)}`).to.equal(true)
        expect(there.endsWith(`</${one.name}>`) || there.endsWith('/>'), one.name).to.equal(true)
        count++
      }
    }
    expect(count).to.be.greaterThan(100)
  })

  it('says what an author signed and what he did not, which of two blocks of one name is covered, and what an answer repeats', async () => {
    const fixture = (path: string): Uint8Array => readFileSync(join(FIXTURES, path))
    const added = await text(fixture('evil/signature/author.content-added-beside-his.mime'), 'de')
    expect(added).to.contain('Referenzen decken ab: osci:Base64Content (Id content0), osci:Content, cid:attachment-1.')
    expect(added).to.contain('NICHT abgedeckt: osci:Base64Content (Id forged).')
    const signed = await text(fixture('valid/variants/storeDelivery.signed-by-an-author.mime'), 'en')
    expect(signed).to.contain('No part of the container is without a reference.')
    const moved = await text(fixture('evil/signature/signed-body-as-a-block.mime'), 'en')
    expect(moved).to.match(/References cover: .*soap:Body \(Id body\)\./)
    expect(moved).to.contain('NOT covered: soap:Body (Id forged).')
    const answer = await text(fixture('valid/responseToFetchProcessCard.signed.mime'), 'en')
    expect(answer).to.contain('Echo of the choice in the request.')
  })

  it('opens what keys open, and names positions inside by their document', async () => {
    const de = await text(capture('11-processDelivery.bin'), 'de')
    expect(de).to.contain('Anfrage: Bearbeitungsauftrag (processDelivery).')
    expect(de).to.contain('Es spricht: Intermediär zu passiver Empfänger.')
    expect(de).to.contain(
      'Zustellung von (Originator): CN=Test Absender Cipher,O=OSCI Test,C=DE · CN=Test Absender Signature,O=OSCI Test,C=DE',
    )
    expect(de).to.contain('Verschlüsselt für den Inhaber dieses Zertifikats:')
    expect(de).to.contain('Inhaber: CN=Test Empfaenger Cipher,O=OSCI Test,C=DE')
    expect(de).to.contain('Initialisierungsvektor: 12 Bytes')
    expect(de).to.match(/osci:ControlBlock {2}\[Bytes \d+–\d+, entschlüsselter Umschlag\]/)
    expect(de).to.contain('Verschlüsselter Container · xenc:EncryptedData')
    expect(de).to.match(/Container \S+ · osci:ContentContainer {2}\[Zeile 1, Spalte 1, im entschlüsselten Container/)
    expect(de).to.contain('Autorensignatur')
    expect(de).to.not.contain('Wo die Erklärung endet')
  })

  it('says where it stops when there is no key, and why', async () => {
    const closed = capture('11-processDelivery.bin')
    const de = await text(closed, 'de', false, withoutKeys)
    expect(de).to.contain('== Wo die Erklärung endet ==')
    expect(de).to.contain('Die Nachricht in der Transportverschlüsselung blieb verborgen:')
    expect(de).to.contain('Mit dem passenden Schlüssel (--keystore DATEI.p12 --pin PIN) ließe sich mehr öffnen.')
    expect(de).to.contain('Inhaber: CN=Test Empfaenger Cipher,O=OSCI Test,C=DE')
    // the shell is opened, the content is not
    let asked = 0
    const keys = { decrypter: (der: Uint8Array) => (asked++ === 0 ? context.keys.decrypter(der) : undefined) }
    const half = await text(closed, 'en', false, { ...context, keys })
    expect(half).to.contain('It stayed closed: no key at hand fits (--keystore).')
    expect(half).to.contain('Encrypted containers that stayed closed: 1.')
    expect(half).to.contain('reader · CipherCertificateOtherReader')
  })

  it('tells what a broken signature does not cover', async () => {
    const bytes = readFileSync(new URL('storeDelivery.signed.mime', VALID))
    const changed = edited(bytes, (all) => all.replace('LanguagesList="de', 'LanguagesList="fr'))
    expect(await text(changed, 'de')).to.contain('Sie hält NICHT.')
    expect(await text(changed, 'en')).to.match(/findings: 1 error\b/)
    const reference = /<ds:Reference URI="#desiredlanguages">[\s\S]*?<\/ds:Reference>\n/
    const uncovered = edited(bytes, (all) => all.replace(reference, ''))
    expect(await text(uncovered, 'de')).to.contain('NICHT abgedeckt: osci:DesiredLanguages.')
    expect(await text(uncovered, 'en')).to.contain('NOT covered: osci:DesiredLanguages.')
  })

  it('tells faults and feedback by their codes', async () => {
    const fault = await text(readFileSync(new URL('fault.9400.mime', VALID)), 'de')
    expect(fault).to.contain('SOAP-Fehler: steht an Stelle einer Antwort')
    expect(fault).to.match(/Wert: 9400 – \S+/)
    expect(fault).to.not.contain('Wo die Erklärung endet')
    const answer = edited(readFileSync(new URL('responseToAcceptDelivery.signed.mime', VALID)), (all) => all.replace(/<osci:Code>\d+</, '<osci:Code>9809<'))
    expect(await text(answer, 'en')).to.match(/value: 9809 – \w+/)
  }) // prettier-ignore

  it('L1 never shows a value of a person without --show-values, in any form', async () => {
    const canary = 'Kanarienvogel4711'
    const custom = `<x:Mine xmlns:x="urn:x" Id="mine" a="${canary}">${canary}<x:kennung>ags:${canary}</x:kennung></x:Mine>`
    const bytes = edited(readFileSync(new URL('forwardDelivery.signed.mime', VALID)), (all) =>
      all
        .replace(/<\/osci:MessageId>(?:<osci:Subject>[^<]*<\/osci:Subject>)?/, `</osci:MessageId><osci:Subject>${canary}</osci:Subject>`)
        .replace('</soap:Header>', `${custom}</soap:Header>`),
    )
    const shown = everything(await explain(bytes, context, false))
    expect(shown).to.not.contain(canary)
    expect(shown).to.contain('K••••••••')
    expect(shown).to.contain('ags:K••••••••')
    expect(shown).to.contain('x:Mine')
    expect(everything(await explain(bytes, context, true)).split(canary).length).to.be.greaterThan(10)
  })

  it('L1 shows names of elements, and no content, of XÖV documents', async () => {
    for (const name of readdirSync(EXAMPLES).filter((one) => /antwort|auskunft|anfrage/.test(one))) {
      const bytes = readFileSync(new URL(name, EXAMPLES))
      const values = [...bytes.toString('utf8').matchAll(/<(?:\w+:)?(familienname|vornamen|strasse|geburtsname|hausnummer|name|text|ort)[^>]*>\s*([^<\s][^<]{4,})</g)].map((match) => match[2] ?? '')
      const explanation = await explain(bytes, context, false)
      const shown = everything(explanation)
      for (const value of values) expect(shown, `${name}: ${value}`).to.not.contain(value)
      expect(explainText(HEAD, explanation, 'de')).to.contain('nachrichtenkopf.g2g')
      if (values[0] !== undefined) expect(everything(await explain(bytes, context, true)), name).to.contain(values[0])
    }
  }) // prettier-ignore

  it('gets as far as it gets: anything at all', async () => {
    const message = readFileSync(new URL('storeDelivery.signed.mime', VALID))
    const samples: readonly (readonly [name: string, bytes: Uint8Array, says: string])[] = [
      ['nothing', new Uint8Array(0), 'Was die Datei ist, ließ sich nicht erkennen'],
      ['chance', randomBytes(3000), 'Was die Datei ist, ließ sich nicht erkennen'],
      ['half a message', message.subarray(0, 2000), 'Weiter als bis zum MIME-Paket reicht die Erklärung nicht'],
      ['broken XML', edited(message, (all) => all.replace('</soap:Header>', '</soap:Haeder>')), 'Der SOAP-Umschlag ließ sich nicht lesen'],
      ['another element', edited(message, (all) => all.replace(/<(\/?)osci:DesiredLanguages/g, '<$1osci:Strange')), 'Der Auftrag ließ sich nicht lesen'],
      ['a document that is none', Buffer.from('<?xml version="1.0"?><a><b></a>'), 'Das Dokument ließ sich nicht lesen'],
      ['an envelope that is none', Buffer.from('PRTK and nothing else'), 'Der Umschlag ließ sich nicht öffnen'],
    ] // prettier-ignore
    for (const [name, bytes, says] of samples) {
      const explanation = await explain(bytes, context, false)
      const told = explainText(HEAD, explanation, 'de')
      expect(told, name).to.contain('== Wo die Erklärung endet ==')
      expect(told, name).to.contain(says)
      expect(shownFindings(explanation).length, name).to.equal(explanation.result.findings.length)
      expect(everything(explanation).length, name).to.be.greaterThan(500)
    }
    const twice = await text(
      edited(message, (all) => all.replace('Id="desiredlanguages"', 'Id="controlblock"')),
      'en',
    )
    expect(twice).to.contain('No acceptable envelope; its elements as they stand.')
    expect(twice).to.contain('osci:DesiredLanguages')
  })

  it('tells something of the first file of every folder of fixtures, and every finding once', async () => {
    const folders = readdirSync(FIXTURES, { recursive: true, withFileTypes: true }).filter(
      (one) => one.isFile() && /\.(?:mime|bin|xml|http|eml)$/.test(one.name),
    )
    const firsts = new Map(
      folders.sort((a, b) => (a.name < b.name ? 1 : -1)).map((one) => [one.parentPath, join(one.parentPath, one.name)]),
    )
    expect(firsts.size).to.be.greaterThan(2)
    for (const file of firsts.values()) {
      const explanation = await explain(readFileSync(file), context, false)
      expect(shownFindings(explanation).length, file).to.equal(explanation.result.findings.length)
      expect(explainText(HEAD, explanation, 'en'), file).to.contain('== What it is ==')
      if (explanation.things.length === 1) expect(explanation.stops, file).to.not.deep.equal([])
    }
  })

  it('survives a message cut or changed at any place', async () => {
    const message = readFileSync(new URL('responseToFetchDelivery.signed.mime', VALID))
    for (let step = 0; step < 60; step++) {
      const bytes = Uint8Array.from(message)
      const at = Math.floor((bytes.length * step) / 60)
      bytes[at] = (bytes[at] ?? 0) ^ 0x15
      const explanation = await explain(step % 3 === 0 ? bytes.subarray(0, at) : bytes, withoutKeys, false)
      expect(Object.keys(explanation.result.layers).every((layer) => LAYERS.some((one) => one === layer))).to.equal(true)
      for (const { visible, bytes: all } of explanation.documents)
        for (const [from, to] of visible) expect(from < to && to <= all.length, `${from} ${to}`).to.equal(true)
    }
  })
})
