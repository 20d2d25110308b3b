// SPDX-License-Identifier: EUPL-1.2
/**
 * `send`, `take`, `answer` against a core over HTTP: the ways a request may go, files, exit codes.
 * @module
 */
import { expect } from 'chai'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Text } from '../../src/cli/io.js'
import { FATES, tellFate } from '../../src/cli/participant/fates.js'
import { keep, type RequestState } from '../../src/cli/participant/kept.js'
import { BOX, LEASED } from '../gateway/core-api-setup.js'
import { until } from '../until.js'
import { call, events, launch, ParticipantSetup } from './participant-setup.js'

describe('protektor send, take, answer', () => {
  let house: ParticipantSetup
  beforeEach(async () => (house = await ParticipantSetup.start()))
  afterEach(() => house.stop())

  const inbox = (): string => house.file('inbox')
  const folders = (): string[] => readdirSync(inbox()).sort()
  const take = (mailbox: string, ...more: string[]) =>
    call(house.register('take', '--mailbox', mailbox, '--out', inbox(), '--wait', '20', ...more))
  const stateOf = (folder: string): RequestState => JSON.parse(readFileSync(join(inbox(), folder, 'request.json'), 'utf8')) as RequestState

  for (const mailbox of [BOX, LEASED])
    it(`asks ${mailbox}, is taken, and is answered later by a process that knows the kept request only`, async () => {
      const asking = call(house.portal('send', '--ask', '--to', mailbox, '--subject', 'Probe', house.file('frage.xml')))
      const taken = await take(mailbox)
      expect(taken.code, taken.err).to.equal(0)
      const [folder = ''] = folders()
      expect(folder).to.match(/^request-[0-9a-f]{32}$/)
      expect(taken.err).to.contain(folder).and.to.contain('portal-1')
      expect(readFileSync(join(inbox(), folder, '01-content0.xml'), 'utf8')).to.equal('<frage>Jörg</frage>')
      const envelope = JSON.parse(readFileSync(join(inbox(), folder, 'envelope.json'), 'utf8')) as Record<string, unknown>
      expect(envelope).to.include({ kind: 'request', sender: 'portal-1', subject: 'Probe', to: mailbox })
      const accepted = await call(house.register('answer', join(inbox(), folder), '--notice', 'accepted'))
      expect(accepted.code, accepted.err).to.equal(0)
      const answered = await launch(
        house.register('answer', join(inbox(), folder, 'request.json'), '--result', house.file('antwort.xml')),
        house.folder,
      )
      expect(answered.code, answered.err).to.equal(0)
      const { code, out, err } = await asking
      expect(code, err).to.equal(0)
      expect(out).to.equal('<antwort>ja</antwort>')
      expect(
        err
          .trim()
          .split('\n')
          .map((line) => line.split(':')[0]),
      ).to.deep.equal(['sealed and put', 'taken', 'notice', 'result'])
      expect(stateOf(folder).answered?.as).to.equal('result')
      const again = await call(house.register('answer', join(inbox(), folder), '--notice', 'accepted'))
      expect(again.code).to.equal(2)
      expect(again.err).to.contain('answered before')
    })

  it('a rejection ends with 1, tells code and text without what could steer a terminal, and keeps the document', async () => {
    const out = house.file('answers')
    const asking = call(house.portal('send', '--ask', '--json', '--out', out, '--to', BOX, house.file('frage.xml')))
    await take(BOX)
    const reason = `X001:nicht\u001b[2J gültig`
    await call(
      house.register(
        'answer',
        join(inbox(), folders()[0] ?? ''),
        '--notice',
        'rejected',
        '--reason',
        reason,
        '--result',
        house.file('antwort.xml'),
      ),
    )
    const { code, out: lines, err } = await asking
    expect(code, err).to.equal(1)
    const told = events(lines)
    expect(told.map((event) => event.event)).to.deep.equal(['sent', 'taken', 'notice'])
    expect(told[2]).to.include({ status: 'rejected', sender: 'register-1' })
    expect(readFileSync(join(String(told[2]?.folder), '01-content0.xml'), 'utf8')).to.equal('<antwort>ja</antwort>')
    expect(statSync(String(told[2]?.folder)).mode & 0o777).to.equal(0o700)
    expect(statSync(join(String(told[2]?.folder), '01-content0.xml')).mode & 0o777).to.equal(0o600)
  })

  it('a rejection that leaves open whether something was done says so, in German too', async () => {
    const asking = call(house.portal('send', '--ask', '--to', BOX, house.file('frage.xml')), { lang: 'de' })
    await take(BOX)
    const reason = '9810:Ab\u001bbruch'
    await call(house.register('answer', join(inbox(), folders()[0] ?? ''), '--notice', 'rejected', '--reason', reason))
    const { code, err } = await asking
    expect(code).to.equal(1)
    expect(err).to.contain('abgelehnt: 9810 Ab\\u001bbruch').and.to.contain('UNBEKANNT, ob es bearbeitet wurde')
  })

  it('nobody takes: 1, and nothing was processed', async () => {
    const { code, err } = await call(house.portal('send', '--ask', '--ttl', '1', '--to', BOX, house.file('frage.xml')))
    expect(code).to.equal(1)
    expect(err).to.contain('not taken in time; nothing was processed')
  })

  it('taken, but not answered in time: 1, and it is said that the fate is not known', async () => {
    const asking = call(house.portal('send', '--ask', '--json', '--answer-within', '1', '--to', BOX, house.file('frage.xml')))
    await take(BOX)
    const { code, out } = await asking
    expect(code).to.equal(1)
    expect(events(out).at(-1)).to.deep.equal({ event: 'outcome', outcome: 'unknown', claimed: true })
  })

  it('one way: prints the id; with --wait-outcome it waits until the register has it', async () => {
    const put = await call(house.portal('send', '--json', '--to', BOX, '-'), { stdin: '<meldung/>' })
    expect(put.code, put.err).to.equal(0)
    expect(events(put.out)[0]).to.include({ event: 'sent', to: BOX, ttlSeconds: 10 })
    const waiting = call(
      house.portal('send', '--json', '--wait-outcome', '--to', BOX, '--attach', house.file('antwort.xml'), house.file('frage.xml')),
    )
    const taken = await take(BOX, '--count', '2', '--json')
    expect(taken.code, taken.err).to.equal(0)
    expect(folders().every((name) => name.startsWith('message-'))).to.equal(true)
    const second = events(taken.out)[1]
    expect((second?.files as { file: string }[]).map((one) => one.file)).to.deep.equal(['01-content0.xml', '02-1-antwort.xml'])
    const { code, out } = await waiting
    expect(code).to.equal(0)
    expect(events(out).at(-1)).to.include({ event: 'outcome', outcome: 'delivered' })
  })

  it('names of parts never leave the folder, never meet, and never overwrite', async () => {
    const parts = ['../../evil', '.profile', 'a/b', 'a:b', '…', 'CON', 'envelope.json', 'x'.repeat(300)].map((name) => ({
      name,
      mediaType: 'text/plain',
      role: 'attachment' as const,
      bytes: Buffer.from(name),
    }))
    const portal = await house.setup.client(house.setup.portal)
    await portal.send({ to: BOX, recipientKey: house.setup.register.enc.publicJwk, parts })
    const taken = await take(BOX, '--json')
    expect(taken.code, taken.err).to.equal(0)
    const [event] = events(taken.out)
    const files = (event?.files as { file: string; name: string }[]) ?? []
    expect(files).to.have.length(parts.length)
    expect(new Set(files.map((one) => one.file.toLowerCase())).size).to.equal(parts.length)
    for (const { file, name } of files) {
      expect(file).to.match(/^\d\d-[A-Za-z0-9][A-Za-z0-9._-]{0,64}$/)
      expect(readFileSync(join(String(event?.folder), file), 'utf8')).to.equal(name)
    }
    expect(readdirSync(house.folder).sort()).to.deep.equal(['antwort.xml', 'frage.xml', 'inbox', 'portal.json', 'register.json'])
  })

  it('leased: confirmed only when the files stand; what comes again is not kept twice', async () => {
    const { core, portal } = house.setup
    await core.openMailbox(LEASED, 'register-1', { ttlSeconds: 10, handover: 'lease-and-confirm', leaseSeconds: 1 })
    const asker = await house.setup.client(portal)
    const { id } = await asker.send({ to: LEASED, recipientKey: house.setup.register.enc.publicJwk, document: Buffer.from('<a/>') })
    // somebody takes it, keeps it, and dies before the confirmation
    const first = await take(LEASED)
    expect(first.code).to.equal(0)
    expect((await asker.outcome(id, 5))?.outcome).to.equal('delivered')
    expect(folders()).to.deep.equal([`message-${id}`])
    const register = await house.setup.client(house.setup.register)
    const { id: next } = await asker.send({ to: LEASED, recipientKey: house.setup.register.enc.publicJwk, document: Buffer.from('<b/>') })
    const received = await register.take(LEASED, { waitSeconds: 5 })
    if (!received) throw new Error('nothing came')
    expect((await keep(inbox(), received.content, new Date())).isNew).to.equal(true)
    const again = await take(LEASED, '--json')
    expect(again.code, again.err).to.equal(0)
    expect(events(again.out)[0]).to.include({ id: next, event: 'taken' })
    expect(folders()).to.deep.equal([`message-${id}`, `message-${next}`].sort())
    expect((await asker.outcome(next, 5))?.outcome).to.equal('delivered')
  })

  it('what cannot be kept is given back to its sender, and the command fails', async () => {
    const asker = await house.setup.client(house.setup.portal)
    const { id } = await asker.send({ to: LEASED, recipientKey: house.setup.register.enc.publicJwk, document: Buffer.from('<a/>') })
    // the name of its folder is taken by something else
    mkdirSync(join(inbox(), `message-${id}`, 'x'), { recursive: true })
    const taken = await take(LEASED)
    expect(taken.code).to.equal(4)
    expect(taken.err).to.contain('cli.kept-otherwise').and.to.contain('holds something else')
    expect(await asker.outcome(id, 5)).to.include({ outcome: 'refused', reason: 'S999' })
  })

  it('what could be written only in part is named, and stays: it may be the only copy', async () => {
    const asker = await house.setup.client(house.setup.portal)
    await asker.send({ to: LEASED, recipientKey: house.setup.register.enc.publicJwk, document: Buffer.from('<a/>') })
    const register = await house.setup.client(house.setup.register)
    const received = await register.take(LEASED, { waitSeconds: 5 })
    if (!received) throw new Error('nothing came')
    mkdirSync(inbox(), { recursive: true })
    const unwritable = {
      toJSON: (): never => {
        throw new Error('the disk is full')
      },
    }
    const broken = { ...received.content, replyTo: `reply.${'0'.repeat(32)}`, replyKey: unwritable as never }
    const failed: unknown = await keep(inbox(), broken, new Date()).catch((error: unknown) => error)
    const [folder = ''] = folders()
    expect(String(failed))
      .to.match(/could not be kept as a whole/)
      .and.to.contain(join(inbox(), folder))
    expect(readFileSync(join(inbox(), folder, '01-content0.xml'), 'utf8')).to.equal('<a/>')
  })

  it('nothing came: 1; a mailbox of others, a core that is away: 1 and 4', async () => {
    const empty = await call(house.register('take', '--mailbox', BOX, '--wait', '1', '--out', inbox()))
    expect(empty).to.include({ code: 1 })
    expect(empty.err).to.contain('nothing came')
    const foreign = await call(house.portal('take', '--mailbox', BOX, '--wait', '1', '--out', inbox()))
    expect(foreign.code).to.equal(1)
    expect(foreign.err).to.contain('the core refuses')
    const away = await call(house.register('take', '--mailbox', BOX, '--wait', '1', '--out', inbox(), '--url', 'http://127.0.0.1:2'))
    expect(away.code).to.equal(4)
    expect(away.err).to.contain('cannot be reached')
    const gone = await call(house.portal('send', '--to', 'ags:00000000', house.file('frage.xml')))
    expect(gone.code).to.equal(1)
  })

  it('ended while the core is away: 4, and it says that nothing was sent', async () => {
    const before = process.listenerCount('SIGTERM')
    const asking = call(house.portal('send', '--ask', '--to', BOX, '--url', 'http://127.0.0.1:2', house.file('frage.xml')))
    await until(() => process.listenerCount('SIGTERM') > before, 'send listens')
    process.emit('SIGTERM')
    const { code, err } = await asking
    expect(code, err).to.equal(4)
    expect(err).to.contain('ended before anything was sent')
  })

  it('an answer after the asker has gone: 1, too late', async () => {
    const asking = call(house.portal('send', '--ask', '--answer-within', '1', '--to', BOX, house.file('frage.xml')))
    await take(BOX)
    await asking
    const [folder = ''] = folders()
    const file = join(inbox(), folder, 'request.json')
    const state = stateOf(folder)
    for (const replyKey of [null, {}, [], { ...state.replyKey, x: 'AAAA' }]) {
      writeFileSync(file, JSON.stringify({ ...state, replyKey }))
      const bent = await call(house.register('answer', file, '--result', house.file('antwort.xml')))
      expect(bent.code, bent.err).to.equal(2)
      expect(bent.err).to.contain('is no request that')
    }
    writeFileSync(file, JSON.stringify({ ...state, replyTo: 'reply.' + '0'.repeat(32) }))
    const { code, err } = await call(house.register('answer', file, '--result', house.file('antwort.xml')))
    expect(code).to.equal(1)
    expect(err).to.contain('too late')
    expect(stateOf(folder).answered).to.equal(undefined)
  })

  it('Ctrl-C ends in order: take --follow with 0, send --ask with 1 and what is known', async () => {
    const following = launch(house.register('take', '--mailbox', BOX, '--follow', '--out', inbox()), house.folder, /message [0-9a-f]{32}/)
    await call(house.portal('send', '--to', BOX, house.file('frage.xml')))
    const followed = await following
    expect(followed.code, followed.err).to.equal(0)
    const asked = await launch(
      house.portal('send', '--ask', '--ttl', '30', '--to', BOX, house.file('frage.xml')),
      house.folder,
      /sealed and put/,
    )
    expect(asked.code, asked.err).to.equal(1)
    expect(asked.err).to.contain('not taken yet; it still may be')
  })

  it('what somebody has taken is never called not taken yet, also when the waiting for its outcome is ended', () => {
    const said: string[] = []
    const told = {
      step: (text: Text, event: object) => void said.push(text.en, JSON.stringify(event)),
      wait: () => undefined,
      end: () => undefined,
    }
    expect(tellFate('waiting', { claimed: true }, told)).to.equal(1)
    expect(said).to.deep.equal([FATES.unknown.en, '{"event":"outcome","outcome":"unknown","claimed":true}'])
  })

  it('a terminal sees the seconds run; a pipe does not', async () => {
    const asking = call(house.portal('send', '--ask', '--to', BOX, house.file('frage.xml')), { isTerminal: true })
    await until(async () => (await house.setup.core.figures()).waiting[BOX] === 1)
    await take(BOX)
    await call(house.register('answer', join(inbox(), folders()[0] ?? ''), '--result', house.write('böse.xml', '<a>\u009b2J</a>')))
    const { code, out, err } = await asking
    expect(code).to.equal(0)
    // cut at the edge of the window, not wrapped
    expect(err).to.contain('\r\u001b[K\u001b[?7l  … waiting to be taken (10 s)\u001b[?7h').and.to.contain('… waiting for the result (20 s)')
    expect(out).to.equal('<a>\\u009b2J</a>\n')
  })
})

describe('keys files of participants', () => {
  let house: ParticipantSetup
  beforeEach(async () => (house = await ParticipantSetup.start()))
  afterEach(() => house.stop())

  it('K1 a keys file that others can read is refused, and no member of it is ever repeated', async () => {
    chmodSync(house.file('portal.json'), 0o644)
    const readable = await call(house.portal('send', '--to', BOX, house.file('frage.xml')))
    expect(readable.code).to.equal(2)
    expect(readable.err).to.contain('0644').and.to.contain('chmod 600')
    const secret = 'Z'.repeat(43)
    house.write(
      'wrong.json',
      JSON.stringify({ participant: '', sign: { kty: 'EC', crv: 'P-256', x: secret, y: secret, d: secret }, senders: 5, pin: secret }),
    )
    const wrong = await call(['send', '--to', BOX, '--keys', house.file('wrong.json'), house.file('frage.xml')])
    expect(wrong.code).to.equal(2)
    for (const key of ['participant', 'sign', 'senders', 'pin']) expect(wrong.err).to.contain(`wrong.json  ${key}`)
    expect(wrong.err).to.not.contain(secret)
    house.write('broken.json', `{ "sign": "${secret}`)
    const broken = await call(['send', '--to', BOX, '--keys', house.file('broken.json'), house.file('frage.xml')])
    expect(broken.code).to.equal(2)
    expect(broken.err).to.not.contain(secret)
  })

  it('K1 keys participant makes a pair of files that works, readable by its owner only, and overwrites none', async () => {
    const known = house.write('register.jwks.json', JSON.stringify({ keys: house.setup.register.jwks }))
    const make = [
      'keys',
      'participant',
      '--id',
      'portal-9',
      '--out',
      house.file('new'),
      '--recipient',
      known,
      '--sender',
      `register-1=${known}`,
    ]
    const made = await call([...make, '--url', house.setup.url])
    expect(made.code, made.err).to.equal(0)
    for (const name of ['portal-9.keys.json', 'portal-9.json']) expect(statSync(join(house.file('new'), name)).mode & 0o777).to.equal(0o600)
    expect(readFileSync(join(house.file('new'), 'portal-9.json'), 'utf8')).to.not.contain('"d"')
    expect((await call(make)).code).to.equal(4)
    // well-formed, but nobody has registered it
    const sent = await call(['send', '--to', BOX, '--keys', join(house.file('new'), 'portal-9.keys.json'), house.file('frage.xml')])
    expect(sent.code).to.equal(1)
    expect(sent.err).to.contain('the core refuses')
    // participants[].id would refuse them
    for (const id of ['ä', 'a:b', 'a'.repeat(65)])
      expect((await call(['keys', 'participant', '--id', id, '--out', 'x'])).code, id).to.equal(2)
    const nowhere = await call(['keys', 'participant', '--id', 'a', '--out', house.file('nowhere'), '--url', 'core.example'])
    expect(nowhere.code).to.equal(2)
    expect(nowhere.err).to.contain('core.example')
  })

  for (const [what, argv] of [
    ['send without a mailbox', ['send', 'FILE']],
    ['send without keys', ['send', '--to', BOX, 'FILE']],
    ['send without a file', ['send', '--to', BOX, 'KEYS']],
    ['send of a file that is not there', ['send', '--to', BOX, 'KEYS', 'nowhere.xml']],
    ['send with a life of an hour', ['send', '--to', BOX, 'KEYS', '--ttl', '3600', 'FILE']],
    ['send to a mailbox that cannot be', ['send', '--to', 'AGS:99', 'KEYS', 'FILE']],
    ['send with an empty subject', ['send', '--to', BOX, 'KEYS', '--subject', '', 'FILE']],
    ['send of an empty file', ['send', '--to', BOX, 'KEYS', 'EMPTY']],
    ['send of an empty input', ['send', '--to', BOX, 'KEYS', '-']],
    ['send of a file larger than any envelope', ['send', '--to', BOX, 'KEYS', 'LARGE']],
    ['take from a mailbox that cannot be', ['take', '--mailbox', 'a/../b', 'KEYS']],
    ['send to a core that is none', ['send', '--to', BOX, 'KEYS', '--url', 'ftp://x', 'FILE']],
    ['take without a mailbox', ['take', 'KEYS']],
    ['take into a file', ['take', '--mailbox', BOX, 'KEYS', '--out', 'FILE']],
    ['answer without a request', ['answer', 'KEYS', '--notice', 'accepted']],
    ['answer of what is no request', ['answer', 'FILE', 'KEYS', '--notice', 'accepted']],
    ['answer without a word', ['answer', 'FILE', 'KEYS']],
    ['a rejection without reason', ['answer', 'FILE', 'KEYS', '--notice', 'rejected']],
    ['an unknown option', ['take', '--fast']],
    ['a folder for answers that nobody asks for', ['send', '--to', BOX, 'KEYS', '--out', 'x', 'FILE']],
    ['a time for an answer that nobody asks for', ['send', '--to', BOX, 'KEYS', '--answer-within', '5', 'FILE']],
    ['asking, and waiting for the outcome', ['send', '--to', BOX, 'KEYS', '--ask', '--wait-outcome', 'FILE']],
    ['take without end, and so many', ['take', '--mailbox', BOX, 'KEYS', '--follow', '--count', '2']],
  ] as const)
    it(`a wrong call ends with 2: ${what}`, async () => {
      const large = house.file('large.bin')
      const given: Readonly<Record<string, readonly string[]>> = {
        KEYS: ['--keys', house.file('portal.json')],
        FILE: [house.file('frage.xml')],
        LARGE: [large],
        EMPTY: [house.write('empty.xml', '')],
      }
      writeFileSync(large, '')
      truncateSync(large, 34 * 1024 * 1024)
      const words = argv.flatMap((word) => given[word] ?? [word])
      const { code, out, err } = await call(words)
      expect(code).to.equal(2)
      expect(out).to.equal('')
      expect(err).to.not.equal('')
    })

  it('says which file is not there or empty, before anything is sent', async () => {
    const empty = house.write('empty.xml', '')
    const keys = ['keys', 'participant', '--id', 'a', '--out']
    for (const [says, argv] of [
      ['empty.xml: the document is empty', house.portal('send', '--to', BOX, empty)],
      ['-: the document is empty', house.portal('send', '--to', BOX, '-')],
      ['empty.xml: the document is empty', house.portal('answer', 'x', '--result', empty)],
      ['cannot be read (ENOENT)', house.portal('send', '--to', BOX, '--recipient', 'nowhere', house.file('frage.xml'))],
      ['cannot be read (EISDIR)', [...keys, house.file('none'), '--sender', `x=${house.folder}`]],
      ['nothing can be kept in', [...keys, house.file('frage.xml')]],
    ] as const) {
      const { code, err } = await call(argv)
      expect([code, err.includes(says)], err).to.deep.equal([2, true])
    }
  })

  it('-h explains options and exit codes in both languages', async () => {
    for (const command of ['send', 'take', 'answer'])
      for (const [lang, word] of [
        ['de', 'Ende mit'],
        ['en', 'Exit codes'],
      ] as const) {
        const { code, out } = await call([command, '-h'], { lang })
        expect(code).to.equal(0)
        expect(out).to.contain(word).and.to.contain('--keys')
      }
  })
})
