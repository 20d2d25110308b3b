// SPDX-License-Identifier: EUPL-1.2
/**
 * Several sets that declare the same root: which one judges a message.
 * @module
 */
import { expect } from 'chai'
import { schemaSets, type SchemaSet, type SchemaSets } from '../../src/xoev/schema-sets.js'
import { dayIn } from '../../src/xoev/time-zone.js'
import { deskOf, filesOf, idsOf } from './fixtures.js'
import { madeUpMessage, madeUpStandard, namespaceOf, type Made } from './made-up-standard.js'

const ROOT = 'anlass.anfrage.0001'
const NEW_ELEMENT = '<xs:element name="neu" type="xs:token"/>'
const set = (made: Made, dates: Omit<SchemaSet, 'files'> = {}): SchemaSet => ({ files: filesOf(madeUpStandard(made)), ...dates })

/** Two versions that share a namespace, and two editions of the second. */
const FIRST = set({ version: '1.0', namespace: '1' }, { validUntil: '2025-10-31' })
const SECOND = set({ version: '1.1', namespace: '1' }, { validFrom: '2025-11-01', validUntil: '2026-04-30' })
const CORRECTED = set({ version: '1.1', namespace: '1', more: NEW_ELEMENT }, { validFrom: '2026-05-01' })
const NAMESPACE = namespaceOf({ version: '1' })

describe('choice between schema sets', () => {
  const chosen = (sets: SchemaSets, version: string | undefined, day: string | undefined) => {
    const choice = sets.forRoot(NAMESPACE, ROOT, { version, day })
    return [choice?.validFrom, choice?.validUntil]
  }

  it('the version attribute of the root comes before the day', () => {
    const sets = schemaSets([FIRST, SECOND, CORRECTED])
    expect(chosen(sets, '1.0', '2026-06-01')).to.deep.equal([undefined, '2025-10-31'])
    expect(chosen(sets, '1.1', '2025-01-01')).to.deep.equal(['2026-05-01', undefined])
  })

  it('of equal versions the one in force on the day judges, both days included', () => {
    const sets = schemaSets([CORRECTED, FIRST, SECOND])
    for (const day of ['2025-11-01', '2026-04-30']) expect(chosen(sets, '1.1', day)).to.deep.equal(['2025-11-01', '2026-04-30'])
    expect(chosen(sets, '1.1', '2026-05-01')).to.deep.equal(['2026-05-01', undefined])
  })

  it('without a version the day decides, without a day what came into force last', () => {
    const sets = schemaSets([FIRST, SECOND, CORRECTED])
    expect(chosen(sets, undefined, '2025-12-24')).to.deep.equal(['2025-11-01', '2026-04-30'])
    expect(chosen(sets, undefined, undefined)).to.deep.equal(['2026-05-01', undefined])
  })

  it('a version that nobody knows is judged all the same', () => {
    expect(chosen(schemaSets([FIRST, SECOND]), '9.9', '2025-12-24')).to.deep.equal(['2025-11-01', '2026-04-30'])
  })

  it('a set that says which namespaces it judges is not read for others', () => {
    const unreadable: SchemaSet = { files: filesOf({ 'x.xsd': '<broken' }), namespaces: new Set(['urn:example:other']) }
    const sets = schemaSets([unreadable, SECOND])
    expect(chosen(sets, '1.1', undefined)).to.deep.equal(['2025-11-01', '2026-04-30'])
    expect(sets.namespaces()).to.include.members(['urn:example:other', NAMESPACE])
  })

  it('versions that lie in folders of one directory are told apart by the message, too', () => {
    const inFolder = (folder: string, made: Made) => Object.entries(madeUpStandard(made)).map(([path, text]) => [`${folder}/${path}`, text])
    const both = [...inFolder('a', { version: '1.1', namespace: '1' }), ...inFolder('b', { version: '1.0', namespace: '1' })]
    const sets = schemaSets([filesOf(Object.fromEntries(both) as Record<string, string>)])
    const entry = (version: string | undefined) => sets.forRoot(NAMESPACE, ROOT, { version })?.source.id
    expect([entry('1.0'), entry('1.1'), entry('9.9'), entry(undefined)]).to.deep.equal([
      'b/xsd/muster.xsd',
      'a/xsd/muster.xsd',
      'a/xsd/muster.xsd',
      'a/xsd/muster.xsd',
    ])
  })

  it('a day is that of the authorities, not that of UTC', () => {
    expect(dayIn(new Date('2025-10-31T22:59:59Z'), 'Europe/Berlin')).to.equal('2025-10-31')
    expect(dayIn(new Date('2025-10-31T23:00:00Z'), 'Europe/Berlin')).to.equal('2025-11-01')
    expect(dayIn(new Date('2025-07-31T22:00:00Z'), 'Europe/Berlin')).to.equal('2025-08-01')
    // the moment that people take for "never"
    expect(dayIn(new Date('9999-12-31T23:59:59Z'), 'Europe/Berlin')).to.equal('9999-12-31')
  })

  describe('in a check', () => {
    const message = (created: string, more = '') => madeUpMessage({ version: '1.1', namespace: '1' }, created, more)
    const editions = [SECOND, CORRECTED]

    it('the day of a message is that of its creation, or that of --at', async () => {
      const desk = await deskOf(editions)
      try {
        const old = message('2025-12-24T10:00:00.000+01:00')
        const young = message('2026-05-02T10:00:00.000+02:00', '<neu>x</neu>')
        expect((await desk.check(old)).layers['xoev-schema']).to.equal('valid')
        expect((await desk.check(young)).layers['xoev-schema']).to.equal('valid')
        const setsAt = new Date('2026-06-01T12:00:00Z')
        expect((await desk.check(old, { setsAt })).layers['xoev-schema']).to.equal('invalid')
        expect((await desk.check(young, { setsAt })).layers['xoev-schema']).to.equal('valid')
      } finally {
        await desk.close()
      }
    })

    it('a message without creation time is judged by the set of today', async () => {
      const desk = await deskOf(editions)
      try {
        const today = { now: () => new Date('2026-01-15T12:00:00Z') }
        const later = { now: () => new Date('2026-07-15T12:00:00Z') }
        const details = async (more: typeof today): Promise<string> =>
          (await desk.check(message('gestern'), more)).findings.map(({ detail }) => detail ?? '').join('\n')
        expect(await details(today))
          .to.match(/dateTime/)
          .and.not.match(/neu/)
        expect(await details(later))
          .to.match(/dateTime/)
          .and.match(/neu/)
      } finally {
        await desk.close()
      }
    })

    it('the only set judges outside its days, too, and the report says so', async () => {
      const desk = await deskOf([SECOND])
      try {
        const inside = await desk.check(message('2026-04-30T23:30:00.000+02:00'))
        expect([inside.layers['xoev-schema'], idsOf(inside).includes('xoev-schema.not-in-force')]).to.deep.equal(['valid', false])
        const outside = await desk.check(message('2026-05-01T00:30:00.000+02:00'))
        expect([outside.layers['xoev-schema'], idsOf(outside).includes('xoev-schema.not-in-force')]).to.deep.equal(['valid', true])
      } finally {
        await desk.close()
      }
    })

    it('X5 a creation time beyond all calendars is no reason to fail', async () => {
      const desk = await deskOf([SECOND])
      try {
        for (const created of ['+275760-09-13T00:00:00Z', '9999-12-31T23:59:59Z', '0000-00-00T00:00:00'])
          expect((await desk.check(message(created))).verdict, created).to.be.oneOf(['valid', 'invalid'])
      } finally {
        await desk.close()
      }
    })
  })
})
