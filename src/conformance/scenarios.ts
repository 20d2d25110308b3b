// SPDX-License-Identifier: EUPL-1.2
/**
 * Clauses of an intermediary that no row of the message table can say: what one request means for the next.
 * Specs: osci-1.2 §1.3, §4, §9.4–9.6, §10.
 * @module
 */
import type { ProcessCardBundle } from '../osci/parts.js'
import type { RequestName } from '../osci/messages.js'
import { accepted, type ClientRole } from './as-client.js'
import { failed, given, notNamed, notTested, oneOf, PASSED, unlessNamed, type Clause, type Verdict } from './clause.js'
import { NotToBeHad } from './clauses.js'
import type { Words } from './deviation.js'
import type { Told } from './driver.js'
import { CIPHERS, DIGEST_METHODS, SIGNATURE_METHODS, type Profile } from './profile.js'

const NOTHING = notTested('Es kam keine Antwort.', 'No answer came.')

const byId = (messageId: string) => ({ order: { selectionRule: { messageId } } })

const codesOf = (told: Told | undefined): string => told?.tokens.join(', ') ?? '–'

/** A step that only prepares what the clause is about: without it there is no verdict. @throws {NotToBeHad} */
function taken(told: Told | undefined, de: string, en: string): Told {
  if (told && accepted(told)) return told
  throw new NotToBeHad(`${de} (${codesOf(told)}).`, `${en} (${codesOf(told)}).`)
}

const fetchOf = async (role: ClientRole, messageId: string): Promise<Told> =>
  taken(await role.driver.ask('fetchDelivery', byId(messageId)), 'Die Zustellung war nicht abzuholen', 'The delivery could not be fetched')

const exitOf = async (role: ClientRole): Promise<Told> =>
  taken(await role.driver.ask('exitDialog', { order: {} }), 'Der Dialog war nicht zu schließen', 'The dialog could not be closed')

/** @returns undefined: there is none. @throws {NotToBeHad} nobody says whether there is one. */
async function cardOf(role: ClientRole, messageId: string): Promise<ProcessCardBundle | undefined> {
  const told = await role.driver.ask('fetchProcessCard', { order: { selectionRule: { messageIds: [messageId] } } })
  if (told?.kind !== 'answer')
    throw new NotToBeHad(`Der Laufzettel war nicht zu bekommen (${codesOf(told)}).`, `The card was not to be had (${codesOf(told)}).`)
  const { processCardBundles = [] } = (told.answer?.order ?? {}) as { readonly processCardBundles?: readonly ProcessCardBundle[] }
  return processCardBundles.find((bundle) => bundle.messageId === messageId)
}

const hasReception = (bundle: ProcessCardBundle | undefined): boolean => bundle?.processCard.reception !== undefined
const NO_CARD = notTested('Zur Zustellung gibt es keinen Laufzettel.', 'There is no card for the delivery.')

interface Row {
  readonly id: string
  readonly needs: readonly RequestName[]
  /** What the profile must claim besides; absent: nothing. */
  readonly claim?: { readonly is: (profile: Profile) => boolean; readonly key: string }
  readonly text: Words
  readonly reference: string
  readonly run: (role: ClientRole) => Promise<Verdict>
}

const ROWS: readonly Row[] = [
  {
    id: 'getMessageId.id-once', needs: ['getMessageId'], reference: 'osci-1.2 §4',
    text: { de: 'Keine MessageId wird zweimal vergeben.', en: 'No MessageId is issued twice.' },
    run: async ({ driver, profile }) => {
      for (let count = 0; count < 2; count++) taken(await driver.ask('getMessageId', { order: {} }, { inDialog: !profile.implicitDialogs }), 'Es war keine MessageId zu bekommen', 'No MessageId was to be had')
      const ids = (driver.right.get('getMessageId') ?? []).flatMap(({ answer }) => (answer?.order as { readonly messageId?: string } | undefined)?.messageId ?? [])
      const again = ids.find((id, at) => ids.indexOf(id) < at)
      return again === undefined ? PASSED : failed(`noch einmal: ${again}`, `once more: ${again}`)
    },
  },
  {
    id: 'storeDelivery.id-used-twice', needs: ['getMessageId', 'storeDelivery'], reference: 'osci-1.2 §4',
    text: { de: 'Eine verbrauchte MessageId wird kein zweites Mal angenommen (9801).', en: 'A MessageId that was used is not taken a second time (9801).' },
    run: async (role) => {
      const messageId = await role.store()
      const told = await role.driver.ask('storeDelivery', { order: { messageId, subject: 'zweimal' }, parts: await role.parts() }, { inDialog: !role.profile.implicitDialogs })
      return told ? oneOf(['9801'], told.tokens) : NOTHING
    },
  },
  {
    id: 'fetchDelivery.content', needs: ['storeDelivery', 'fetchDelivery'], reference: 'osci-1.2 §9.5',
    text: { de: 'Die abgeholte Zustellung hat denselben Inhalt wie die abgelegte.', en: 'The delivery that is fetched has the content that was stored.' },
    run: async (role) => {
      const messageId = await role.store()
      const stored = role.driver.right.get('storeDelivery')?.at(-1)
      const told = await role.driver.ask('fetchDelivery', byId(messageId))
      if (!told) return NOTHING
      const [sent, came] = [cipherTexts(stored?.request), cipherTexts(told.answer)]
      return sent !== '' && sent === came ? PASSED : failed('Der Inhalt ist ein anderer, oder es kam keiner.', 'The content differs, or there is none.')
    },
  },
  {
    id: 'fetchDelivery.receipt', needs: ['storeDelivery', 'fetchDelivery', 'fetchProcessCard', 'exitDialog'], reference: 'osci-1.2 §1.3, §9.5',
    text: { de: 'Der nächste richtige Auftrag des Dialogs quittiert die Abholung: der Laufzettel bekommt Reception, vorher hat er keine.', en: 'The next right request of the dialog acknowledges what was fetched: the card gets its Reception, and has none before.' },
    run: async (role) => {
      const messageId = await role.store()
      const before = await cardOf(role, messageId)
      if (!before) return NO_CARD
      if (hasReception(before)) return failed('Reception steht schon vor der Abholung da.', 'Reception is there before anything was fetched.')
      await fetchOf(role, messageId)
      await exitOf(role)
      return hasReception(await cardOf(role, messageId)) ? PASSED : failed('Nach dem nächsten Auftrag fehlt Reception.', 'After the next request there is no Reception.')
    },
  },
  {
    id: 'fetchDelivery.silent-dialog', needs: ['storeDelivery', 'fetchDelivery', 'fetchProcessCard'], reference: 'osci-1.2 §1.3, §3.6',
    text: { de: 'Eine Abholung, auf die im Dialog nichts mehr folgt, gilt nicht als quittiert.', en: 'What was fetched in a dialog that goes silent is not acknowledged.' },
    run: async (role) => {
      const messageId = await role.store()
      await fetchOf(role, messageId)
      role.driver.forsake()
      const card = await cardOf(role, messageId)
      if (!card) return NO_CARD
      return hasReception(card) ? failed('Reception steht da, obwohl nichts folgte.', 'Reception is there although nothing followed.') : PASSED
    },
  },
  {
    id: 'fetchDelivery.again', needs: ['storeDelivery', 'fetchDelivery', 'exitDialog'], reference: 'osci-1.2 §9.5',
    claim: { is: ({ keepsFetched }) => keepsFetched, key: 'keepsFetched' },
    text: { de: 'Eine quittierte Zustellung ist über ihre MessageId noch einmal abzuholen.', en: 'A delivery that was acknowledged can be fetched again by its MessageId.' },
    run: async (role) => {
      const messageId = await role.store()
      await fetchOf(role, messageId)
      await exitOf(role)
      const again = await role.driver.ask('fetchDelivery', byId(messageId))
      return again ? oneOf(['0801'], again.tokens) : NOTHING
    },
  },
  {
    id: 'storeDelivery.cryptographic-timestamp', needs: ['getMessageId', 'storeDelivery'], reference: 'osci-1.2 §6.4, §6.5',
    claim: { is: ({ timestamps }) => timestamps === 'cryptographic', key: 'timestamps: cryptographic' },
    text: { de: 'Wer einen kryptographischen Zeitstempel wünscht, bekommt ihn auf den Laufzettel.', en: 'Who wishes for a cryptographic time stamp gets it on the card.' },
    run: async (role) => {
      const parts = { ...(await role.parts()), timestamps: [{ service: 'creation', quality: 'cryptographic' }, { service: 'reception', quality: 'plain' }] as const }
      const told = await role.driver.ask('storeDelivery', { order: { messageId: await role.messageId(), subject: 'Zeitstempel' }, parts }, { inDialog: !role.profile.implicitDialogs })
      if (!told) return NOTHING
      role.spent(told)
      const { processCardBundle } = (told.answer?.order ?? {}) as { readonly processCardBundle?: ProcessCardBundle }
      return processCardBundle && 'cryptographic' in processCardBundle.processCard.creation ? PASSED : failed(`Es kam keiner (${told.tokens.join(', ')}).`, `None came (${told.tokens.join(', ')}).`)
    },
  },
  {
    id: 'fetchDelivery.unknown-id', needs: ['fetchDelivery'], reference: 'osci-1.2 §9.5',
    text: { de: 'Zu einer unbekannten MessageId gibt es keine Zustellung (9803).', en: 'There is no delivery for an unknown MessageId (9803).' },
    run: async ({ driver }) => {
      const told = await driver.ask('fetchDelivery', byId('nie-vergeben'))
      return told ? oneOf(['9803'], told.tokens) : NOTHING
    },
  },
  {
    id: 'fetchDelivery.more', needs: ['storeDelivery', 'fetchDelivery'], reference: 'osci-1.2 §9.5',
    text: { de: 'Liegt noch mehr bereit, sagt die Antwort es (3800).', en: 'When more is waiting the answer says so (3800).' },
    run: async (role) => {
      await role.store()
      await role.store()
      const told = await role.driver.ask('fetchDelivery', { order: {} })
      return told ? oneOf(['3800'], told.tokens) : NOTHING
    },
  },
  {
    id: 'fetchProcessCard.unknown-id', needs: ['fetchProcessCard'], reference: 'osci-1.2 §9.6',
    text: { de: 'Zu einer unbekannten MessageId gibt es keinen Laufzettel (9804).', en: 'There is no card for an unknown MessageId (9804).' },
    run: async ({ driver }) => {
      const told = await driver.ask('fetchProcessCard', { order: { selectionRule: { messageIds: ['nie-vergeben'] } } })
      return told ? oneOf(['9804'], told.tokens) : NOTHING
    },
  },
  {
    id: 'fetchProcessCard.limit', needs: ['storeDelivery', 'fetchProcessCard'], reference: 'osci-1.2 §9.6',
    text: { de: 'Quantity begrenzt die Laufzettel, und die Antwort sagt, dass es mehr gibt (3801).', en: 'Quantity limits the cards, and the answer says that there are more (3801).' },
    run: async (role) => {
      await role.store()
      await role.store()
      const told = await role.driver.ask('fetchProcessCard', { order: { quantity: { limit: 1 } } })
      const { processCardBundles = [] } = (told?.answer?.order ?? {}) as { readonly processCardBundles?: readonly unknown[] }
      if (!told) return NOTHING
      return processCardBundles.length === 1 ? oneOf(['3801'], told.tokens) : failed(`Es kamen ${processCardBundles.length} Laufzettel (${told.tokens.join(', ')}).`, `${processCardBundles.length} cards came (${told.tokens.join(', ')}).`)
    },
  },
  {
    id: 'exitDialog.closes', needs: ['exitDialog', 'getMessageId'], reference: 'osci-1.2 §3.6',
    text: { de: 'Nach exitDialog ist der Dialog zu: ein weiterer Auftrag darin wird abgelehnt (9400).', en: 'After exitDialog the dialog is closed: a further request in it is refused (9400).' },
    run: async (role) => {
      const { driver } = role
      const before = await driver.ask('getMessageId', { order: {} }, { inDialog: true })
      const closed = await exitOf(role)
      if (!before?.position || !closed.position) return NOTHING
      const { conversationId, sequenceNumber, challenge } = closed.position
      const again = { conversationId, sequenceNumber: sequenceNumber + 1, response: challenge }
      const told = await driver.ask('getMessageId', { order: {} }, { inDialog: true, bend: { message: (m) => ({ ...m, control: { ...m.control, ...again } }) } })
      return told ? oneOf(['fault 9400'], told.tokens) : NOTHING
    },
  },
  {
    id: 'partialStoreDelivery.whole', needs: ['partialStoreDelivery'], reference: 'osci-1.2 §10.2, §10.3',
    text: { de: 'Aus den Paketen wird eine Zustellung; die letzte Antwort sagt es in InsideFeedback (0800).', en: 'The chunks become one delivery; the last answer says so in InsideFeedback (0800).' },
    run: async (role) => {
      const upload = await role.upload()
      let last: Told | undefined
      for (let number = 1; number <= upload.total; number++) last = await role.driver.ask('partialStoreDelivery', await role.chunk(upload, number), { inDialog: true })
      if (last) role.spent(last)
      const { insideFeedback } = (last?.answer?.order ?? {}) as { readonly insideFeedback?: { readonly entries: readonly { readonly code: string }[] } }
      return last ? oneOf(['0800'], insideFeedback?.entries.map(({ code }) => code.trim()) ?? []) : NOTHING
    },
  },
  {
    id: 'partialStoreDelivery.chunk-repeated', needs: ['partialStoreDelivery'], reference: 'osci-1.2 §10.5',
    text: { de: 'Ein Paket, das schon da ist, wird nicht noch einmal genommen (9900).', en: 'A chunk that is there already is not taken again (9900).' },
    run: async (role) => {
      const upload = await role.upload()
      const first = await role.driver.ask('partialStoreDelivery', await role.chunk(upload, 1), { inDialog: true })
      if (first) role.spent(first)
      taken(first, 'Das Paket wurde nicht genommen', 'The chunk was not taken')
      const told = await role.driver.ask('partialStoreDelivery', await role.chunk(upload, 1), { inDialog: true })
      return told ? oneOf(['9900'], told.tokens) : NOTHING
    },
  },
] // prettier-ignore

/** The ciphertexts of a message's content, which no hand on the way may touch. */
function cipherTexts(message: Told['answer']): string {
  const texts: string[] = []
  const open = message?.content ? [message.content] : []
  for (let element = open.pop(); element; element = open.pop()) {
    if (element.local === 'CipherValue')
      texts.push(element.children.map((c) => (c.kind === 'text' ? c.value.replace(/\s/g, '') : '')).join(''))
    for (const child of element.children) if (child.kind === 'element') open.push(child)
  }
  return texts.join(' ')
}

type Known = ReadonlyMap<string, string>
const ALGORITHMS: readonly (readonly [kind: 'signature' | 'digest' | 'cipher', known: Known, peerOf: (uri: string) => object])[] = [
  ['signature', SIGNATURE_METHODS, (signatureMethod) => ({ signatureMethod })],
  ['digest', DIGEST_METHODS, (digestMethod) => ({ digestMethod })],
  ['cipher', CIPHERS, (cipher) => ({ cipher })],
]

/** One clause for each algorithm that the profile claims. */
function algorithmClauses({ algorithms }: Profile): Clause<ClientRole>[] {
  const row = (id: string, name: string, peer: object): Clause<ClientRole> => ({
    id: `getMessageId.${id}`,
    party: 'intermediary',
    exchange: 'getMessageId',
    text: { de: `Ein Auftrag mit ${name} wird ausgeführt.`, en: `A request with ${name} is carried out.` },
    reference: 'osci-1.2 §7.1, §7.2',
    run: async ({ driver, profile }) => {
      const told = await driver.ask('getMessageId', { order: {} }, { peer, inDialog: !profile.implicitDialogs })
      return told ? oneOf([profile.implicitDialogs ? '0800' : '0801'], told.tokens) : NOTHING
    },
  })
  return [
    ...ALGORITHMS.flatMap(([kind, known, peerOf]) =>
      algorithms[kind].map((name) => row(`${kind}-${name}`, name, peerOf(known.get(name) ?? ''))),
    ),
    ...algorithms.ivBytes.map((ivBytes) => row(`iv-${ivBytes}`, `IV ${ivBytes} Bytes`, { ivBytes })),
  ]
}

export function scenarioClauses(profile: Profile): readonly Clause<ClientRole>[] {
  const rows = ROWS.map(({ id, needs, claim, text, reference, run }): Clause<ClientRole> => {
    const [missing] = needs.flatMap((name) => unlessNamed(name, profile) ?? [])
    const unclaimed = claim?.is(profile) === false ? notNamed(claim.key) : undefined
    return {
      id,
      party: 'intermediary',
      exchange: needs.at(-1) ?? 'message',
      text,
      reference,
      ...given(missing ?? unclaimed),
      run,
    }
  })
  return [...rows, ...algorithmClauses(profile)]
}
