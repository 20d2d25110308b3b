// SPDX-License-Identifier: EUPL-1.2
/**
 * Rules of XProtektor-Demo that its XSD cannot say (schemas/xprotektor/1.0/spezifikation.md, "Regeln jenseits des Schemas").
 *
 * Run on documents that are schema-valid. Rules that compare with the request run only when the request is there.
 * @module
 */
import { createHash } from 'node:crypto'
import { childOf, elementsOf, textOf, type XmlDocument, type XmlElement } from '../xml/tree.js'
import type { XoevHead } from './header.js'
import { XPROTEKTOR_NAMESPACE } from './standards.js'

export interface RuleFinding {
  readonly id: string
  readonly element: XmlElement
}

const REQUESTS: ReadonlySet<string> = new Set(['meldebescheinigung.anfrage.1000', 'selbstauskunft.anfrage.1100'])
/** What the minimum of a Meldebescheinigung may hold, by parent. */
const MINIMUM: Readonly<Record<string, ReadonlySet<string>>> = {
  meldedaten: new Set(['name', 'geburt', 'wohnung']),
  name: new Set(['familienname', 'vornamen', 'gebraeuchlicherVorname', 'doktorgrad']),
  geburt: new Set(['datum']),
  wohnung: new Set(['anschrift', 'status']),
}

const child = (e: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined => {
  let at = e
  for (const local of path) at = at && childOf(at, XPROTEKTOR_NAMESPACE, local)
  return at
}

/** Text of `<local><code>…</code></local>`. */
const codeOf = (e: XmlElement | undefined): string | undefined => {
  const code = e && childOf(e, '', 'code')
  return code && textOf(code).trim()
}

function answerOf(root: XmlElement, request: XmlDocument | undefined): RuleFinding[] {
  const found: RuleFinding[] = []
  const answer = child(root, 'auskunft')
  if (!answer) return found
  const status = child(answer, 'ergebnisstatus')
  const certificate = child(answer, 'bescheinigung')
  const wrong = (): void => void found.push({ id: 'rules.xprotektor-status', element: certificate ?? status ?? answer })
  const variant = codeOf(child(request?.root, 'zustellvariante'))
  if (codeOf(status) === '02') {
    if (certificate) wrong()
  } else if (!certificate) wrong()
  else if (variant === '02' && !child(certificate, 'meldedaten')) wrong()
  else if (variant === '03' && !child(certificate, 'dokument')) wrong()
  const data = child(certificate, 'meldedaten')
  if (data && child(request?.root, 'datenumfang', 'mindestumfang')) {
    const tooMuch = [data, ...elementsOf(data)].flatMap((e) => {
      const allowed = MINIMUM[e.local]
      return allowed ? elementsOf(e).filter((c) => !allowed.has(c.local)) : []
    })
    for (const element of tooMuch) found.push({ id: 'rules.xprotektor-minimum', element })
  }
  return found
}

function digests(root: XmlElement): RuleFinding[] {
  const found: RuleFinding[] = []
  for (const holder of [child(root, 'dokument'), child(root, 'auskunft', 'bescheinigung', 'dokument')]) {
    const digest = child(holder, 'sha256')
    const content = child(holder, 'inhalt')
    if (!digest || !content) continue
    const actual = createHash('sha256')
      .update(Buffer.from(textOf(content), 'base64'))
      .digest('hex')
    if (actual !== textOf(digest)) found.push({ id: 'rules.xprotektor-digest', element: digest })
  }
  return found
}

/**
 * @param requestHead head of the request that this message answers.
 * @param request the request itself, for the rules about its scope and way of delivery.
 */
export function checkXprotektorRules(document: XmlDocument, head: XoevHead, requestHead?: XoevHead, request?: XmlDocument): RuleFinding[] {
  const { root } = document
  const found: RuleFinding[] = []
  if (root.local === 'meldebescheinigung.antwort.1001') found.push(...answerOf(root, request))
  const expected = child(root, 'antwortErwartetBis')
  if (expected && Date.parse(textOf(expected)) <= Date.parse(head.erstellungszeitpunkt ?? ''))
    found.push({ id: 'rules.xprotektor-expected-by', element: expected })
  const reader = child(root, 'nachrichtenkopf.g2g', 'leser', 'kennung')
  if (REQUESTS.has(root.local) && reader && !textOf(reader).startsWith('ags:'))
    found.push({ id: 'rules.xprotektor-reader', element: reader })
  if (requestHead && reader && (head.leser?.kennung !== requestHead.autor?.kennung || head.autor?.kennung !== requestHead.leser?.kennung))
    found.push({ id: 'rules.xprotektor-parties', element: reader })
  for (const reason of elementsOf(root)) {
    if (reason.local === 'rueckweisungsgrund' && codeOf(child(reason, 'grund')) === 'S999' && !child(reason, 'hinweis'))
      found.push({ id: 'rules.xprotektor-reason', element: reason })
  }
  return [...found, ...digests(root)]
}
