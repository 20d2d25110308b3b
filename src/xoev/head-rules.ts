// SPDX-License-Identifier: EUPL-1.2
/**
 * Rules for the head of any XÖV message, and for the link of an answer to its request.
 *
 * Real messages are sloppy here (xoev.md §15): what no schema enforces is a warning, unless the standard is our own.
 * Specs: xoev.md §3.1–3.4.
 * @module
 */
import type { XmlDocument, XmlElement } from '../xml/tree.js'
import { DVDV_PREFIXES, type CodeListStore } from './codelists.js'
import { follow, type XoevHead } from './header.js'
import type { XoevProfile } from './standards.js'
import { DEFAULT_TIME_ZONE, hasZone, momentOf } from './time-zone.js'

export interface HeadFinding {
  readonly id: string
  readonly element: XmlElement
  readonly detail?: string
}

export interface HeadContext {
  readonly codeLists: CodeListStore
  /** Head of the request that this message answers. */
  readonly request?: XoevHead
  /** Kennung of the body that reads: another reader is T080. */
  readonly reader?: string
  /** For times without a zone; default Europe/Berlin. */
  readonly timeZone?: string
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const DATE_TIME = /^-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}/
const KENNUNG = /^[^\s:]{1,64}:[^\s]{1,200}$/

/** Number at the end of a message name: `….1700` → `1700`. */
export const numberOf = (messageType: string): string | undefined => /\.([0-9]{4})$/.exec(messageType.slice(-5))?.[1]

function times(created: string, element: XmlElement, timeZone: string): HeadFinding[] {
  const found: HeadFinding[] = []
  const time = created.trim()
  // what is no date and time at all lacks neither zone nor milliseconds (xoev-head.created-form)
  if (!DATE_TIME.test(time)) return found
  if (!hasZone(time)) {
    const moment = momentOf(time, timeZone)
    found.push({ id: 'xoev-head.no-time-zone', element, ...(moment === undefined ? {} : { detail: `${moment} (${timeZone})` }) })
  }
  if (!/^.{19}\.[0-9]{3}/.test(time.slice(0, 23))) found.push({ id: 'xoev-head.no-milliseconds', element })
  return found
}

function parties(root: XmlElement, head: XoevHead, profile: XoevProfile, codeLists: CodeListStore): HeadFinding[] {
  const found: HeadFinding[] = []
  for (const [paths, value] of [
    [profile.authorPath, head.autor?.kennung],
    [profile.readerPath, head.leser?.kennung],
  ] as const) {
    const element = follow(root, `${paths.at}/${paths.kennung}`, profile, root.uri)
    if (value === undefined || !element) continue
    if (!KENNUNG.test(value)) found.push({ id: 'xoev-head.kennung-form', element })
    else if (codeLists.anyVersionHas(DVDV_PREFIXES, value.slice(0, value.indexOf(':'))) === false)
      found.push({ id: 'xoev-head.kennung-prefix', element })
  }
  return found
}

function linkage(root: XmlElement, head: XoevHead, profile: XoevProfile, request: XoevHead): HeadFinding[] {
  const found: HeadFinding[] = []
  const paths = profile.replyPath.find((one) => follow(root, `${one.at}/${one.uuid}`, profile, root.uri))
  const element = (paths && follow(root, paths.at, profile, root.uri)) ?? root
  const named = head.ursprungsnachricht
  if (profile.replyPath.length > 0) {
    if (!named) found.push({ id: 'xoev-head.reply-missing', element })
    else {
      const differs = [
        named.nachrichtenUUID === request.nachrichtenUUID ? [] : ['nachrichtenUUID'],
        named.nachrichtentyp === undefined || named.nachrichtentyp === request.nachrichtentyp ? [] : ['nachrichtentyp'],
        // only our own standard demands the same spelling of the moment
        named.erstellungszeitpunkt === undefined ||
        profile.headMismatch === 'warning' ||
        named.erstellungszeitpunkt === request.erstellungszeitpunkt
          ? []
          : ['erstellungszeitpunkt'],
      ].flat()
      if (differs.length > 0) found.push({ id: 'xoev-head.reply-mismatch', element, detail: differs.join(', ') })
    }
  }
  const swapped = head.autor?.kennung === request.leser?.kennung && head.leser?.kennung === request.autor?.kennung
  if (!swapped && profile.headMismatch === 'warning')
    found.push({ id: 'xoev-head.reply-parties', element: follow(root, profile.headPath, profile, root.uri) ?? root })
  return found
}

/** Everything that is wrong or remarkable in the head. */
export function checkHead(document: XmlDocument, head: XoevHead, profile: XoevProfile, context: HeadContext): HeadFinding[] {
  const { root } = document
  const at = (path: string): XmlElement => follow(root, path, profile, root.uri) ?? root
  const found: HeadFinding[] = []
  const number = numberOf(root.local)
  if (number !== undefined && head.nachrichtentyp !== undefined && head.nachrichtentyp.trim() !== number)
    found.push({
      id: profile.headMismatch === 'error' ? 'xoev-head.type-mismatch' : 'xoev-head.type-differs',
      element: at(profile.typePath),
    })
  if (head.nachrichtenUUID !== undefined && !UUID.test(head.nachrichtenUUID.trim()))
    found.push({ id: 'xoev-head.uuid-form', element: at(profile.uuidPath) })
  if (head.erstellungszeitpunkt !== undefined)
    found.push(...times(head.erstellungszeitpunkt, at(profile.createdPath), context.timeZone ?? DEFAULT_TIME_ZONE))
  found.push(...parties(root, head, profile, context.codeLists))
  if (context.reader !== undefined && head.leser?.kennung !== context.reader)
    found.push({ id: 'xoev-head.reader', element: at(profile.readerPath.at) })
  if (context.request) found.push(...linkage(root, head, profile, context.request))
  if (head.test !== undefined) found.push({ id: 'xoev-head.test-message', element: root })
  return found
}
