// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads the head of an XÖV message by the paths of its profile: who wrote it, for whom, which number, which message it answers.
 *
 * Values are verbatim, but for two that compare otherwise: the UUID is lower-cased, and the white space of a code is collapsed. Nothing
 * here judges: a missing value is a missing key.
 * Specs: xoev.md §3.1–3.4.
 * @module
 */
import { attributeOf, elementsOf, textOf, type XmlDocument, type XmlElement } from '../xml/tree.js'
import { codeOf } from './codelists.js'
import { profileFor, type PartyPaths, type XoevProfile } from './standards.js'

export interface XoevParty {
  /** `präfix:id`, e.g. `ags:99001000`. */
  readonly kennung?: string
  readonly name?: string
}

/** The message that an answer answers. `nachrichtenUUID` lower-cased. */
export interface XoevReference {
  readonly nachrichtenUUID: string
  readonly nachrichtentyp?: string
  readonly erstellungszeitpunkt?: string
}

export interface XoevHead {
  readonly profile: XoevProfile['name']
  readonly namespace: string
  /** Local name of the root element. */
  readonly messageType: string
  readonly standard?: string
  readonly version?: string
  /** Lower-cased; form not checked. */
  readonly nachrichtenUUID?: string
  readonly nachrichtentyp?: string
  /** Verbatim: never a Date, its lexical form is part of the message. */
  readonly erstellungszeitpunkt?: string
  readonly autor?: XoevParty
  readonly leser?: XoevParty
  /** Value of `@test`. Its presence alone makes the message a test message, whatever the value says. */
  readonly test?: string
  readonly produkt?: string
  readonly produkthersteller?: string
  readonly produktversion?: string
  readonly ursprungsnachricht?: XoevReference
}

function step(from: XmlElement, prefix: string, local: string, profile: XoevProfile, rootUri: string): XmlElement | undefined {
  const wanted = profile.namespaces[prefix]
  return elementsOf(from).find(
    (e) => e.local === local && (prefix === '' ? e.uri === '' : prefix === 'root' ? e.uri === rootUri : wanted?.test(e.uri) === true),
  )
}

/** Follows a path of a profile; undefined when a step is missing. */
export function follow(from: XmlElement, path: string, profile: XoevProfile, rootUri: string): XmlElement | undefined {
  let at: XmlElement | undefined = from
  for (const one of path.split('/')) {
    if (!at) return undefined
    const colon = one.indexOf(':')
    at = step(at, colon < 0 ? '' : one.slice(0, colon), one.slice(colon + 1), profile, rootUri)
  }
  return at
}

const valueOf = (e: XmlElement): string => (e.local === 'code' ? codeOf(e) : textOf(e))

function party(root: XmlElement, paths: PartyPaths, profile: XoevProfile): XoevParty | undefined {
  const at = follow(root, paths.at, profile, root.uri)
  if (!at) return undefined
  const text = (path: string | undefined): string | undefined => {
    const e = path === undefined ? undefined : follow(at, path, profile, root.uri)
    return e && valueOf(e)
  }
  const prefix = text(paths.prefix)
  const id = text(paths.kennung)
  const name = text(paths.name)
  const kennung = id === undefined ? undefined : prefix === undefined || prefix === '' ? id : `${prefix}:${id}`
  return { ...(kennung === undefined ? {} : { kennung }), ...(name === undefined ? {} : { name }) }
}

function reply(root: XmlElement, profile: XoevProfile): XoevReference | undefined {
  for (const paths of profile.replyPath) {
    const at = follow(root, paths.at, profile, root.uri)
    const text = (path: string | undefined): string | undefined => {
      const e = at === undefined || path === undefined ? undefined : follow(at, path, profile, root.uri)
      return e && valueOf(e)
    }
    const uuid = text(paths.uuid)
    if (uuid === undefined) continue
    const type = text(paths.type)
    const created = text(paths.created)
    return {
      nachrichtenUUID: uuid.toLowerCase(),
      ...(type === undefined ? {} : { nachrichtentyp: type }),
      ...(created === undefined ? {} : { erstellungszeitpunkt: created }),
    }
  }
  return undefined
}

function versionOf(root: XmlElement, profile: XoevProfile): string | undefined {
  return profile.versionFrom === 'attribute' ? attributeOf(root, 'version') : profile.namespacePattern.exec(root.uri)?.[1]
}

/** @returns undefined when no profile knows the root's namespace, or the message has no head of that profile. */
export function readHead(document: XmlDocument): XoevHead | undefined {
  const { root } = document
  const profile = profileFor(root.uri)
  if (!profile || !follow(root, profile.headPath, profile, root.uri)) return undefined
  const text = (path: string): string | undefined => {
    const e = follow(root, path, profile, root.uri)
    return e && valueOf(e)
  }
  const found: Record<string, unknown> = {
    standard: profile.standard === 'attribute' ? attributeOf(root, 'standard') : profile.standard,
    version: versionOf(root, profile),
    nachrichtenUUID: text(profile.uuidPath)?.toLowerCase(),
    nachrichtentyp: text(profile.typePath),
    erstellungszeitpunkt: text(profile.createdPath),
    autor: party(root, profile.authorPath, profile),
    leser: party(root, profile.readerPath, profile),
    test: attributeOf(root, 'test'),
    produkt: attributeOf(root, 'produkt'),
    produkthersteller: attributeOf(root, 'produkthersteller'),
    produktversion: attributeOf(root, 'produktversion'),
    ursprungsnachricht: reply(root, profile),
  } satisfies { [K in Exclude<keyof XoevHead, 'profile' | 'namespace' | 'messageType'>]: XoevHead[K] | undefined }
  return {
    profile: profile.name,
    namespace: root.uri,
    messageType: root.local,
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
  }
}
