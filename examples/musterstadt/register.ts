// SPDX-License-Identifier: EUPL-1.2
/**
 * Demo: what the register offices of Musterstadt and its neighbour do with a request. It decides first (notice), then answers (result); what it cannot
 * process it rejects with 0010 and a reason code. `protektor start` runs this, too.
 * @module
 */
import type { Answer, Received } from '../../src/client/index.js'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { ContentError, StructureError } from '../../src/errors.js'
import type { XoevHead } from '../../src/xoev/header.js'
import { readXprotektorRequest, referenceTo, rejectionOf, writeXprotektor } from '../../src/xoev/xprotektor.js'
import { XPROTEKTOR_NAMESPACE } from '../../src/xoev/standards.js'
import type { XParty, XprotektorMessage, XprotektorRequest } from '../../src/xoev/xprotektor-types.js'
import { parseXml } from '../../src/xml/gate.js'
import { demoPdf } from './pdf.js'
import { findResident, NEIGHBOURS, registerData, RESIDENTS, type Resident } from './residents.js'

export const REGISTER = { kennung: 'ags:99001000', name: 'Meldebehörde Musterstadt (Demo)' } as const
const PRODUCT = { produkt: 'Fachverfahren Musterstadt (Demo)', produkthersteller: 'Projekt Protektor' } as const

/** In whose name the register speaks, and whom it knows. */
export interface Office {
  readonly party: { readonly kennung: string; readonly name: string }
  readonly residents: readonly Resident[]
}

/** The same software serves two towns. */
export const OFFICES = {
  musterstadt: { party: REGISTER, residents: RESIDENTS },
  nachbarstadt: { party: { kennung: 'ags:99002000', name: 'Meldebehörde Nachbarstadt (Demo)' }, residents: NEIGHBOURS },
} as const satisfies Record<string, Office>

/** Clock and chance of the register; its office, Musterstadt unless said otherwise. */
export interface RegisterEnv {
  now(): Date
  uuid(): string
  readonly office?: Office
}

const officeOf = ({ office = OFFICES.musterstadt }: RegisterEnv): Office => office

/** What is to be said to the asker, in this order. */
export interface Decision {
  readonly notice: Answer
  /** Absent when the notice is a rejection. */
  readonly result?: Answer
}

/** Takes a request out of the client's hands, and answers it. */
export async function serve(request: Received, env: RegisterEnv): Promise<Decision> {
  const decision = decide(request.document, env, request.content.xoev?.author)
  await request.notice(decision.notice)
  if (decision.result !== undefined) await request.result(decision.result)
  return decision
}

/**
 * @param document XÖV document as received; undefined when there was none.
 * @param author kennung of the asker when the document cannot be read.
 */
export function decide(document: Uint8Array | undefined, env: RegisterEnv, author?: string): Decision {
  let request: XprotektorRequest
  try {
    request = readRequest(document)
  } catch (error) {
    if (error instanceof ContentError) return rejection(error.rueckweisung, env, undefined, author)
    if (error instanceof StructureError) return rejection('X000', env, undefined, author)
    throw error
  }
  if (request['nachrichtenkopf.g2g'].leser.kennung !== officeOf(env).party.kennung) return rejection('T080', env, request)
  return request.messageType === 'meldebescheinigung.anfrage.1000' ? certificate(request, env) : disclosure(request, env)
}

function readRequest(document: Uint8Array | undefined): XprotektorRequest {
  if (document === undefined) throw new ContentError('X000', 'xoev-schema.empty', 'There is no document.')
  const xml = parseXml(document, { limits: GATEWAY_LIMITS, frame: 'content' })
  if (xml.root.uri !== XPROTEKTOR_NAMESPACE) throw new ContentError('V000', 'xoev-schema.unknown', 'This standard is not served here.')
  const request = readXprotektorRequest(xml)
  assertComplete(request)
  return request
}

/** The reader trusts the schema. Who sends directly, past the gateway, may not have asked it. */
function assertComplete(request: XprotektorRequest): void {
  const head: Partial<XprotektorRequest['nachrichtenkopf.g2g']> = { ...request['nachrichtenkopf.g2g'] }
  const person: Partial<XprotektorRequest['identifikation']> = { ...request.identifikation }
  const id: Partial<XprotektorRequest['nachrichtenkopf.g2g']['identifikation.nachricht']> = { ...head['identifikation.nachricht'] }
  const own = request.messageType === 'selbstauskunft.anfrage.1100' ? [] : [request.datenumfang, request.zustellvariante]
  const needed: unknown[] = [
    id.nachrichtenUUID,
    id.nachrichtentyp,
    id.erstellungszeitpunkt,
    head.leser?.kennung,
    head.autor?.kennung,
    head.autor?.verzeichnisdienst,
    person.familienname,
    person.vornamen,
    person.geburtsdatum,
    person.anschrift?.gemeindeschluessel,
    ...own,
  ]
  if (needed.includes(undefined)) throw new ContentError('X001', 'xoev-schema.invalid', 'The document does not fit the schema.')
}

function certificate(request: XprotektorRequest & { messageType: 'meldebescheinigung.anfrage.1000' }, env: RegisterEnv): Decision {
  const resident = findResident(request.identifikation, officeOf(env).residents)
  const frame = { messageType: 'meldebescheinigung.antwort.1001', ...answerFrame(request, '1001', env) } as const
  const ursprungsnachricht = referenceTo(request)
  const refusal = resident === undefined ? '01' : resident.nichterteilung
  if (resident === undefined || refusal !== undefined) {
    return accepted(writeXprotektor({ ...frame, grundDerNichterteilung: { code: refusal ?? '01' }, ursprungsnachricht }))
  }
  const codes = new Set('erweitert' in request.datenumfang ? request.datenumfang.erweitert.map(({ code }) => code) : [])
  const meldedaten = registerData(resident, codes)
  const variants = {
    '01': { ergebnisstatus: { code: '02' } },
    '02': { ergebnisstatus: { code: '01' }, bescheinigung: { meldedaten } },
    '03': { ergebnisstatus: { code: '01' }, bescheinigung: { dokument: demoPdf('Meldebescheinigung') } },
  } as const
  const variant = request.zustellvariante.code
  if (variant !== '01' && variant !== '02' && variant !== '03') return rejection('S011', env, request)
  return accepted(writeXprotektor({ ...frame, auskunft: variants[variant], ursprungsnachricht }))
}

function disclosure(request: XprotektorRequest & { messageType: 'selbstauskunft.anfrage.1100' }, env: RegisterEnv): Decision {
  const resident = findResident(request.identifikation, officeOf(env).residents)
  const ursprungsnachricht = referenceTo(request)
  const status = { messageType: 'selbstauskunft.status.1101', ...answerFrame(request, '1101', env) } as const
  const refusal = resident === undefined ? '01' : resident.nichterteilung
  if (resident === undefined || refusal !== undefined) {
    return accepted(writeXprotektor({ ...status, grundDerNichterteilung: { code: refusal ?? '01' }, ursprungsnachricht }))
  }
  const everything = new Set(['geburtsname', 'geburtsort', 'einzugsdatum'])
  const answer = writeXprotektor({
    messageType: 'selbstauskunft.auskunft.1102',
    ...answerFrame(request, '1102', env),
    identifikation: request.identifikation,
    meldedaten: registerData(resident, everything),
    ursprungsnachricht,
  })
  const notice = writeXprotektor({ ...status, ergebnisstatus: { code: '03' }, ursprungsnachricht })
  return { notice: { status: 'accepted', document: notice }, result: { status: 'done', document: answer } }
}

function accepted(document: Uint8Array): Decision {
  return { notice: { status: 'accepted' }, result: { status: 'done', document } }
}

function rejection(code: string, env: RegisterEnv, request?: XprotektorMessage, author?: string): Decision {
  const message = rejectionOf({
    reasons: [{ code }],
    ...(request === undefined ? {} : { request: headOf(request) }),
    ...(author === undefined ? {} : { reader: { kennung: author } }),
    author: officeOf(env).party,
    nachrichtenUUID: env.uuid(),
    erstellungszeitpunkt: env.now().toISOString(),
    product: PRODUCT,
    test: 'Demo',
  })
  return { notice: { status: 'rejected', reasons: [{ code }], ...(message === undefined ? {} : { document: writeXprotektor(message) }) } }
}

function headOf(request: XprotektorMessage): XoevHead {
  const { 'identifikation.nachricht': id, autor, leser } = request['nachrichtenkopf.g2g']
  return {
    profile: 'xprotektor',
    namespace: XPROTEKTOR_NAMESPACE,
    messageType: request.messageType,
    nachrichtenUUID: id.nachrichtenUUID,
    nachrichtentyp: id.nachrichtentyp.code,
    erstellungszeitpunkt: id.erstellungszeitpunkt,
    autor: { kennung: autor.kennung, name: autor.name },
    leser: { kennung: leser.kennung, name: leser.name },
  }
}

function answerFrame(request: XprotektorRequest, code: string, env: RegisterEnv) {
  const head = request['nachrichtenkopf.g2g']
  const party = ({ verzeichnisdienst, kennung, name }: XParty): XParty => ({
    verzeichnisdienst: { code: verzeichnisdienst.code },
    kennung,
    name,
  })
  return {
    ...PRODUCT,
    test: request.test ?? 'Demo',
    'nachrichtenkopf.g2g': {
      'identifikation.nachricht': { nachrichtenUUID: env.uuid(), nachrichtentyp: { code }, erstellungszeitpunkt: env.now().toISOString() },
      leser: party(head.autor),
      autor: { verzeichnisdienst: { code: 'DVDV' }, ...officeOf(env).party },
    },
  }
}
