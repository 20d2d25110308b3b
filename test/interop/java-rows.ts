// SPDX-License-Identifier: EUPL-1.2
/**
 * The matrix of the Java client against our intermediary, as data. Options that have nothing to do with each other share a row, so that
 * every value stands with every command at least once. `{name}` is filled in by the runner.
 */

/** Codes of the last answer; `fault N` when it was a SOAP fault. */
export type Expected = 'ok' | `fault ${number}` | `${number}`

export interface Row {
  readonly command: string
  readonly options: string
  /** Endpoint: all peers signed and encrypted, or both optional. */
  readonly at: 'strict' | 'open'
  /** Passive recipient behind the intermediary. */
  readonly behind?: 'ours' | 'java'
  readonly expected: Expected
  /** Rows of a later stage use what earlier ones stored. */
  readonly stage: 1 | 2 | 3
}

interface Mode {
  readonly at: Row['at']
  readonly options: string
}

/** How a message is wrapped. */
const MODES: readonly Mode[] = [
  { at: 'strict', options: '' },
  { at: 'open', options: '--no-transport-encrypt' },
  { at: 'open', options: '--no-sign-request --no-features' },
  { at: 'strict', options: '--base64 --custom-header {custom}' },
]

/** Every signature algorithm, digest, cipher and length of vector that threat model §7 allows and the library can write. */
const SUITES: readonly (readonly [signature: string, digest: string, cipher: string, iv: number])[] = [
  ['rsa-sha256', 'sha256', 'aes256-gcm', 12],
  ['rsa-sha512', 'sha512', 'aes192-gcm', 12],
  ['pss-sha256', 'sha3-256', 'aes128-gcm', 12],
  ['pss-sha512', 'sha3-384', 'aes256-gcm', 16],
  ['sha3-256', 'sha3-512', 'aes192-gcm', 16],
  ['sha3-384', 'sha256', 'aes128-gcm', 16],
  ['sha3-512', 'sha3-256', 'aes256-gcm', 12],
  ['ecdsa-sha256', 'sha512', 'aes256-gcm', 16],
  ['ecdsa-sha512', 'sha3-512', 'aes128-gcm', 12],
]

const requestSuite = (at: number, ownSigner = '{ec}'): string => {
  const [signature, digest, cipher, iv] = SUITES[at % SUITES.length] ?? ['', '', '', 12]
  const signer = signature.startsWith('ecdsa') ? ` --sign-p12 ${ownSigner}` : ''
  return `--request-algo ${signature}${signer} --digest ${digest} --transport-cipher ${cipher} --transport-iv ${iv}`
}
const contentSuite = (at: number): string => {
  const [signature, digest, cipher, iv] = SUITES[at % SUITES.length] ?? ['', '', '', 12]
  const author = signature.startsWith('ecdsa') ? ' --author-p12 {authorec}' : ''
  return `--sign --sign-algo ${signature}${author} --content-digest ${digest} --encrypt --cipher ${cipher} --iv ${iv}`
}
const joined = (...options: readonly string[]): string => options.filter((o) => o !== '').join(' ')

type Shape = Pick<Row, 'command' | 'stage'> & { readonly options?: string; readonly behind?: Row['behind'] }

const row = (shape: Shape, at: Row['at'], options: string, expected: Expected = 'ok'): Row => ({
  command: shape.command,
  options: joined(shape.options ?? '', options),
  at,
  ...(shape.behind ? { behind: shape.behind } : {}),
  expected,
  stage: shape.stage,
})
const modes = (shape: Shape, of: readonly Mode[] = MODES): Row[] => of.map((mode) => row(shape, mode.at, mode.options))
/** All suites; the content's one is another than the message's. */
const suites = (shape: Shape, content: boolean, from = 0, count = SUITES.length): Row[] =>
  Array.from({ length: count }, (_, i) => row(shape, 'strict', joined(requestSuite(from + i), content ? contentSuite(from + i + 4) : '')))

const BEHIND = ['ours', 'java'] as const
/** Every second one, from the first or from the second on: shared between the two recipients where nothing depends on them. */
const half = <T>(all: readonly T[], behind: Row['behind']): T[] => all.filter((_, i) => i % 2 === (behind === 'java' ? 1 : 0))

const SENDING: readonly Row[] = [
  ...modes({ command: 'getmessageid', stage: 1 }),
  ...modes({ command: 'getmessageid', options: '--implicit', stage: 1 }),
  ...modes({ command: 'store', stage: 1 }),
  ...modes({ command: 'store', options: '--implicit', stage: 1 }),
  ...suites({ command: 'store', options: '--subject Meldung --attachment {attachment}', stage: 1 }, true),
  row({ command: 'store', stage: 1 }, 'strict', '--repeat 4'),
  ...BEHIND.flatMap((behind) => [
    ...modes({ command: 'forward', behind, stage: 1 }),
    ...half(modes({ command: 'forward', options: '--implicit', behind, stage: 1 }), behind),
    ...half(suites({ command: 'forward', behind, stage: 1 }, true), behind),
    ...modes({ command: 'mediate', behind, stage: 1 }),
    ...half(modes({ command: 'mediate', options: '--with-id --subject Abwicklung', behind, stage: 1 }), behind),
    ...suites({ command: 'mediate', options: '--with-id', behind, stage: 1 }, true),
    row({ command: 'mediate', behind, stage: 1 }, 'strict', '--with-id --payload {payload} --attachment {attachment} --sign --encrypt'),
    row({ command: 'mediate', behind, stage: 1 }, 'strict', '--with-id --times 3'),
  ]),
  ...modes({ command: 'partialstore', options: '--chunk-kb 64 --attachment {attachment}', stage: 1 }),
  ...suites({ command: 'partialstore', options: '--chunk-kb 64 --attachment {attachment} --repeat-first-chunk', stage: 1 }, true, 2, 2),
]

const since = '--since {since}'
const modified = '--modified-since {since}'
const asAddressee = '--cipher-p12 {addresseecipher} --sign-p12 {addresseesign}'
const CARDS: readonly string[] = [
  '--id {id}',
  '--id {id};{id}',
  '',
  since,
  modified,
  `${since} --no-reception`,
  `${modified} --no-reception`,
  ...[since, modified].flatMap((rule) => [
    `${rule} --role originator`,
    `${rule} --role originator --no-reception`,
    `${rule} --role addressee ${asAddressee}`,
    `${rule} --role addressee --no-reception ${asAddressee}`,
  ]),
  `${since} --limit 2`,
]

const FETCHING: readonly Row[] = [
  ...modes({ command: 'fetch', options: '--id {stored}', stage: 2 }),
  ...suites({ command: 'fetch', options: '--id {stored}', stage: 2 }, false, 1, 4),
  ...modes({ command: 'partialfetch', options: '--id {chunked} --chunk-kb 64', stage: 2 }),
  ...suites({ command: 'partialfetch', options: '--id {chunked} --chunk-kb 64', stage: 2 }, false, 2, 2),
  ...CARDS.map((options, i) =>
    row({ command: 'processcard', options, stage: 2 }, 'strict', options.includes('-p12') ? '' : requestSuite(i)),
  ),
  ...modes({ command: 'processcard', options: '--limit 1', stage: 2 }, MODES.slice(1)),
  row({ command: 'fetch', stage: 3 }, 'strict', since),
  row({ command: 'fetch', stage: 3 }, 'strict', ''),
  row({ command: 'badcontrolblock', stage: 3 }, 'strict', '', 'fault 9400'),
  row({ command: 'badcontrolblock', stage: 3 }, 'open', '--no-transport-encrypt', 'fault 9400'),
]

/** What the policy forbids, and what an endpoint demands. */
const REFUSED: readonly Row[] = [
  ...['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des'].map((cipher) =>
    row({ command: 'getmessageid', options: '--implicit', stage: 3 }, 'open', `--transport-cipher ${cipher}`, 'fault 9202'),
  ),
  row({ command: 'getmessageid', options: '--implicit', stage: 3 }, 'open', '--transport-wrap rsa15', 'fault 9202'),
  row({ command: 'store', stage: 3 }, 'strict', '--transport-cipher aes256-cbc --transport-wrap rsa15', 'fault 9202'),
  row({ command: 'getmessageid', options: '--implicit', stage: 3 }, 'open', '--request-algo rsa-sha1', '9601'),
  row({ command: 'getmessageid', options: '--implicit', stage: 3 }, 'open', '--digest sha1', '9601'),
  row({ command: 'store', stage: 3 }, 'strict', '--request-algo rsa-sha1', '9601'),
  row({ command: 'getmessageid', options: '--implicit', stage: 3 }, 'strict', '--no-transport-encrypt', '9811'),
  row({ command: 'getmessageid', options: '--implicit', stage: 3 }, 'strict', '--no-sign-request', '9600'),
  row({ command: 'store', stage: 3 }, 'strict', '--no-transport-encrypt', '9811'),
  row({ command: 'store', stage: 3 }, 'strict', '--no-sign-request', '9600'),
  row({ command: 'fetch', stage: 3 }, 'open', '--no-transport-encrypt --no-sign-request', '9811'),
  row({ command: 'processcard', stage: 3 }, 'strict', '--sign-p12 {foreign}', '9601'),
]

export const ROWS: readonly Row[] = [...SENDING, ...FETCHING, ...REFUSED]
