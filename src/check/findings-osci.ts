// SPDX-License-Identifier: EUPL-1.2
/**
 * Findings of the OSCI layers: frame, order, control block, signatures, encryption. Data only; one row per id that src/osci (or the XML
 * room on its behalf) can raise. Codes are those of the 65 feedback codes.
 * @module
 */
import type { FindingRow, Severity } from './types.js'

type Words = readonly [rule: string, reference: string, de: string, en: string, severity?: Severity]

const rows = (layer: string, feedback: string | undefined, words: readonly Words[]): FindingRow[] =>
  words.map(([rule, reference, de, en, severity = 'error']) => ({
    id: `${layer}.${rule}`,
    severity,
    reference,
    ...(feedback === undefined || severity !== 'error' ? {} : { feedback }),
    de,
    en,
  }))

const FRAME = rows('osci-structure', '9100', [
  ['frame', 'OSCI12 soapXxx.xsd', 'Der Umschlag ist kein zulässiger OSCI-Umschlag.', 'The envelope is no acceptable OSCI envelope.'],
  ['unknown-message', 'OSCI12 §2', 'Der Umschlag enthält keine bekannte OSCI-Nachricht.', 'The envelope holds no known OSCI message.'],
  ['two-orders', 'threat model X9', 'Der Umschlag enthält zwei Aufträge.', 'The envelope holds two orders.'],
  ['block-without-id', 'OSCI12 soapXxx.xsd', 'Ein Kopfblock oder der Body hat keine Id.', 'A header block or the Body has no Id.'],
  ['repeated-block', 'threat model G1', 'Ein Kopfblock kommt zweimal vor.', 'A header block occurs twice.'],
  ['id-lookalike', 'threat model G2', 'Ein Attribut sieht wie Id aus, ist aber keine.', 'An attribute looks like Id but is none.'],
  ['id-syntax', 'XML10 NCName', 'Eine Id ist kein gültiger Name.', 'An Id is no valid name.'],
  ['duplicate-id', 'threat model G2', 'Zwei Elemente haben dieselbe Id.', 'Two elements have the same Id.'],
  ['loose-text', 'OSCI12 order.xsd', 'Zwischen Elementen steht Text.', 'There is text between elements.'],
  ['schema-location', 'wire facts 8, §12', 'xsi:schemaLocation fehlt oder weicht ab.', 'xsi:schemaLocation is missing or differs.'],
  [
    'signature-block',
    'OSCI12 soapXxx.xsd',
    'Der Signaturblock ist nicht der dieser Nachricht, oder es gibt zwei.',
    'The signature block is not the one of this message, or there are two.',
  ],
  ['too-costly', 'threat model H6', 'Die Prüfung der Nachricht dauert zu lange.', 'It takes too long to check the message.'],
  ['fault', 'SOAP 1.1 §4.4', 'Die Fehlermeldung (SOAP Fault) ist nicht lesbar.', 'The SOAP fault cannot be read.'],
  [
    'fault-with-header',
    'osci-1.2 §2.13',
    'Die Fehlermeldung (SOAP Fault) hat Kopfblöcke. Sie steht für sich: nichts an ihr ist signiert.',
    'The SOAP fault has header blocks. It stands alone: nothing of it is signed.',
  ],
  [
    'attachment-missing',
    'OSCI12 order.xsd Content',
    'Ein Inhalt nennt einen Anhang, der fehlt.',
    'A Content names an attachment that is not there.',
  ],
  ['container-without-id', 'OSCI12 order.xsd ContentContainer', 'Ein ContentContainer hat keine Id.', 'A ContentContainer has no Id.'],
  ['content', 'OSCI12 order.xsd Content', 'Ein Content ist nicht aufgebaut wie vorgeschrieben.', 'A Content is not built as required.'],
  [
    'content-package',
    'OSCI12 order.xsd ContentPackage',
    'Im ContentPackage steht etwas Unerlaubtes.',
    'The ContentPackage holds something forbidden.',
  ],
  [
    'container',
    'OSCI12 order.xsd ContentContainer',
    'Ein ContentContainer ist nicht aufgebaut wie vorgeschrieben.',
    'A ContentContainer is not built as required.',
  ],
  ['key-in-clear', 'threat model E6', 'Schlüssel von Anhängen stehen im Klartext.', 'Keys of attachments stand in clear.'],
  ['nesting', 'threat model X5', 'Container sind zu tief verschachtelt.', 'Containers are nested too deeply.'],
  [
    'reader-unknown',
    'wire fact 43',
    'Ein EncryptedKey nennt kein Zertifikat dieser Nachricht.',
    'An EncryptedKey names no certificate of this message.',
  ],
  [
    'unnamed-attachment',
    'OSCI12 order.xsd Content',
    'Ein Teil der Nachricht wird von keinem Inhalt genannt.',
    'A part of the message is named by no content.',
  ],
])

const ORDER = rows('osci-structure', '9300', [
  [
    'must-understand',
    'SOAP 1.1 §4.2.3',
    'Ein unbekannter Kopfblock muss verstanden werden.',
    'An unknown header block must be understood.',
  ],
  [
    'missing-block',
    'OSCI12 soapXxx.xsd',
    'Ein Kopfblock fehlt oder steht an falscher Stelle.',
    'A header block is missing or in the wrong place.',
  ],
  [
    'unexpected-block',
    'OSCI12 soapXxx.xsd',
    'Ein Kopfblock gehört nicht in diese Nachricht.',
    'A header block does not belong into this message.',
  ],
  ['unexpected-element', 'OSCI12 order.xsd', 'Ein Element gehört nicht an diese Stelle.', 'An element does not belong here.'],
  ['missing-element', 'OSCI12 order.xsd', 'Ein Element fehlt.', 'An element is missing.'],
  ['missing-attribute', 'OSCI12 order.xsd', 'Ein Attribut fehlt.', 'An attribute is missing.'],
  ['combination', 'OSCI12 order.xsd', 'Angaben passen nicht zusammen.', 'Fields do not go together.'],
  ['bad-value', 'OSCI12 order.xsd', 'Ein Wert hat nicht die vorgeschriebene Form.', 'A value does not have the required form.'],
  ['bad-base64', 'RFC 4648 §4', 'Ein Wert ist kein Base64.', 'A value is not Base64.'],
  [
    'certificate-header',
    'OSCI12 order.xsd',
    'Ein Zertifikatselement ist nicht aufgebaut wie vorgeschrieben.',
    'A certificate element is not built as required.',
  ],
  [
    'certificate-role',
    'osci-1.2 §2',
    'Ein Zertifikat dieser Rolle ist in dieser Nachricht nicht erlaubt.',
    'A certificate of this role is not allowed in this message.',
  ],
  ['certificate-missing', 'osci-1.2 §2', 'Ein Zertifikat dieser Nachricht fehlt.', 'A certificate of this message is missing.'],
  ['languages', 'OSCI12 order.xsd DesiredLanguages', 'DesiredLanguages ist nicht lesbar.', 'DesiredLanguages cannot be read.'],
  [
    'process-card',
    'OSCI12 order.xsd ProcessCard',
    'Der Laufzettel passt nicht zu dieser Nachricht.',
    'The process card does not fit this message.',
  ],
  ['selection-rule', 'OSCI12 order.xsd SelectionRule', 'Die Auswahlregel ist nicht zulässig.', 'The selection rule is not acceptable.'],
  ['timestamp', 'OSCI12 order.xsd', 'Ein Zeitstempel ist nicht lesbar.', 'A time stamp cannot be read.'],
  ['two-spellings', 'wire facts §15', 'Ein Feld steht in zwei Schreibweisen zugleich.', 'A field stands in two spellings at once.'],
  ['no-order', 'OSCI12 §2', 'Das ist kein OSCI-Auftrag.', 'This is no OSCI order.'],
  ['unexpected-message', 'OSCI12 §2', 'Diese Nachricht wird hier nicht bedient.', 'This message is not served here.'],
  [
    'nested-encryption',
    'threat model E7',
    'In der verschlüsselten Nachricht steckt keine einfache OSCI-Nachricht.',
    'The encrypted message holds no plain OSCI message.',
  ],
  ['schema', 'OSCI12 schema state 10', 'Die Nachricht verletzt das OSCI-Schema.', 'The message breaks the OSCI schema.'],
])

const WARNINGS = rows('osci-structure', undefined, [
  [
    'state8-oscp',
    'wire facts §15',
    'Schreibweise „OSCP“ des alten Schemastands 8.',
    'Spelling `OSCP` of the old schema state 8.',
    'warning',
  ],
  [
    'state8-procard',
    'wire facts §15',
    'Element „procard“ des alten Schemastands 8.',
    'Element `procard` of the old schema state 8.',
    'warning',
  ],
  [
    'state8-chunk-message-timeout',
    'wire facts §15',
    'Attribut „ChunkMessageTimeOut“ des alten Schemastands 8.',
    'Attribute `ChunkMessageTimeOut` of the old schema state 8.',
    'warning',
  ],
  [
    'several-encrypted-keys',
    'wire facts §15',
    'Mehrere EncryptedKey in einem KeyInfo: im Feld üblich, im Schema (Stand 10) nicht vorgesehen.',
    'Several EncryptedKey in one KeyInfo: usual in the field, not foreseen by the schema (state 10).',
    'warning',
  ],
  [
    'missing-feature-description',
    'wire facts §15, T46',
    'FeatureDescription fehlt in einer Paketnachricht (Stand 10).',
    'FeatureDescription is missing in a chunk message (state 10).',
    'warning',
  ],
  [
    'certificate-order',
    'wire facts §15, T15',
    'Die Zertifikate stehen in der Reihenfolge der Bibliothek, nicht in der des Schemas.',
    "The certificates stand in the library's order, not in the schema's.",
    'warning',
  ],
  [
    'key-as-management-data',
    'wire facts §15, T17',
    'Der Schlüssel eines Anhangs steht in ds:MgmtData.',
    'The key of an attachment stands in ds:MgmtData.',
    'warning',
  ],
  [
    'fault-schema-location',
    'osci-1.2 §2.13, T2; wire fact 61',
    'Die Fehlermeldung hat ein xsi:schemaLocation; die verbreitete Bibliothek erkennt sie nur ohne.',
    'The fault has an xsi:schemaLocation; the common library knows it as one only without.',
    'warning',
  ],
  ['several-languages', 'wire facts §15, T25', 'xml:lang nennt mehrere Sprachen.', 'xml:lang names several languages.', 'warning'],
])

/** Raised in the MIME stage before the package is read. */
const SIZE: readonly FindingRow[] = [
  {
    id: 'mime.message-too-large',
    severity: 'error',
    reference: 'product.md, limits',
    feedback: '9100',
    de: 'Die Nachricht ist größer als die Grenze.',
    en: 'The message is larger than the limit.',
  },
]

const FIELDS = [
  ['response', 'Response'],
  ['challenge', 'Challenge'],
  ['conversation-id', 'ConversationId'],
  ['sequence-number', 'SequenceNumber'],
] as const
const CONTROL = rows('control-block', '9400', [
  ['wrong-conversation-id', 'osci-1.2 §3.7; P2', 'Der Auftrag gehört zu einem anderen Dialog.', 'The request belongs to another dialog.'],
  ['wrong-response', 'osci-1.2 §3.7; P2', 'Response ist nicht die letzte Challenge.', 'Response is not the last Challenge.'],
  ['wrong-sequence-number', 'osci-1.2 §3.7; P2', 'SequenceNumber ist nicht die nächste.', 'SequenceNumber is not the next one.'],
  ...FIELDS.flatMap(([rule, name]): Words[] => [
    [`missing-${rule}`, 'osci-1.2 §3.1', `${name} fehlt im ControlBlock.`, `ControlBlock lacks ${name}.`],
    [
      `forbidden-${rule}`,
      'osci-1.2 §3.1',
      `${name} ist im ControlBlock dieser Nachricht nicht erlaubt.`,
      `${name} is not allowed in the ControlBlock of this message.`,
    ],
  ]),
])

const TRANSPORT = [
  ...rows('transport-encryption', '9100', [
    [
      'cipher-reference',
      'threat model E7',
      'CipherReference nennt nicht den einen verschlüsselten Teil.',
      'CipherReference does not name the one encrypted part.',
    ],
    ['one-key', 'threat model E7', 'Es muss genau einen EncryptedKey geben.', 'There must be exactly one EncryptedKey.'],
  ]),
  ...rows('transport-encryption', '9200', [
    [
      'not-our-key',
      'osci-1.2 §8',
      'Die Nachricht ist für einen fremden Schlüssel verschlüsselt.',
      "The message is encrypted for somebody else's key.",
    ],
    [
      'no-key',
      'product.md, Checking',
      'Kein Schlüssel zur Hand, der diese Nachricht öffnet.',
      'No key at hand opens this message.',
      'info',
    ],
  ]),
]

const SIGNED: readonly Words[] = [
  [
    'signer-unusable',
    'osci-1.2 §5.4',
    'Das Zertifikat des Unterzeichners ist nicht brauchbar.',
    "The signer's certificate cannot be used.",
  ],
  ['key-usage', 'osci-1.2 §5.4', 'Das Zertifikat ist nicht für Signaturen bestimmt.', 'The certificate is not meant for signatures.'],
  ['value-mismatch', 'XMLDSIG §3.2.2', 'Der Signaturwert ist falsch.', 'The signature value is wrong.'],
  [
    'digest-mismatch',
    'XMLDSIG §3.2.1',
    'Ein signierter Teil wurde verändert, oder sein Prüfwert anders gebildet.',
    'A signed part was changed, or digested in another way.',
  ],
  ['transform', 'threat model G11', 'Eine Transformation der Signatur ist nicht erlaubt.', 'A transform of the signature is not allowed.'],
]
const COVERAGE: readonly Words[] = [
  ['not-covered', 'threat model G3', 'Ein Teil ist von der Signatur nicht erfasst.', 'A part is not covered by the signature.'],
  [
    'stray-reference',
    'threat model G3',
    'Die Signatur nennt etwas, das nicht dazugehört.',
    'The signature refers to something that is no part.',
  ],
]

const SIGNATURES = [
  ...rows('message-signature', '9601', [
    ...SIGNED,
    [
      'signer-role',
      'threat model G9',
      'Die Signatur nennt nicht das Zertifikat der vorgesehenen Rolle.',
      'The signature does not name the certificate of the role in charge.',
    ],
  ]),
  ...rows('message-signature', '9602', COVERAGE),
  ...rows('author-signature', undefined, [
    ...SIGNED,
    ...COVERAGE,
    [
      'signer-unknown',
      'osci-1.2 §6.2',
      'Die Autorensignatur nennt kein Signaturzertifikat dieser Nachricht.',
      'The author signature names no signature certificate of this message.',
    ],
    [
      'repeated-reference',
      'threat model G4',
      'Ein Teil des Containers wird zweimal genannt.',
      'A part of the container is referenced twice.',
    ],
    [
      'undeclared-namespaces',
      'osci-1.2 §6.2; [C14N10 §2.3]',
      'Der Hashwert über EncryptedData wurde ohne dessen Namensraum-Deklarationen gebildet, wie von der OSCI-Bibliothek. Andere Prüfer halten die Signatur für falsch.',
      'The digest over EncryptedData was made without its namespace declarations, as the OSCI-Bibliothek does. Other verifiers take the signature for wrong.',
      'warning',
    ],
    [
      'not-verifiable',
      'threat model §5',
      'Die Autorensignatur lässt sich hier nicht vollständig prüfen.',
      'The author signature cannot be verified completely here.',
      'info',
    ],
    [
      'document-invalid',
      '[XMLDSIG §3.2]; threat model §5',
      'Die Signatur im Dokument stimmt nicht mit dem Dokument oder dem Schlüssel überein.',
      'The signature inside the document does not fit the document or the key.',
    ],
    [
      'document-form',
      '[XMLDSIG §6.6.4]; threat model §5',
      'Das Dokument trägt eine Signatur, die hier nicht geprüft wird. Geprüft wird eine einzelne über das ganze Dokument, mit Zertifikat darin.',
      'The document carries a signature that is not verified here. What is verified is a single one over the whole document, with a certificate in it.',
      'info',
    ],
  ]),
]

const CONTENT = rows('content-encryption', undefined, [
  ['no-key', 'product.md, Checking', 'Kein Schlüssel zur Hand, der diesen Inhalt öffnet.', 'No key at hand opens this content.', 'info'],
  [
    'legacy-unsigned',
    'threat model §6',
    'Altverfahren werden nur innerhalb einer gültigen Auftragssignatur geöffnet.',
    'Legacy encryption is opened only inside a verified message signature.',
  ],
  [
    'repeated-iv',
    'osci-1.2 §6.3; SP 800-38D §8',
    'Zwei Anhänge sind mit demselben Schlüssel und demselben Initialisierungsvektor verschlüsselt.',
    'Two attachments are encrypted with the same key and the same initialisation vector.',
  ],
  ['undecryptable', 'threat model §6', 'Der Inhalt ließ sich nicht entschlüsseln.', 'The content could not be decrypted.'],
])

export const FINDINGS_OSCI: readonly FindingRow[] = [
  ...SIZE,
  ...FRAME,
  ...ORDER,
  ...WARNINGS,
  ...CONTROL,
  ...TRANSPORT,
  ...SIGNATURES,
  ...CONTENT,
]
