// SPDX-License-Identifier: EUPL-1.2
/**
 * Where an explanation ends before the message does, and why: the first stage that was not reached, in the words of the findings that
 * stood in its way.
 * @module
 */
import { allContainers, type OpenedContent } from '../../osci/content-types.js'
import type { Seen } from '../seen.js'
import type { CheckResult, Layer } from '../types.js'
import { words, type Words } from './types.js'

interface StopRow {
  readonly stage: keyof Seen
  /** Their findings say why. */
  readonly layers: readonly Layer[]
  readonly where: Words
}

/** Stages of each kind, in order. */
const STAGES: Readonly<Record<CheckResult['kind'], readonly StopRow[]>> = {
  osci: [
    { stage: 'parts', layers: ['mime'], where: words('Weiter als bis zum MIME-Paket reicht die Erklärung nicht', 'The explanation reaches no further than the MIME package') },
    { stage: 'frame', layers: ['xml', 'osci-structure'], where: words('Der SOAP-Umschlag ließ sich nicht lesen', 'The SOAP envelope could not be read') },
    { stage: 'message', layers: ['transport-encryption', 'mime', 'xml', 'osci-structure'], where: words('Die Nachricht in der Transportverschlüsselung blieb verborgen', 'The message inside the transport encryption stayed hidden') },
    { stage: 'order', layers: ['osci-structure', 'control-block', 'message-signature', 'certificates'], where: words('Der Auftrag ließ sich nicht lesen wie vorgeschrieben; erzählt sind seine Elemente', 'The order could not be read as required; what is told are its elements') },
    { stage: 'contents', layers: ['content-encryption'], where: words('Die Inhaltsdaten ließen sich nicht lesen', 'The content data could not be read') },
  ],
  xoev: [{ stage: 'document', layers: ['xml', 'xoev-schema'], where: words('Das Dokument ließ sich nicht lesen', 'The document could not be read') }],
  envelope: [{ stage: 'envelope', layers: ['mime', 'content-encryption', 'author-signature', 'policy'], where: words('Der Umschlag ließ sich nicht öffnen', 'The envelope could not be opened') }],
  unknown: [{ stage: 'parts', layers: ['mime', 'xml'], where: words('Was die Datei ist, ließ sich nicht erkennen', 'What the file is could not be recognised') }],
} // prettier-ignore

function reasonIn(result: CheckResult, layers: readonly Layer[]): Words | undefined {
  const found = result.findings.filter(({ layer }) => layers.includes(layer))
  return (found.find(({ severity }) => severity === 'error') ?? found.at(-1))?.message
}

const NO_KEYS = words(
  'Mit dem passenden Schlüssel (--keystore DATEI.p12 --pin PIN) ließe sich mehr öffnen.',
  'With the key that fits (--keystore FILE.p12 --pin PIN) more could be opened.',
)

function closedBoxes(contents: OpenedContent | undefined): Words[] {
  if (!contents) return []
  const closed = [contents, ...allContainers(contents.containers)].reduce((sum, { sealed }) => sum + sealed.length, 0)
  return closed === 0
    ? []
    : [words(`Verschlüsselte Container, die verschlossen blieben: ${closed}.`, `Encrypted containers that stayed closed: ${closed}.`)]
}

/**
 * @param kind what the file was recognised as, whatever became of it.
 * @param seen the stages that were reached.
 */
export function stopsOf(result: CheckResult, kind: CheckResult['kind'], seen: Partial<Seen>): Words[] {
  // a fault has neither order nor content
  const rows = seen.frame?.kind === 'fault' ? [] : STAGES[kind]
  const first = rows.find(({ stage }) => seen[stage] === undefined)
  const reason = first && reasonIn(result, first.layers)
  const told = first
    ? [
        reason
          ? words(`${first.where.de}: ${reason.de}`, `${first.where.en}: ${reason.en}`)
          : words(`${first.where.de}.`, `${first.where.en}.`),
      ]
    : []
  const boxes = closedBoxes(seen.contents)
  const noKey = result.findings.some(({ id }) => id === 'transport-encryption.no-key' || id === 'content-encryption.no-key')
  return [...told, ...boxes, ...(noKey && kind === 'osci' ? [NO_KEYS] : [])]
}
