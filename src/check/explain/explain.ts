// SPDX-License-Identifier: EUPL-1.2
/**
 * Walks a reader through one message, layer by layer. The check runs once, as ever; what it had in its hands is told from tables, with its
 * verdicts and findings. Nothing is judged here a second time.
 *
 *   bytes ── check ──► result, and what was seen of each stage ──► things in things, and the documents they lie in
 * @module
 */
import { CHECK_LIMITS } from '../../env.js'
import type { Parts } from '../../mime/parts.js'
import type { SoapEnvelope } from '../../osci/types.js'
import { parseXml } from '../../xml/gate.js'
import type { XmlDocument } from '../../xml/tree.js'
import { check } from '../engine.js'
import { recognise, type Recognised } from '../recognise.js'
import type { Seen, SeenDocument, Witness } from '../seen.js'
import { LAYERS, type CheckContext, type CheckResult, type Finding, type Layer } from '../types.js'
import { layerName } from '../findings-own.js'
import { contentsThing } from './content-things.js'
import type { DocumentBytes } from './documents.js'
import { elementThings, revealsFor } from './element-things.js'
import { envelopeThing, openedEnvelopeThing } from './envelope-things.js'
import { bodyThing, headerThing, packageThing, transportThing } from './osci-things.js'
import { captureThing, overview } from './overview.js'
import { signatureThing } from './signature-things.js'
import { stopsOf } from './stops.js'
import { Telling } from './telling.js'
import { thing, words, type Explanation, type Thing, type Words } from './types.js'
import { documentThing } from './xoev-things.js'

/** What the tellers of one file get. */
interface Told {
  readonly result: CheckResult
  readonly seen: Partial<Seen>
  readonly documents: readonly SeenDocument[]
  readonly file: DocumentBytes
  readonly found: Recognised
  readonly context: CheckContext
  readonly telling: Telling
}

/** The bytes of a document: where they stand already, or as one of their own. */
function homeOf(
  bytes: Uint8Array,
  { telling }: Told,
  homes: readonly DocumentBytes[],
  id: string,
  title: Words,
): readonly [DocumentBytes, number] {
  for (const home of homes) {
    const range = home.rangeOf(bytes)
    if (range) return [home, range.from]
  }
  return [telling.document(id, title, bytes), 0]
}

function placeEnvelope(envelope: SoapEnvelope, told: Told, homes: readonly DocumentBytes[], id: string, title: Words): void {
  const [home, at] = homeOf(envelope.parts.root.body, told, homes, id, title)
  told.telling.xml(home, envelope.document, at).reveal(revealsFor(told.telling))
}

/** What is XML, but no envelope of OSCI: its elements all the same, for they show where it went wrong. */
function unreadEnvelope({ root: { body } }: Parts, told: Told, homes: readonly DocumentBytes[]): Thing[] {
  const { telling, context } = told
  let document: XmlDocument
  try {
    document = parseXml(body, { limits: context.limits ?? CHECK_LIMITS, frame: 'content' })
  } catch {
    return []
  }
  const [home, at] = homeOf(body, told, homes, 'envelope', words('dekodierter Umschlag', 'decoded envelope'))
  telling.xml(home, document, at).reveal(revealsFor(telling))
  return [
    thing(words('Umschlag', 'envelope'), {
      meaning: words('Kein zulässiger Umschlag; seine Elemente, wie sie dastehen.', 'No acceptable envelope; its elements as they stand.'),
      layers: ['xml', 'osci-structure'],
      parts: elementThings([document.root], telling),
    }),
  ]
}

function osciThings(told: Told): Thing[] {
  const { seen, found, file, telling, context, result } = told
  const { parts, frame, message, contents } = seen
  if (!parts) return []
  const [home] = homeOf(found.bytes, told, [file], 'decoded', words('dekodierter Rumpf', 'decoded body'))
  const things = [packageThing(parts, found.bytes, home, context.limits ?? CHECK_LIMITS, found.contentType, telling)]
  if (!frame) return [...things, ...unreadEnvelope(parts, told, [home])]
  placeEnvelope(frame, told, [home], 'envelope', words('dekodierter Umschlag', 'decoded envelope'))
  const isClosed = frame.kind === 'encrypted'
  if (isClosed)
    for (const { body } of parts.attachments.values()) {
      const range = home.rangeOf(body)
      if (range) home.reveal(range.from, range.to)
    }
  if (isClosed && message) placeEnvelope(message, told, [], 'decrypted', words('entschlüsselter Umschlag', 'decrypted envelope'))
  things.push(transportThing(frame, isClosed ? message : undefined, telling))
  if (frame.kind === 'fault') return [...things, bodyThing(frame, telling)]
  if (!message) return things
  things.push(
    signatureThing(message, result.messageSignature?.verdict, telling),
    headerThing(message, telling),
    bodyThing(message, telling),
  )
  if (contents) things.push(contentsThing(contents, message, told.documents, home, telling))
  return things
}

/** How each kind is told. */
const TELLERS: Readonly<Record<CheckResult['kind'], (told: Told) => Thing[]>> = {
  osci: osciThings,
  xoev: (told) =>
    told.documents.map((seen) => {
      const title = words('Dokument', 'document')
      const [home, at] = homeOf(seen.bytes, told, [told.file], 'document', title)
      return documentThing(seen, home, at, title, told.telling)
    }),
  envelope: (told) => {
    const [home, at] = homeOf(told.found.bytes, told, [told.file], 'envelope', words('dekodierter Umschlag', 'decoded envelope'))
    const frame = envelopeThing(told.found.bytes, at, home, told.telling)
    return frame ? [frame, openedEnvelopeThing(told.seen.envelope, told.documents, told.telling)] : []
  },
  unknown: () => [],
}

/** A layer stands with the first thing that claims it. */
function claimedOnce(things: readonly Thing[], claimed: Set<Layer>): Thing[] {
  return things.map((one) => {
    const layers = one.layers.filter((layer) => !claimed.has(layer))
    for (const layer of layers) claimed.add(layer)
    return { ...one, layers, parts: claimedOnce(one.parts, claimed) }
  })
}

/** What no thing claimed: policy, and layers whose thing was never reached. */
function restThing(result: CheckResult, claimed: ReadonlySet<Layer>): Thing[] {
  const left = LAYERS.filter((layer) => !claimed.has(layer) && result.layers[layer] !== undefined)
  if (left.length === 0) return []
  return [
    thing(words('Was die Prüfung sonst sagt', 'What else the check says'), {
      parts: left.map((layer) => thing(layerName(layer), { layers: [layer] })),
    }),
  ]
}

/** Distinguished names at the end of a remark, as the layers of certificates and policy write them. */
const NAME_AT_END = /((?:[A-Z]{1,16}|\d+(?:\.\d+)+)=.*)$/s

function discreet(finding: Finding, { discretion }: Telling): Finding {
  if (discretion.shows) return finding
  const { layer, detail, xpath, content } = finding
  const named =
    detail !== null && (layer === 'certificates' || layer === 'policy')
      ? detail.replace(NAME_AT_END, (name) => discretion.name(name))
      : detail
  const clean = (text: string | null): string | null => (text === null ? null : discretion.remark(text))
  return { ...finding, detail: clean(named), xpath: clean(xpath), content: clean(content) }
}

function recognised(bytes: Uint8Array, context: CheckContext): Recognised {
  try {
    return recognise(bytes, context.limits ?? CHECK_LIMITS)
  } catch {
    // the check says why; told is the file as it is
    return { kind: 'unknown', capture: null, bytes }
  }
}

/**
 * Explains one file. Never throws because of what is in it.
 * @param bytes the whole file, at most `limits.messageBytes`.
 * @param showsValues lets values of persons be seen.
 */
export async function explain(bytes: Uint8Array, context: CheckContext, showsValues: boolean): Promise<Explanation> {
  const seen: Partial<Seen> = {}
  const documents: SeenDocument[] = []
  const witness: Witness = (stage, what) => {
    seen[stage] = what
    if (stage === 'document') documents.push(what as SeenDocument)
  }
  const result = await check(bytes, { ...context, seen: witness })
  const telling = new Telling(showsValues)
  const file = telling.document('file', words('Datei', 'file'), bytes)
  const found = recognised(bytes, context)
  const body = found.capture === null ? undefined : file.rangeOf(found.bytes)
  const capture = captureThing(found, body)
  const claimed = new Set<Layer>()
  const told = [
    overview(result, bytes, seen, telling.discretion),
    ...(capture ? [capture] : []),
    ...TELLERS[result.kind]({ result, seen, documents, file, found, context, telling }),
  ]
  const things = claimedOnce(told, claimed)
  const { sha256, verdict, kind, messageType, layers } = result
  return {
    result: { sha256, verdict, kind, messageType, layers, findings: result.findings.map((one) => discreet(one, telling)) },
    things: [...things, ...restThing(result, claimed)],
    stops: stopsOf(result, found.kind, seen),
    documents: telling.shown(),
    showsValues,
  }
}
