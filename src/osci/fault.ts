// SPDX-License-Identifier: EUPL-1.2
/**
 * SOAP faults: what replaces an answer that cannot be built or encrypted. Never signed, never encrypted, no schemaLocation (trap T2).
 *
 *   soap:Body ─ soap:Fault ─ faultcode soap:Client|soap:Server, faultstring, detail ─ osci:Code
 * @module
 */
import { StructureError } from '../errors.js'
import { writeFault } from '../mime/write.js'
import { element, elementsOf, isElement, placeOf, textOf, type XmlElement } from '../xml/tree.js'
import { writeXml } from '../xml/write.js'
import { OSCI, PREFIX, SOAP } from './names.js'
import type { Fault, SoapEnvelope } from './types.js'

const SIDES = ['Client', 'Server', 'MustUnderstand', 'VersionMismatch'] as const

/** Children are read unqualified (SOAP 1.1, the library) and qualified (trap T3). */
const named = (fault: XmlElement, local: string): XmlElement | undefined =>
  elementsOf(fault).find((e) => e.local === local && (e.uri === '' || e.uri === SOAP))

/** @throws {StructureError} 9100 when it is no fault of SOAP 1.1. */
export function readFault(envelope: SoapEnvelope): Fault {
  const [fault, more] = elementsOf(envelope.body)
  if (!fault || more || !isElement(fault, SOAP, 'Fault'))
    throw new StructureError('soap', 'osci-structure.fault', 'the body holds no single fault', placeOf(envelope.body))
  const code = named(fault, 'faultcode')
  const side = SIDES.find((s) => s === (code ? textOf(code) : '').trim().split(':').at(-1)?.split('.')[0])
  if (!side) throw new StructureError('soap', 'osci-structure.fault', 'the fault names no side', placeOf(code ?? fault))
  const string = named(fault, 'faultstring')
  const detail = named(fault, 'detail')
  const osci = detail ? elementsOf(detail).find((e) => isElement(e, OSCI, 'Code')) : undefined
  const osciCode = osci ? textOf(osci).trim() : undefined
  return { type: 'fault', side, text: string ? textOf(string) : '', ...(osciCode === undefined ? {} : { osciCode }) }
}

/** The bytes of a fault: boundary `MIME_boundary`, leading empty line (wire facts 3, 61). */
export function sealFault(fault: Fault): Uint8Array {
  const plain = (local: string, children: readonly (XmlElement | string)[]) => element('', '', local, { children })
  const root = element(SOAP, 'soap', 'Envelope', {
    namespaces: [
      { prefix: PREFIX[OSCI] ?? 'osci', uri: OSCI },
      { prefix: 'soap', uri: SOAP },
    ],
    children: [
      element(SOAP, 'soap', 'Body', {
        children: [
          element(SOAP, 'soap', 'Fault', {
            children: [
              plain('faultcode', [`soap:${fault.side}`]),
              plain('faultstring', [fault.text]),
              ...(fault.osciCode === undefined ? [] : [plain('detail', [element(OSCI, 'osci', 'Code', { children: [fault.osciCode] })])]),
            ],
          }),
        ],
      }),
    ],
  })
  return writeFault(writeXml(root, { declaration: true }))
}
