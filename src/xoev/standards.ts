// SPDX-License-Identifier: EUPL-1.2
/**
 * What we know of the heads of XÖV standards, as data. A profile is chosen by the namespace of the root element and by nothing else;
 * a namespace without profile is carried and routed, but its head is not read.
 *
 * Paths are steps from the root, `prefix:local` joined by `/`. Prefixes: none = no namespace, `root` = the namespace of the root
 * element, any other = a pattern in `namespaces`. The same head is qualified in some standards and not in others: the most frequent
 * cause of wrong answers (xoev.md §3.3).
 * @module
 */

export interface PartyPaths {
  /** From the root. */
  readonly at: string
  /** From the party. */
  readonly kennung: string
  /** Where prefix and id are kept apart (xdomea). */
  readonly prefix?: string
  readonly name: string
}

/** Where an answer names the message it answers. All but `at` count from there. */
export interface ReplyPaths {
  readonly at: string
  readonly uuid: string
  readonly type?: string
  readonly created?: string
}

export interface XoevProfile {
  readonly name: 'xoev-g2g-unqualified' | 'xoev-g2g-qualified' | 'xdomea' | 'xprotektor'
  readonly namespacePattern: RegExp
  /** A fixed name, or `attribute` for `@standard` of the root. */
  readonly standard: string
  /** `attribute` for `@version` of the root; `namespace` for the first group of {@link namespacePattern}. */
  readonly versionFrom: 'attribute' | 'namespace'
  readonly namespaces: Readonly<Record<string, RegExp>>
  readonly headPath: string
  readonly uuidPath: string
  /** What the UUID names: the message alone, or the process, whose messages all bear it. */
  readonly uuidNames: 'message' | 'process'
  readonly typePath: string
  readonly createdPath: string
  readonly authorPath: PartyPaths
  readonly readerPath: PartyPaths
  readonly replyPath: readonly ReplyPaths[]
  /** Real messages name other numbers than their root (xoev.md §15); only our own standard treats that as an error. */
  readonly headMismatch: 'error' | 'warning'
  /** Whether the root element names product, standard and version. */
  readonly rootAttributes: 'g2g' | 'none'
  /** Elements without namespace stand below qualified ones: `xmlns="…"` around them changes what they are. */
  readonly defaultNamespace: 'forbidden' | 'tolerated'
  /**
   * Unknown codes and empty strings make a message invalid where the standard has rejection codes for them (S011, S030). xdomea has
   * none, and its published messages break both: there they are remarks.
   */
  readonly rejectsContent: boolean
  /** Can we write a rejection of this standard? */
  readonly rejection?: 'xprotektor-0010'
  /** Rejection codes of code-list failures: XMeld has its own letters. */
  readonly codeListRejection: { readonly unknownList: string; readonly unknownCode: string }
}

const HEAD = 'nachrichtenkopf.g2g'
const IDENTIFICATION = 'identifikation.nachricht'

/** The XÖV base message in its unqualified form: none of the head's elements is in a namespace. */
const UNQUALIFIED_HEAD = {
  headPath: HEAD,
  uuidNames: 'message',
  uuidPath: `${HEAD}/${IDENTIFICATION}/nachrichtenUUID`,
  typePath: `${HEAD}/${IDENTIFICATION}/nachrichtentyp/code`,
  createdPath: `${HEAD}/${IDENTIFICATION}/erstellungszeitpunkt`,
  authorPath: { at: `${HEAD}/autor`, kennung: 'kennung', name: 'name' },
  readerPath: { at: `${HEAD}/leser`, kennung: 'kennung', name: 'name' },
} as const

/** Where `bezug` of XBau names a message: an identification of the qualified base message inside a type of the core module. */
const bezugNachricht = (bezug: string): ReplyPaths => ({
  at: `${bezug}/bezugNachricht`,
  uuid: 'g2g:nachrichtenUUID',
  type: 'g2g:nachrichtentyp/code',
  created: 'g2g:erstellungszeitpunkt',
})

const G2G = /^http:\/\/xoev\.de\/schemata\/basisnachricht\/g2g\/1_[01]$/

const S_CODES = { unknownList: 'S010', unknownCode: 'S011' }

export const XPROTEKTOR_NAMESPACE = 'urn:example:xprotektor:1.0'

export const PROFILES: readonly XoevProfile[] = [
  {
    name: 'xprotektor',
    namespacePattern: /^urn:example:xprotektor:([0-9]+\.[0-9]+)$/,
    standard: 'XProtektor-Demo',
    versionFrom: 'namespace',
    namespaces: {},
    headPath: `root:${HEAD}`,
    uuidPath: `root:${HEAD}/root:${IDENTIFICATION}/root:nachrichtenUUID`,
    uuidNames: 'message',
    typePath: `root:${HEAD}/root:${IDENTIFICATION}/root:nachrichtentyp/code`,
    createdPath: `root:${HEAD}/root:${IDENTIFICATION}/root:erstellungszeitpunkt`,
    authorPath: { at: `root:${HEAD}/root:autor`, kennung: 'root:kennung', name: 'root:name' },
    readerPath: { at: `root:${HEAD}/root:leser`, kennung: 'root:kennung', name: 'root:name' },
    replyPath: [
      {
        at: 'root:ursprungsnachricht',
        uuid: 'root:nachrichtenUUID',
        type: 'root:nachrichtentyp/code',
        created: 'root:erstellungszeitpunkt',
      },
    ],
    headMismatch: 'error',
    rootAttributes: 'g2g',
    defaultNamespace: 'forbidden',
    rejectsContent: true,
    rejection: 'xprotektor-0010',
    codeListRejection: S_CODES,
  },
  {
    name: 'xdomea',
    namespacePattern: /^urn:xoev-de:xdomea:schema:([0-9][0-9.]*)$/,
    standard: 'xdomea',
    versionFrom: 'namespace',
    namespaces: {},
    headPath: 'root:Kopf',
    uuidPath: 'root:Kopf/root:ProzessID',
    uuidNames: 'process',
    typePath: 'root:Kopf/root:Nachrichtentyp/code',
    createdPath: 'root:Kopf/root:Erstellungszeitpunkt',
    authorPath: {
      at: 'root:Kopf/root:Absender',
      kennung: 'root:Behoerdenkennung/root:Behoerdenschluessel/code',
      prefix: 'root:Behoerdenkennung/root:Praefix/code',
      name: 'root:Institution/root:Name',
    },
    readerPath: {
      at: 'root:Kopf/root:Empfaenger',
      kennung: 'root:Behoerdenkennung/root:Behoerdenschluessel/code',
      prefix: 'root:Behoerdenkennung/root:Praefix/code',
      name: 'root:Institution/root:Name',
    },
    replyPath: [],
    headMismatch: 'warning',
    rootAttributes: 'none',
    defaultNamespace: 'tolerated',
    rejectsContent: false,
    codeListRejection: S_CODES,
  },
  {
    // XBau and its core module: other standards of the same publisher have the qualified head
    name: 'xoev-g2g-unqualified',
    namespacePattern: /^https?:\/\/(?:www\.)?xleitstelle\.de\/xbau\//,
    standard: 'attribute',
    versionFrom: 'attribute',
    namespaces: { g2g: G2G },
    ...UNQUALIFIED_HEAD,
    // `bezug` is in the namespace of the message in XBau, in none in the core module; `referenz` is the key of an application or a query
    replyPath: [
      bezugNachricht('root:bezug'),
      bezugNachricht('root:bezug/root:mitAktenzeichen'),
      bezugNachricht('bezug'),
      { at: 'root:bezug', uuid: 'referenz' },
      { at: 'bezug', uuid: 'referenz' },
    ],
    headMismatch: 'warning',
    rootAttributes: 'g2g',
    defaultNamespace: 'forbidden',
    rejectsContent: true,
    codeListRejection: S_CODES,
  },
  {
    name: 'xoev-g2g-qualified',
    namespacePattern: /^https?:\/\/(?:www\.)?xleitstelle\.de\//,
    standard: 'attribute',
    versionFrom: 'attribute',
    namespaces: {
      g2g: G2G,
      beh: /^http:\/\/xoev\.de\/schemata\/basisnachricht\/behoerde\/1_[01]$/,
    },
    headPath: `g2g:${HEAD}`,
    uuidPath: `g2g:${HEAD}/g2g:${IDENTIFICATION}/g2g:nachrichtenUUID`,
    uuidNames: 'message',
    typePath: `g2g:${HEAD}/g2g:${IDENTIFICATION}/g2g:nachrichtentyp/code`,
    createdPath: `g2g:${HEAD}/g2g:${IDENTIFICATION}/g2g:erstellungszeitpunkt`,
    authorPath: { at: `g2g:${HEAD}/g2g:autor`, kennung: 'beh:kennung', name: 'beh:name' },
    readerPath: { at: `g2g:${HEAD}/g2g:leser`, kennung: 'beh:kennung', name: 'beh:name' },
    // answers name procedure and plan, no message
    replyPath: [],
    headMismatch: 'warning',
    rootAttributes: 'g2g',
    defaultNamespace: 'tolerated',
    rejectsContent: true,
    codeListRejection: S_CODES,
  },
  {
    name: 'xoev-g2g-unqualified',
    namespacePattern: /^http:\/\/www\.osci\.de\//,
    standard: 'attribute',
    versionFrom: 'attribute',
    namespaces: {},
    ...UNQUALIFIED_HEAD,
    replyPath: [
      { at: 'root:ursprungsnachricht', uuid: 'nachrichtenUUID', type: 'nachrichtentyp/code', created: 'erstellungszeitpunkt' },
      // modules of XInneres, receipts among them, are unqualified throughout
      { at: 'ursprungsnachricht', uuid: 'nachrichtenUUID', type: 'nachrichtentyp/code', created: 'erstellungszeitpunkt' },
      { at: 'rueckweisung/idNachricht', uuid: 'nachrichtenUUID', type: 'nachrichtentyp/code', created: 'erstellungszeitpunkt' },
    ],
    headMismatch: 'warning',
    rootAttributes: 'g2g',
    defaultNamespace: 'forbidden',
    rejectsContent: true,
    codeListRejection: { unknownList: 'X010', unknownCode: 'X011' },
  },
]

/** The profile for a root namespace, or undefined: then the message is opaque. */
export function profileFor(rootNamespace: string): XoevProfile | undefined {
  // namespaces longer than this are nobody's; patterns stay linear anyway
  if (rootNamespace.length > 512) return undefined
  return PROFILES.find((profile) => profile.namespacePattern.test(rootNamespace))
}
