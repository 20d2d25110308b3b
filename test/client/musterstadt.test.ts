// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decide, REGISTER, serve } from '../../examples/musterstadt/register.js'
import { RESIDENTS } from '../../examples/musterstadt/residents.js'
import type { Decision } from '../../examples/musterstadt/register.js'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { readXprotektor, writeXprotektor } from '../../src/xoev/xprotektor.js'
import type { XPerson, XprotektorMessage } from '../../src/xoev/xprotektor-types.js'
import { parseXml } from '../../src/xml/gate.js'
import { BOX, Setup } from '../gateway/core-api-setup.js'

const env = { now: () => new Date('2026-11-23T09:15:31.000Z'), uuid: randomUUID }
const schema = new URL('../../schemas/xprotektor/1.0/xprotektor.xsd', import.meta.url).pathname
const [citizen, , , dead, moved, secondary] = RESIDENTS

function frame(code: string, leser: string = REGISTER.kennung) {
  return {
    produkt: 'Demo',
    produkthersteller: 'Demo',
    'nachrichtenkopf.g2g': {
      'identifikation.nachricht': {
        nachrichtenUUID: randomUUID(),
        nachrichtentyp: { code },
        erstellungszeitpunkt: '2026-11-23T09:15:30.123Z',
      },
      leser: { verzeichnisdienst: { code: 'DVDV' }, kennung: leser, name: 'Demo' },
      autor: { verzeichnisdienst: { code: 'DVDV' }, kennung: 'mbp:99001', name: 'Demo' },
    },
  } as const
}

function certificateRequest(identifikation: XPerson, zustellvariante = '02', leser?: string): Uint8Array {
  return writeXprotektor({
    messageType: 'meldebescheinigung.anfrage.1000',
    ...frame('1000', leser),
    identifikation,
    datenumfang: { mindestumfang: true },
    zustellvariante: { code: zustellvariante },
  })
}

function read(document: Uint8Array | undefined): XprotektorMessage {
  expect(document).to.not.equal(undefined)
  return readXprotektor(parseXml(document ?? new Uint8Array(0), { limits: GATEWAY_LIMITS, frame: 'content' }))
}

function person(index: number): XPerson {
  const one = RESIDENTS[index]
  expect(one).to.not.equal(undefined)
  return (one as (typeof RESIDENTS)[number]).person
}

/** Every document of a decision fits the schema, where xmllint is installed; CI must have it. */
function assertValid(decision: Decision): Decision {
  for (const document of [decision.notice.document, decision.result?.document]) {
    if (document === undefined) continue
    const { error, status, stderr } = spawnSync('xmllint', ['--noout', '--nonet', '--schema', schema, '-'], {
      input: document,
      encoding: 'utf8',
    })
    if (error !== undefined && process.env['CI'] !== 'true') return decision
    expect(error, 'xmllint').to.equal(undefined)
    expect(status, stderr).to.equal(0)
  }
  return decision
}

describe('Musterstadt (example)', () => {
  it('answers a certificate request with the minimum, as data, as document, or by post', () => {
    expect(citizen).to.not.equal(undefined)
    const answers = ['01', '02', '03'].map((variant) =>
      read(assertValid(decide(certificateRequest(person(0), variant), env)).result?.document),
    )
    const shapes = answers.map((answer) =>
      'auskunft' in answer ? [answer.auskunft.ergebnisstatus.code, Object.keys(answer.auskunft.bescheinigung ?? {})] : [],
    )
    expect(shapes).to.deep.equal([
      ['02', []],
      ['01', ['meldedaten']],
      ['01', ['dokument']],
    ])
    expect(JSON.stringify(answers[1])).to.contain('Zoë Anne-Sophie').and.not.contain('Demostadt')
  })

  it('finds only by complete match, and says why there is no certificate', () => {
    const good = person(0)
    const wrong: XPerson[] = [
      { ...good, familienname: { name: 'Mustermann' } },
      { ...good, vornamen: { name: 'Zoë' } },
      { ...good, geburtsdatum: { jahrMonat: '1980-02' } },
      { ...good, anschrift: { ...good.anschrift, postleitzahl: '99002' } },
    ]
    const code = (identifikation: XPerson) => {
      const answer = read(assertValid(decide(certificateRequest(identifikation), env)).result?.document)
      return 'grundDerNichterteilung' in answer ? answer.grundDerNichterteilung.code : 'found'
    }
    expect([...wrong.map(code), code(good)]).to.deep.equal(['01', '01', '01', '01', 'found'])
    expect([dead, moved, secondary].map((one) => code(one?.person ?? good))).to.deep.equal(['02', '03', '04'])
  })

  it('answers a self-disclosure with status 1101 as notice and 1102 as result', () => {
    const document = writeXprotektor({ messageType: 'selbstauskunft.anfrage.1100', ...frame('1100'), identifikation: person(0) })
    const decision = assertValid(decide(document, env))
    expect(read(decision.notice.document).messageType).to.equal('selbstauskunft.status.1101')
    expect(read(decision.result?.document).messageType).to.equal('selbstauskunft.auskunft.1102')
  })

  it('rejects with 0010 and the code what it cannot process, and goes on', () => {
    const sample = readFileSync(new URL('../../schemas/xprotektor/1.0/beispiele/gueltig/selbstauskunft.auskunft.1102.xml', import.meta.url))
    const cases: [string, Uint8Array | undefined][] = [
      ['T080', certificateRequest(person(0), '02', 'ags:99009999')],
      ['V000', new TextEncoder().encode('<a xmlns="urn:example:other"/>')],
      ['X000', new TextEncoder().encode('<a')],
      ['X000', undefined],
      ['X001', sample],
      ['X001', new TextEncoder().encode('<xp:selbstauskunft.anfrage.1100 xmlns:xp="urn:example:xprotektor:1.0"/>')],
      [
        'X001',
        new TextEncoder().encode(
          new TextDecoder().decode(certificateRequest(person(0))).replace(/<xp:identifikation>.*<.xp:identifikation>/, ''),
        ),
      ],
    ]
    for (const [code, document] of cases) {
      const { notice, result } = assertValid(decide(document, env, 'mbp:99001'))
      expect(result, code).to.equal(undefined)
      expect(notice.status).to.equal('rejected')
      expect(notice.reasons).to.deep.equal([{ code }])
      const answer = read(notice.document)
      expect('rueckweisungsgrund' in answer && answer.rueckweisungsgrund[0]?.grund.code).to.equal(code)
    }
    expect(decide(certificateRequest(person(0)), env).result?.status).to.equal('done')
  })

  it('answers over the core, sealed end to end', async () => {
    const setup = await Setup.start()
    try {
      const asker = await setup.client(setup.portal)
      const register = await setup.client(setup.register)
      const asking = asker.askAndWait({ to: BOX, recipientKey: setup.register.enc.publicJwk, document: certificateRequest(person(0)) })
      const request = await register.take(BOX, { waitSeconds: 20 })
      if (request === undefined) throw new Error('nothing came')
      await serve(request, env)
      const { last, notice } = await asking
      expect(notice?.content.outcome?.status).to.equal('accepted')
      expect(last.kind === 'result' && read(last.content.parts[0]?.bytes).messageType).to.equal('meldebescheinigung.antwort.1001')
    } finally {
      await setup.stop()
    }
  })
})
