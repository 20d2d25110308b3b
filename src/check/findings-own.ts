// SPDX-License-Identifier: EUPL-1.2
/**
 * Findings that the check itself makes: trust, policy, what nobody recognises, and a layer that failed.
 * @module
 */
import { LAYERS, type FindingRow, type Severity } from './types.js'

const row = (id: string, severity: Severity, reference: string, de: string, en: string, feedback?: string): FindingRow => ({
  id,
  severity,
  reference,
  ...(feedback === undefined ? {} : { feedback }),
  de,
  en,
})

const CERTIFICATES = [
  row(
    'certificates.no-trust',
    'info',
    'product.md, Decisions',
    'Keine Vertrauensanker angegeben (--trust): Zertifikate sind ungeprüft.',
    'No trust anchors given (--trust): certificates are unchecked.',
  ),
  row(
    'certificates.unchecked',
    'info',
    'RFC 5280 §6',
    'Das Zertifikat ließ sich nicht vollständig prüfen.',
    'The certificate could not be checked completely.',
  ),
  row(
    'certificates.unknown-issuer',
    'error',
    'RFC 5280 §6',
    'Kein Weg vom Zertifikat zu einem Vertrauensanker.',
    'There is no path from the certificate to a trust anchor.',
    '9601',
  ),
  row('certificates.revoked', 'error', 'RFC 5280 §6.3', 'Das Zertifikat ist gesperrt.', 'The certificate has been revoked.', '9701'),
  row(
    'certificates.wrong-usage',
    'error',
    'RFC 5280 §4.2.1.3',
    'Das Zertifikat ist für diesen Zweck nicht bestimmt.',
    'The certificate is not meant for this use.',
    '9601',
  ),
  row(
    'certificates.bad-signature',
    'error',
    'RFC 5280 §6.1.3',
    'Die Ausstellersignatur des Zertifikats ist falsch.',
    "The issuer's signature on the certificate is wrong.",
    '9700',
  ),
  row(
    'certificates.weak-signature',
    'error',
    'RFC 5280 §6.1.3; TR-02102-1',
    'Ein Aussteller auf dem Weg zum Vertrauensanker hat mit einem gebrochenen Hashverfahren signiert (SHA-1, MD5): die Signatur stimmt und beweist nichts.',
    'An issuer on the path to the trust anchor has signed with a broken digest (SHA-1, MD5): the signature is right and proves nothing.',
    '9700',
  ),
  row('certificates.expired', 'warning', 'RFC 5280 §4.1.2.5', 'Das Zertifikat ist abgelaufen.', 'The certificate has expired.'),
  row(
    'certificates.not-yet-valid',
    'warning',
    'RFC 5280 §4.1.2.5',
    'Das Zertifikat ist noch nicht gültig.',
    'The certificate is not yet valid.',
  ),
]

const POLICY = [
  row(
    'policy.forbidden-algorithm',
    'error',
    'threat model §7',
    'Ein verbotenes Verfahren wird verwendet.',
    'A forbidden algorithm is used.',
  ),
  row('policy.legacy-algorithm', 'warning', 'threat model §7', 'Ein Altverfahren wird verwendet.', 'A legacy algorithm is used.'),
  row(
    'policy.gcm-iv16',
    'warning',
    'threat model §7',
    'AES-GCM mit 16 Byte Initialisierungsvektor (alte Form).',
    'AES-GCM with a 16 byte initialisation vector (old form).',
  ),
  row(
    'policy.forbidden-key',
    'error',
    'threat model §7',
    'Ein Schlüssel ist zu klein oder von unzulässiger Art.',
    'A key is too small or of a kind that is not allowed.',
  ),
  row(
    'policy.small-key',
    'warning',
    'threat model §7',
    'Ein RSA-Schlüssel ist kleiner als 3000 Bit.',
    'An RSA key has fewer than 3000 bits.',
  ),
  row(
    'policy.once-allowed',
    'info',
    'threat model §7, dates',
    'Ein Verfahren, das zum gewählten Zeitpunkt zulässig war und es heute nicht mehr ist.',
    'An algorithm that was in order at the chosen moment and no longer is today.',
  ),
  row(
    'policy.not-yet-in-profile',
    'warning',
    'threat model §7, dates',
    'Ein Verfahren, das zum gewählten Zeitpunkt noch nicht zum Profil von OSCI 1.2 gehörte.',
    'An algorithm that did not yet belong to the profile of OSCI 1.2 at the chosen moment.',
  ),
  row(
    'policy.discouraged-algorithm',
    'info',
    'TR-02102-1; threat model §7, dates',
    'Ein Verfahren, das noch zulässig ist, von dem aber abgeraten wird (RSA nach PKCS#1 v1.5; besser RSA-PSS).',
    'An algorithm that is still in order, and advised against (RSA by PKCS#1 v1.5; better RSA-PSS).',
  ),
  row(
    'policy.certificate-signature',
    'warning',
    'TR-02102-1',
    'Der Aussteller hat ein Zertifikat mit einem gebrochenen Hashverfahren signiert.',
    'The issuer has signed a certificate with a broken digest.',
  ),
]

const SECOND_OPINION = (['message-signature', 'author-signature'] as const).flatMap((layer) => [
  row(
    `${layer}.second-opinion`,
    'info',
    'threat model §5',
    'Ein zweiter, unabhängiger Prüfer kommt zum selben Urteil über die Signatur.',
    'A second, independent verifier comes to the same verdict on the signature.',
  ),
  row(
    `${layer}.no-second-opinion`,
    'info',
    'threat model §5',
    'Der zweite Prüfer urteilt über diese Signatur nicht.',
    'The second verifier has no verdict on this signature.',
  ),
  row(
    `${layer}.second-opinion-differs`,
    'warning',
    'threat model §5',
    'Der zweite Prüfer kommt zu einem anderen Urteil über die Signatur: einer von beiden irrt.',
    'The second verifier comes to another verdict on the signature: one of the two is wrong.',
  ),
])

const OTHER = [
  row(
    'mime.unrecognised',
    'info',
    'product.md, Checking',
    'Weder OSCI-Nachricht noch XÖV-Dokument noch Umschlag. Aus anderem (Trace, HAR, pcap, Archiv, Brief mit Anlagen) zuerst den Rumpf der Nachricht unverändert in eine eigene Datei speichern.',
    'Neither OSCI message nor XÖV document nor envelope. Of anything else (trace, HAR, pcap, archive, letter with attachments) first save the body of the message, unchanged, as a file of its own.',
  ),
  row(
    'mime.line-ends',
    'info',
    'RFC 2046 §4.1.1',
    'Alle Zeilen enden mit LF statt CR LF: wahrscheinlich hat ein Werkzeug sie beim Speichern oder Kopieren geändert, und was hier falsch ist, kommt daher. Die Nachricht noch einmal binär speichern.',
    'All lines end with LF, not CR LF: probably a tool has changed them in saving or copying, and what is wrong here comes from that. Save the message once more, as binary.',
  ),
  row(
    'message-signature.changed-by-recorder',
    'info',
    'RFC 2046 §4.1.1',
    'Mit anderen Zeilenenden oder anders kodiert hätte der Teil den verlangten Prüfwert: wahrscheinlich hat ihn ein Werkzeug beim Aufnehmen oder Speichern geändert. Die Nachricht noch einmal binär speichern.',
    'With other line ends or encoded otherwise the part would have the digest that is demanded: probably a tool has changed it in recording or saving. Save the message once more, as binary.',
  ),
  row(
    'mime.sealed-envelope',
    'info',
    'docs/envelope.md',
    'Versiegelter Umschlag: gelesen ist nur der offene Kopf.',
    'Sealed envelope: only the open header was read.',
  ),
  row(
    'mime.broken-envelope',
    'error',
    'docs/envelope.md',
    'Der Umschlag ist nicht aufgebaut wie vorgeschrieben.',
    'The envelope is not built as required.',
  ),
  row(
    'mime.content-length',
    'warning',
    'RFC 9112 §6.2',
    'Der HTTP-Mitschnitt ist länger oder kürzer, als sein Content-Length oder sein letztes Stück (chunk) sagt.',
    'The HTTP capture is longer or shorter than its Content-Length or its last chunk says.',
  ),
  row(
    'mime.unread-rest',
    'warning',
    'RFC 9112 §6.3, RFC 4155',
    'Hinter dem Rumpf geht der HTTP-Mitschnitt oder das Postfach (mbox) weiter, vielleicht mit einer weiteren Nachricht; diese Bytes blieben ungeprüft.',
    'Behind the body the HTTP capture or the mailbox (mbox) goes on, perhaps with a further message; these bytes were not checked.',
  ),
  row(
    'mime.coding-undone',
    'warning',
    'RFC 9110 §8.4, RFC 9112 §7.1',
    'Der Kopf des HTTP-Mitschnitts nennt Stücke (chunks) oder eine Komprimierung, die der Rumpf nicht hat: das Werkzeug, das ihn aufnahm, hat sie wohl aufgelöst. Geprüft ist der Rumpf, wie er dasteht.',
    'The head of the HTTP capture names chunks or a compression that the body does not have: the tool that recorded it has probably undone them. The body was checked as it stands.',
  ),
  row(
    'mime.quoted-printable',
    'error',
    'RFC 2045 §6.7',
    'Der Rumpf der E-Mail ist als quoted-printable nicht lesbar.',
    'The body of the mail cannot be read as quoted-printable.',
  ),
  row(
    'mime.chunks',
    'error',
    'RFC 9112 §6.3, §7.1',
    'Die Stücke (chunks) des HTTP-Mitschnitts sind nicht lesbar, oder neben ihnen steht ein Content-Length.',
    'The chunks of the HTTP capture cannot be read, or a Content-Length stands beside them.',
  ),
  row(
    'mime.content-coding',
    'info',
    'RFC 9110 §8.4',
    'Der Mitschnitt ist komprimiert oder sonst umkodiert und bleibt ungeprüft.',
    'The capture is compressed or coded in another way, and stays unchecked.',
  ),
  row('mime.unreadable-file', 'warning', 'product.md, Checking', 'Die Datei ließ sich nicht lesen.', 'The file could not be read.'),
]

const NAMES: Readonly<Record<string, readonly [de: string, en: string]>> = {
  mime: ['MIME', 'MIME'],
  xml: ['XML', 'XML'],
  'osci-structure': ['OSCI-Struktur', 'OSCI structure'],
  'control-block': ['ControlBlock', 'ControlBlock'],
  'transport-encryption': ['Transportverschlüsselung', 'transport encryption'],
  'message-signature': ['Auftragssignatur', 'message signature'],
  certificates: ['Zertifikate', 'certificates'],
  'content-encryption': ['Inhaltsverschlüsselung', 'content encryption'],
  'author-signature': ['Autorensignatur', 'author signature'],
  'xoev-schema': ['XÖV-Schema', 'XÖV schema'],
  'xoev-head': ['XÖV-Nachrichtenkopf', 'XÖV head'],
  'code-lists': ['Codelisten', 'code lists'],
  rules: ['Regeln', 'rules'],
  policy: ['Vorgaben', 'policy'],
}

/** The layer's name for people. */
export const layerName = (layer: string): { readonly de: string; readonly en: string } => ({
  de: NAMES[layer]?.[0] ?? layer,
  en: NAMES[layer]?.[1] ?? layer,
})

// `warning`: what is broken is the check, not the message; the layer's verdict is `error`, the file is never `valid`
const FAILED = LAYERS.map((layer) =>
  row(
    `${layer}.check-failed`,
    'warning',
    'product.md, Checking',
    `Die Prüfung „${layerName(layer).de}“ ist selbst gescheitert.`,
    `The check of ${layerName(layer).en} itself failed.`,
  ),
)

export const FINDINGS_OWN: readonly FindingRow[] = [...CERTIFICATES, ...POLICY, ...SECOND_OPINION, ...OTHER, ...FAILED]
