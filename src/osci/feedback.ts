// SPDX-License-Identifier: EUPL-1.2
/**
 * The 65 feedback codes of OSCI 1.2: one row each. First digit: 0 done, 3 done with warning, 9 not done. 9000–9503 travel as SOAP
 * fault, everything else as Feedback entry of a regular response (docs/feedback.md is generated from here). Not split, however long:
 * it is a list, and a code is looked up in one place.
 * @module
 */
import type { FeedbackCode } from '../errors.js'

export interface FeedbackRow {
  readonly code: FeedbackCode
  /** Set where the code travels as SOAP fault. */
  readonly fault?: 'Client' | 'Server'
  readonly de: string
  readonly en: string
  /** When it is sent, by whoever may send it. */
  readonly when: string
  /** Our roles that send it; nobody: it is read from others all the same. */
  readonly sentBy: readonly SendingRole[]
}

export type SendingRole = 'intermediary' | 'passiveRecipient'

const BOTH = ['intermediary', 'passiveRecipient'] as const
const INTERMEDIARY = ['intermediary'] as const
const NOBODY = [] as const

export const FEEDBACK: readonly FeedbackRow[] = [
  {
    code: '0800',
    de: 'Auftrag erledigt; der Dialog ist damit geschlossen.',
    en: 'Request carried out; the dialog is now closed.',
    when: 'Positive completion of a request in an implicit dialog, and of exitDialog. Also used by a passive recipient to confirm acceptDelivery/processDelivery, and as inner result of a chunked delivery (the inner message is its own implicit dialog).',
    sentBy: BOTH,
  },
  {
    code: '0801',
    de: 'Auftrag erledigt; der Dialog bleibt offen.',
    en: 'Request carried out; the dialog stays open.',
    when: 'Positive completion of a request inside an explicit dialog (including initDialog).',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3500',
    de: 'Das Verschlüsselungszertifikat des Clients liegt außerhalb seines Gültigkeitszeitraums.',
    en: "The client's encryption certificate is outside its validity period.",
    when: 'Phase 5. Request still executed; response is still encrypted with that certificate.',
    sentBy: BOTH,
  },
  {
    code: '3501',
    de: 'Das Verschlüsselungszertifikat des Clients ließ sich nicht vollständig prüfen.',
    en: "Checking the client's encryption certificate gave no final result.",
    when: 'Phase 5. E.g. issuer unknown or revocation source unreachable. Request still executed.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3700',
    de: 'Das Signaturzertifikat des Clients liegt außerhalb seines Gültigkeitszeitraums.',
    en: "The client's signature certificate is outside its validity period.",
    when: 'Phase 7, certificate that made the message signature.',
    sentBy: BOTH,
  },
  {
    code: '3701',
    de: 'Das Signaturzertifikat eines Autors liegt außerhalb seines Gültigkeitszeitraums.',
    en: "An author's signature certificate is outside its validity period.",
    when: 'Phase 7, SignatureCertificateOtherAuthor (and Originator when acting as author).',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3702',
    de: 'Die Ausstellersignatur im Signaturzertifikat eines Autors ist falsch.',
    en: "The issuer's signature on an author's signature certificate is wrong.",
    when: 'Phase 7. Only a warning: the recipient decides; inspection shows MathResult=corrupted.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3703',
    de: 'Das Signaturzertifikat eines Autors wurde gesperrt.',
    en: "An author's signature certificate has been revoked.",
    when: 'Phase 7. Only a warning; inspection shows OnlineResult=revoked.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3704',
    de: 'Das Verschlüsselungszertifikat eines Autors liegt außerhalb seines Gültigkeitszeitraums.',
    en: "An author's encryption certificate is outside its validity period.",
    when: 'Phase 7, CipherCertificateOtherAuthor (and Originator).',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3705',
    de: 'Das Verschlüsselungszertifikat des Empfängers liegt außerhalb seines Gültigkeitszeitraums.',
    en: "The recipient's encryption certificate is outside its validity period.",
    when: 'Phase 7, CipherCertificateAddressee.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3706',
    de: 'Das Verschlüsselungszertifikat eines Lesers liegt außerhalb seines Gültigkeitszeitraums.',
    en: "A reader's encryption certificate is outside its validity period.",
    when: 'Phase 7, CipherCertificateOtherReader.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3707',
    de: 'Eine Zertifikatsprüfung blieb unvollständig.',
    en: 'A certificate check remained incomplete.',
    when: "Phase 7, any certificate other than the client's encryption certificate; e.g. indeterminate result.",
    sentBy: INTERMEDIARY,
  },
  {
    code: '3708',
    de: 'Das Signaturzertifikat des Empfängers liegt außerhalb seines Gültigkeitszeitraums.',
    en: "The recipient's signature certificate is outside its validity period.",
    when: "Forward/mediate: certificate that signed the passive recipient's response.",
    sentBy: INTERMEDIARY,
  },
  {
    code: '3800',
    de: 'Für diesen Client liegen noch weitere Zustellungen bereit.',
    en: 'More deliveries are waiting for this client.',
    when: 'fetchDelivery / partialFetchDelivery: at least one further delivery matches the mailbox and selection.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3801',
    de: 'Zur Auswahl dieses Auftrags gibt es noch weitere Laufzettel.',
    en: 'More process cards match the selection of this request.',
    when: 'fetchProcessCard: the result was cut (Quantity/Limit or server limit).',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3802',
    de: 'Die Antwort des passiven Empfängers trägt keine Signatur.',
    en: "The passive recipient's response carries no signature.",
    when: 'Forward/mediate: responseToAcceptDelivery / responseToProcessDelivery was unsigned although one was expected.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3803',
    de: 'Der Empfänger hat seine Antwort unverschlüsselt geschickt.',
    en: 'The recipient sent its response without encryption.',
    when: 'Forward/mediate: recipient answered an encrypted request in clear.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3950',
    de: 'Zur Verarbeitung der Gesamtnachricht gibt es innere Rückmeldungen (mit Warnungen).',
    en: 'There is inner feedback (with warnings) on processing the whole message.',
    when: 'responseToPartialStoreDelivery of the chunk that completed the message: see InsideFeedback.',
    sentBy: NOBODY,
  },
  {
    code: '3951',
    de: 'Die Verarbeitung der Gesamtnachricht dauert länger als die zugesagte Wartezeit.',
    en: 'Processing the whole message takes longer than the promised waiting time.',
    when: 'ChunkMessageTimeOut expired; provisional answer without inner result. Client polls with InfoOnly.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '3952',
    de: 'Die Gesamtnachricht wird noch verarbeitet.',
    en: 'The whole message is still being processed.',
    when: 'Answer to an InfoOnly poll while the assembled message is in work.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9000',
    fault: 'Server',
    de: 'Beim Supplier ist eine unerwartete Störung aufgetreten.',
    en: "Something unexpected went wrong on the supplier's side.",
    when: 'SOAP fault, faultcode Server. Any internal error before the request could be processed far enough to build a regular response.',
    sentBy: BOTH,
  },
  {
    code: '9100',
    fault: 'Client',
    de: 'Die empfangene Nachricht ist keine zulässige OSCI-Nachricht.',
    en: 'The received message is not an acceptable OSCI message.',
    when: 'Phase 1: bad MIME package, not well-formed, unknown message type, wrong structure of the outer message, DTD present, duplicate Ids.',
    sentBy: BOTH,
  },
  {
    code: '9200',
    fault: 'Client',
    de: 'Der Supplier besitzt nicht den privaten Schlüssel zum verwendeten Verschlüsselungszertifikat.',
    en: 'The supplier does not own the private key for the encryption certificate used.',
    when: 'Phase 2: X509Certificate in the EncryptedKey of the outer message is none of ours.',
    sentBy: BOTH,
  },
  {
    code: '9201',
    fault: 'Client',
    de: 'Das für die Nachricht verwendete Verschlüsselungszertifikat des Suppliers ist gesperrt.',
    en: "The supplier's encryption certificate used for the message has been revoked.",
    when: 'Phase 2: the client used an old/revoked intermediary certificate.',
    sentBy: NOBODY,
  },
  {
    code: '9202',
    fault: 'Client',
    de: 'Die Auftragsdaten ließen sich nicht entschlüsseln.',
    en: 'Decrypting the request failed.',
    when: 'Phase 2: key unwrap, padding, GCM tag or algorithm problem. Must not reveal which one.',
    sentBy: BOTH,
  },
  {
    code: '9300',
    fault: 'Client',
    de: 'Die entschlüsselten Auftragsdaten bilden keinen gültigen Auftrag.',
    en: 'The decrypted request data are not a valid request.',
    when: 'Phase 3: schema/profile violation of the inner message, or a response where a request is expected.',
    sentBy: BOTH,
  },
  {
    code: '9400',
    fault: 'Client',
    de: 'ConversationId, SequenceNumber oder Response stimmen nicht.',
    en: 'ConversationId, SequenceNumber or Response is not right.',
    when: 'Phase 4: unknown/expired dialog, wrong sequence number, wrong or missing answer to the challenge.',
    sentBy: BOTH,
  },
  {
    code: '9500',
    fault: 'Client',
    de: 'In den Auftragsdaten fehlt das Verschlüsselungszertifikat des Clients.',
    en: "The request data lack the client's encryption certificate.",
    when: 'Phase 5: encrypted request without CipherCertificateOriginator where none is known from the dialog, so no encrypted answer is possible.',
    sentBy: BOTH,
  },
  {
    code: '9501',
    fault: 'Client',
    de: 'Die Ausstellersignatur im Verschlüsselungszertifikat des Clients ist falsch.',
    en: "The issuer's signature on the client's encryption certificate is wrong.",
    when: 'Phase 5.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9502',
    fault: 'Client',
    de: 'Das Verschlüsselungszertifikat des Clients ist gesperrt.',
    en: "The client's encryption certificate has been revoked.",
    when: 'Phase 5.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9503',
    fault: 'Server',
    de: 'Interner Fehler beim Finden oder Prüfen des Verschlüsselungszertifikats des Clients.',
    en: "Internal error while finding or checking the client's encryption certificate.",
    when: 'Phase 5, SOAP fault with faultcode Server.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9600',
    de: 'Der Auftrag ist nicht signiert, der Supplier verlangt hier aber eine Signatur.',
    en: 'The request is not signed but this supplier requires a signature here.',
    when: 'Phase 6, policy per request type.',
    sentBy: BOTH,
  },
  {
    code: '9601',
    de: 'Die Signatur des Auftrags ist falsch.',
    en: 'The signature of the request is wrong.',
    when: 'Phase 6: digest mismatch, signature value mismatch, unknown signer certificate, wrong key usage.',
    sentBy: BOTH,
  },
  {
    code: '9602',
    de: 'Nicht alle verlangten Teile des Auftrags sind signiert.',
    en: 'Not all required parts of the request are signed.',
    when: 'Phase 6: a header block, the body or an attachment is not referenced (or referenced twice).',
    sentBy: BOTH,
  },
  {
    code: '9603',
    de: 'Interner Fehler beim Prüfen der Signatur.',
    en: 'Internal error while checking the signature.',
    when: 'Phase 6.',
    sentBy: BOTH,
  },
  {
    code: '9700',
    de: 'Die Ausstellersignatur im Signaturzertifikat des Clients ist falsch.',
    en: "The issuer's signature on the client's signature certificate is wrong.",
    when: 'Phase 7.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9701',
    de: 'Das Signaturzertifikat des Clients ist gesperrt.',
    en: "The client's signature certificate has been revoked.",
    when: 'Phase 7.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9704',
    de: 'Die Ausstellersignatur im Verschlüsselungszertifikat eines Autors ist falsch.',
    en: "The issuer's signature on an author's encryption certificate is wrong.",
    when: 'Phase 7.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9705',
    de: 'Das Verschlüsselungszertifikat eines Autors ist gesperrt.',
    en: "An author's encryption certificate has been revoked.",
    when: 'Phase 7.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9706',
    de: 'Die Ausstellersignatur im Verschlüsselungszertifikat des Empfängers ist falsch.',
    en: "The issuer's signature on the recipient's encryption certificate is wrong.",
    when: 'Phase 7.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9707',
    de: 'Das Verschlüsselungszertifikat des Empfängers ist gesperrt.',
    en: "The recipient's encryption certificate has been revoked.",
    when: 'Phase 7.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9708',
    de: 'Die Ausstellersignatur im Verschlüsselungszertifikat eines Lesers ist falsch.',
    en: "The issuer's signature on a reader's encryption certificate is wrong.",
    when: 'Phase 7.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9709',
    de: 'Das Verschlüsselungszertifikat eines Lesers ist gesperrt.',
    en: "A reader's encryption certificate has been revoked.",
    when: 'Phase 7.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9710',
    de: 'Interner Fehler bei der Zertifikatsprüfung.',
    en: 'Internal error during certificate checking.',
    when: 'Phase 7.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9711',
    de: 'Die Ausstellersignatur im Signaturzertifikat des Empfängers ist falsch.',
    en: "The issuer's signature on the recipient's signature certificate is wrong.",
    when: "Forward/mediate, check of the recipient's response.",
    sentBy: INTERMEDIARY,
  },
  {
    code: '9712',
    de: 'Das Signaturzertifikat des Empfängers ist gesperrt.',
    en: "The recipient's signature certificate has been revoked.",
    when: "Forward/mediate, check of the recipient's response.",
    sentBy: INTERMEDIARY,
  },
  {
    code: '9800',
    de: 'Eine Zustellung ohne MessageId wird nicht angenommen.',
    en: 'A delivery without a MessageId is not accepted.',
    when: 'Phase 8: supplier insists on logging (mediateDelivery without MessageId, or a response from the recipient without one).',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9801',
    de: 'Unzulässige MessageId: nicht von diesem Supplier vergeben oder bereits verbraucht.',
    en: 'Inadmissible MessageId: not issued by this supplier or already used.',
    when: 'Phase 8: store/forward/mediate/partialStore and responseToProcessDelivery.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9802',
    de: 'Der Auftrag verlangt einen expliziten Dialog, kam aber ohne.',
    en: 'The request needs an explicit dialog but came without one.',
    when: 'Phase 8 (or while reading the control block): fetch*, mediate, exit and partialFetch without ConversationId.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9803',
    de: 'Keine Zustellung erfüllt die Auswahl dieses Auftrags.',
    en: 'No delivery meets the selection of this request.',
    when: 'fetchDelivery / partialFetchDelivery.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9804',
    de: 'Kein Laufzettel erfüllt die Auswahl dieses Auftrags.',
    en: 'No process card meets the selection of this request.',
    when: 'fetchProcessCard.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9805',
    de: 'Die Zustellung wurde vom Empfänger abgelehnt.',
    en: 'The recipient refused the delivery.',
    when: 'Forward/mediate: recipient answered with a 9xxx feedback or a client fault.',
    sentBy: BOTH,
  },
  {
    code: '9806',
    de: 'Der Empfänger hat die Zustellung angenommen, liefert aber keine Zustellung zurück.',
    en: 'The recipient accepted the delivery but returns no delivery of its own.',
    when: 'mediateDelivery only.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9807',
    de: 'Die Signatur des Empfängers unter seiner Antwort ist falsch.',
    en: "The recipient's signature on its response is wrong.",
    when: 'Forward/mediate.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9808',
    de: 'Auf der Empfängerseite ist eine Störung aufgetreten.',
    en: "Something went wrong on the recipient's side.",
    when: 'Forward/mediate: recipient answered with a server fault / internal error.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9809',
    de: 'Interner Fehler des Intermediärs; die Zustellung kam beim Empfänger nicht an.',
    en: 'Internal error at the intermediary; the delivery did not reach the recipient.',
    when: 'Forward/mediate: connection failure etc. before the recipient got the delivery.',
    sentBy: BOTH,
  },
  {
    code: '9810',
    de: 'Interner Fehler des Intermediärs; die Zustellung ist beim Empfänger angekommen.',
    en: 'Internal error at the intermediary; the delivery did reach the recipient.',
    when: "Forward/mediate: failure after the recipient's confirmation.",
    sentBy: BOTH,
  },
  {
    code: '9811',
    de: 'Der Supplier konnte den Auftrag wegen einer internen Störung nicht ausführen.',
    en: 'The supplier could not carry out the request because of an internal failure.',
    when: 'Phase 8, all requests; also by a passive recipient.',
    sentBy: BOTH,
  },
  {
    code: '9900',
    de: 'Dieses Nachrichtenpaket wurde schon eingereicht.',
    en: 'This chunk has been submitted before.',
    when: 'partialStoreDelivery: ChunkNumber already in ReceivedChunks.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9901',
    de: 'Die Paketnummer ist falsch.',
    en: 'The chunk number is wrong.',
    when: 'ChunkNumber < 1 or > TotalChunkNumbers, or unknown on fetch.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9902',
    de: 'Das Paket ist größer als erlaubt.',
    en: 'The chunk is larger than allowed.',
    when: 'ChunkSize > MaxChunkSize.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9903',
    de: 'Das Paket ist kleiner als erlaubt.',
    en: 'The chunk is smaller than allowed.',
    when: 'ChunkSize < MinChunkSize (the last chunk is naturally smaller).',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9904',
    de: 'Die Gesamtnachricht ist größer als erlaubt.',
    en: 'The whole message is larger than allowed.',
    when: 'TotalMessageSize > MaxMessageSize.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9905',
    de: 'Die Paketangaben passen nicht zusammen.',
    en: 'The chunk information is inconsistent.',
    when: 'E.g. TotalChunkNumbers/TotalMessageSize differ between chunks of one MessageId, attributes missing.',
    sentBy: INTERMEDIARY,
  },
  {
    code: '9950',
    de: 'Die Verarbeitung der Gesamtnachricht ergab innere Rückmeldungen mit Fehlern.',
    en: 'Processing the whole message gave inner feedback with errors.',
    when: 'responseToPartialStoreDelivery: InsideFeedback holds at least one 9xxx code; nothing was stored.',
    sentBy: INTERMEDIARY,
  },
]

const BY_CODE: ReadonlyMap<FeedbackCode, FeedbackRow> = new Map(FEEDBACK.map((row) => [row.code, row]))

export type Language = 'de' | 'en'

/** The row of a code; peers may send codes that nobody knows (no row). */
export const feedbackRow = (code: FeedbackCode): FeedbackRow | undefined => BY_CODE.get(code)

/** Any 9xxx entry means: not carried out, wherever it stands (osci-1.2 §8.1). */
export const isRefusal = (codes: readonly FeedbackCode[]): boolean => codes.some((code) => code.startsWith('9'))

/** The first language of the list that we have; German where none is (osci-1.2 §6.7). */
export function languageOf(languages: readonly string[]): Language {
  for (const wanted of languages) {
    const primary = wanted.toLowerCase().split('-')[0]
    if (primary === 'de' || primary === 'en') return primary
  }
  return 'de'
}

export interface FeedbackEntry {
  readonly code: FeedbackCode
  readonly text: string
  readonly lang?: string
}

/**
 * Entries in wire order: warnings and detail first, verdict last; `verdictFirst` for peers that look at the first entry only.
 * @param detail text per code that replaces the table's (never content, never parser internals).
 */
export function feedbackEntries(
  codes: readonly FeedbackCode[],
  language: Language,
  options: { verdictFirst?: boolean; detail?: Readonly<Record<FeedbackCode, string>> } = {},
): FeedbackEntry[] {
  const rank = (code: FeedbackCode): number => (code.startsWith('3') ? 0 : code === '9811' ? 2 : 1)
  const ordered = [...new Set(codes)].sort((a, b) => rank(a) - rank(b))
  if (options.verdictFirst) ordered.reverse()
  return ordered.map((code) => ({
    code,
    text: options.detail?.[code] ?? feedbackRow(code)?.[language] ?? code,
    lang: language,
  }))
}
