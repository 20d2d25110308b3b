// SPDX-License-Identifier: EUPL-1.2
/**
 * Small envelopes of our own for each of the 26 schemas, full enough to touch every part, and the forms of wire facts §15 made out of
 * them: what the official set of state 10 says of each, and what ours says. Nothing here was captured.
 * @module
 */
import { MESSAGE_TYPES, type MessageName } from '../../src/osci/messages.js'
import type { WireFormId } from '../../src/osci/wire-forms.js'

const NAMESPACES =
  'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:osci="http://www.osci.de/2002/04/osci" xmlns:osci2017="http://xoev.de/transport/osci12/7" ' +
  'xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
const NEXT = 'soap:actor="http://schemas.xmlsoap.org/soap/actor/next" soap:mustUnderstand="1"'
const NONE = 'soap:actor="http://www.w3.org/2001/12/soap-envelope/actor/none" soap:mustUnderstand="1"'
const AT = '2026-11-24T08:00:00Z'

const certificate = (role: string): string =>
  `<osci:${role} Id="c_${role}"><ds:X509Data><ds:X509Certificate>TUlJ</ds:X509Certificate></ds:X509Data></osci:${role}>`
const stamp = (name: string): string => `<osci:${name}><osci:Plain>${AT}</osci:Plain></osci:${name}>`
const FEEDBACK =
  '<osci:Feedback><osci:Entry xml:lang="de"><osci:Code>0801</osci:Code><osci:Text>Auftrag ausgeführt</osci:Text></osci:Entry></osci:Feedback>'
const ID = '<osci:MessageId>bXNnLTE=</osci:MessageId>'
const SUBJECT = '<osci:Subject>Anmeldung</osci:Subject>'
const RECEIVER = '<osci:ContentReceiver URI="https://empfaenger.example/osci"/>'
const INSPECTION =
  `<osci:Inspection>${stamp('Timestamp')}<osci:X509SubjectName>CN=a</osci:X509SubjectName><osci:X509IssuerName>CN=b</osci:X509IssuerName>` +
  '<osci:X509SerialNumber>17</osci:X509SerialNumber><osci:CertType Type="advanced"/><osci:MathResult Result="ok"/><osci:OfflineResult Result="valid"/>' +
  '<osci:OnlineResult Result="ok"><osci:OCSP>AAAA</osci:OCSP></osci:OnlineResult></osci:Inspection>'
const bundle = (name: string, ...stamps: readonly string[]): string =>
  `<osci:${name}>${ID}<osci:ProcessCard RecentModification="${AT}">${stamps.map(stamp).join('')}${SUBJECT}</osci:ProcessCard>` +
  `<osci:InspectionReport>${INSPECTION}</osci:InspectionReport></osci:${name}>`
const SIGNATURE =
  '<ds:Signature><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>' +
  '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#body"><ds:Transforms>' +
  '<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/></ds:Transforms>' +
  '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference></ds:SignedInfo>' +
  '<ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo><ds:RetrievalMethod URI="#signer"/></ds:KeyInfo></ds:Signature>'
const encryptedKey = (keyInfo: string): string =>
  '<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#rsa-oaep">' +
  '<xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"/>' +
  '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/></xenc:EncryptionMethod>' +
  `<ds:KeyInfo>${keyInfo}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>`
const KEY = encryptedKey('<ds:RetrievalMethod Type="http://www.w3.org/2000/09/xmldsig#X509Data" URI="#reader"/>')
const encryptedData = (attributes: string, keys: string, data: string): string =>
  `<xenc:EncryptedData ${attributes}><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm">` +
  '<osci128:IvLength xmlns:osci128="http://xoev.de/transport/osci12/8" Value="12"/></xenc:EncryptionMethod>' +
  `<ds:KeyInfo>${keys}</ds:KeyInfo><xenc:CipherData>${data}</xenc:CipherData></xenc:EncryptedData>`
const CONTENT =
  `<osci:ContentPackage>${encryptedData('Id="e0" MimeType="text/xml"', KEY, '<xenc:CipherValue>AAAA</xenc:CipherValue>')}` +
  `<osci:ContentContainer Id="cc0">${SIGNATURE}<osci:Content><osci:Base64Content Id="ct0">SGFsbG8=</osci:Base64Content></osci:Content>` +
  '<osci:Content Id="ct1" href="cid:a"/></osci:ContentContainer></osci:ContentPackage>'
const FEATURES =
  '<osci2017:FeatureDescription Id="fd"><osci2017:SupportedFeatures><osci2017:Feature Key="GCMPaddingModus" Version="1.7.0"/></osci2017:SupportedFeatures></osci2017:FeatureDescription>'
const chunk = (attributes: string): string => `<osci2017:ChunkInformation ${attributes}/>`
const RULE = `<osci:SelectionRule>${ID}</osci:SelectionRule>`

/** What is inside the order element of each message. */
const ORDERS: Readonly<Record<MessageName, string>> = {
  getMessageId: '',
  responseToGetMessageId: FEEDBACK + ID,
  initDialog: '',
  responseToInitDialog: FEEDBACK,
  exitDialog: '',
  responseToExitDialog: FEEDBACK,
  storeDelivery: ID + SUBJECT,
  responseToStoreDelivery: FEEDBACK + bundle('ProcessCardBundle', 'Creation'),
  fetchDelivery: RULE,
  responseToFetchDelivery: `${FEEDBACK}<osci:fetchDelivery>${RULE}</osci:fetchDelivery>${bundle('ProcessCardBundle', 'Creation', 'Forwarding')}`,
  fetchProcessCard: `<osci:SelectionRule>${ID}${ID}</osci:SelectionRule><osci:Quantity Limit="5"/>`,
  responseToFetchProcessCard: `${FEEDBACK}<osci:fetchProcessCard>${RULE}</osci:fetchProcessCard>${bundle('ProcessCardBundle', 'Creation')}`,
  forwardDelivery: RECEIVER + ID + SUBJECT,
  responseToForwardDelivery: FEEDBACK + bundle('ProcessCardBundle', 'Creation', 'Forwarding', 'Reception'),
  acceptDelivery: bundle('ProcessCardBundle', 'Creation', 'Forwarding'),
  responseToAcceptDelivery: FEEDBACK,
  mediateDelivery: RECEIVER + ID + SUBJECT,
  responseToMediateDelivery:
    FEEDBACK +
    bundle('RequestProcessCardBundle', 'Creation', 'Forwarding', 'Reception') +
    bundle('ReplyProcessCardBundle', 'Creation', 'Forwarding'),
  processDelivery: `<osci:MessageIdResponse>bXNnLTI=</osci:MessageIdResponse>${bundle('ProcessCardBundle', 'Creation', 'Forwarding')}`,
  responseToProcessDelivery: FEEDBACK + ID + SUBJECT,
  partialStoreDelivery: ID + SUBJECT + chunk('ChunkNumber="1" ChunkSize="64" TotalChunkNumbers="2" TotalMessageSize="100"'),
  responseToPartialStoreDelivery:
    FEEDBACK.replaceAll(/osci:Feedback/g, 'osci2017:InsideFeedback') +
    FEEDBACK +
    bundle('ProcessCardBundle', 'Creation') +
    chunk('ChunkNumber="1" ReceivedChunks="1 2" TotalChunkNumbers="2"'),
  partialFetchDelivery: RULE + chunk('ChunkNumber="1" ChunkSize="64" ReceivedChunks="-1"'),
  responseToPartialFetchDelivery: `${FEEDBACK}<osci:fetchDelivery>${RULE}</osci:fetchDelivery>${chunk('ChunkNumber="1" TotalChunkNumbers="2" TotalMessageSize="100"')}${ID}`,
}

const envelope = (schemaFile: string, inner: string): string =>
  `<soap:Envelope ${NAMESPACES} xsi:schemaLocation="http://schemas.xmlsoap.org/soap/envelope/ ${schemaFile} ` +
  `http://www.w3.org/2000/09/xmldsig# oscisig.xsd http://www.w3.org/2001/04/xmlenc# oscienc.xsd">${inner}</soap:Envelope>`

function message(name: MessageName): string {
  const type = MESSAGE_TYPES.find((t) => t.name === name)
  if (!type) throw new Error(name)
  const [response, challenge, conversation, sequence] = [...type.control].map((mark) => mark !== '-')
  const control =
    `<osci:ControlBlock${conversation ? ' ConversationId="4711"' : ''} Id="cb"${sequence ? ' SequenceNumber="3"' : ''} ${NEXT}>` +
    `${response ? '<osci:Response>r</osci:Response>' : ''}${challenge ? '<osci:Challenge>c</osci:Challenge>' : ''}</osci:ControlBlock>`
  const wishes = ['creation', 'reception'].slice(0, type.timestamps === undefined ? 0 : type.timestamps === '1' ? 1 : 2)
  const prefix = type.uri.includes('xoev') ? 'osci2017' : 'osci'
  const order = (attributes: string): string => `<${prefix}:${name}${attributes}>${ORDERS[name]}</${prefix}:${name}>`
  const asker = [
    ...(name === 'getMessageId' || name === 'initDialog' ? ['CipherCertificateOriginator'] : []),
    'SignatureCertificateOriginator',
  ]
  const roles: Readonly<Record<string, readonly string[]>> = {
    store: ['CipherCertificateOriginator', 'CipherCertificateAddressee', 'CipherCertificateOtherReader', 'SignatureCertificateOriginator'],
    delivery: [
      'CipherCertificateAddressee',
      'SignatureCertificateOriginator',
      'SignatureCertificateOtherAuthor',
      'SignatureCertificateAddressee',
    ],
    addresseeSigner: ['SignatureCertificateAddressee'],
  }
  return envelope(
    type.schemaFile,
    `<soap:Header>${control}<osci:${type.signatureElement} Id="sig" ${NEXT}>${SIGNATURE}</osci:${type.signatureElement}>` +
      (type.kind === 'request' ? `<osci:DesiredLanguages Id="dl" LanguagesList="de en" ${NEXT}/>` : '') +
      wishes.map((w) => `<osci:QualityOfTimestamp Id="q_${w}" Quality="plain" Service="${w}" ${NEXT}/>`).join('') +
      (type.at === 'header' ? order(` Id="o" ${NEXT}`) : '') +
      (type.intermediary === '?'
        ? `<osci:IntermediaryCertificates Id="ic" ${NONE}>${certificate('SignatureCertificateIntermediary')}</osci:IntermediaryCertificates>`
        : '') +
      (type.nonIntermediary === undefined
        ? ''
        : `<osci:NonIntermediaryCertificates Id="nc" ${NONE}>${(roles[type.certificates ?? ''] ?? asker).map(certificate).join('')}</osci:NonIntermediaryCertificates>`) +
      `${FEATURES}</soap:Header><soap:Body Id="body">${type.at === 'body' ? order('') : type.content === undefined ? '' : CONTENT}</soap:Body>`,
  )
}

const ENCRYPTED = envelope(
  'soapMessageEncrypted.xsd',
  `<soap:Body>${encryptedData(
    'MimeType="Multipart/Related"',
    encryptedKey('<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>'),
    '<xenc:CipherReference URI="cid:osci_enc"><xenc:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/></xenc:Transforms></xenc:CipherReference>',
  )}</soap:Body>`,
)
const FAULT = `<soap:Envelope ${NAMESPACES}><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>falsch</faultstring><detail><osci:Code>9100</osci:Code></detail></soap:Fault></soap:Body></soap:Envelope>`

/** One valid envelope per schema, by the name that `schemaInput` takes. */
export const SAMPLES: ReadonlyMap<string, string> = new Map([
  ...MESSAGE_TYPES.map((type): [string, string] => [type.name, message(type.name)]),
  ['messageEncrypted', ENCRYPTED],
  ['messageFault', FAULT],
])

/** A sample changed in one place. */
export interface Form {
  readonly name: string
  readonly what: string
  readonly xml: string
  readonly ours: boolean
  readonly state10: boolean
  readonly warning?: WireFormId
}

function form(
  name: string,
  what: string,
  change: readonly (readonly [string | RegExp, string])[],
  ours: boolean,
  state10: boolean,
  warning?: WireFormId,
): Form {
  let xml = SAMPLES.get(name) ?? ''
  for (const [from, to] of change) {
    const changed = xml.replace(from, to)
    if (changed === xml) throw new Error(`${name}: ${what}: nothing to change`)
    xml = changed
  }
  return { name, what, xml, ours, state10, ...(warning === undefined ? {} : { warning }) }
}
const both = (name: string, what: string, ...change: (readonly [string | RegExp, string])[]): Form => form(name, what, change, true, true)
const neither = (name: string, what: string, ...change: (readonly [string | RegExp, string])[]): Form =>
  form(name, what, change, false, false)
const more = (name: string, what: string, warning: WireFormId, ...change: (readonly [string | RegExp, string])[]): Form =>
  form(name, what, change, true, false, warning)

const NO_FEATURES = [/<osci2017:FeatureDescription.*<\/osci2017:FeatureDescription>/, ''] as const
const limit = (attribute: string) => ['FeatureDescription Id="fd"', `FeatureDescription Id="fd" ${attribute}`] as const
const inRule = (to: string) => [RULE, `<osci:SelectionRule>${to}</osci:SelectionRule>`] as const

/** Wire facts §15, line by line, and traps T15, T17, T25. */
export const FORMS: readonly Form[] = [
  more('acceptDelivery', 'OSCP instead of OCSP', 'osci-structure.state8-oscp', [/OCSP/g, 'OSCP']),
  neither('acceptDelivery', 'OCSP and OSCP', ['<osci:OCSP>', '<osci:OSCP>AAAA</osci:OSCP><osci:OCSP>']),
  both('acceptDelivery', 'OnlineResult with its attribute alone', [/<osci:OCSP>AAAA<\/osci:OCSP>/, '']),
  more('responseToPartialStoreDelivery', 'procard instead of ProcessCardBundle', 'osci-structure.state8-procard', [
    /osci:ProcessCardBundle/g,
    'osci:procard',
  ]),
  both('responseToPartialStoreDelivery', 'no TotalChunkNumbers', [' TotalChunkNumbers="2"', '']),
  both('storeDelivery', 'ChunkMessageTimeout 0', limit('ChunkMessageTimeout="0"')),
  more('storeDelivery', 'ChunkMessageTimeOut 60', 'osci-structure.state8-chunk-message-timeout', limit('ChunkMessageTimeOut="60"')),
  neither('storeDelivery', 'ChunkMessageTimeOut 0', limit('ChunkMessageTimeOut="0"')),
  neither('storeDelivery', 'MaxChunkSize 0', limit('MaxChunkSize="0"')),
  neither('storeDelivery', 'MinChunkSize 0', limit('MinChunkSize="0"')),
  both('storeDelivery', 'MaxMessageSize 0', limit('MaxMessageSize="0"')),
  both('storeDelivery', 'no FeatureDescription', NO_FEATURES),
  both('responseToPartialFetchDelivery', 'no FeatureDescription', NO_FEATURES),
  more('partialStoreDelivery', 'no FeatureDescription', 'osci-structure.missing-feature-description', NO_FEATURES),
  more('responseToPartialStoreDelivery', 'no FeatureDescription', 'osci-structure.missing-feature-description', NO_FEATURES),
  more('partialFetchDelivery', 'no FeatureDescription', 'osci-structure.missing-feature-description', NO_FEATURES),
  more('storeDelivery', 'two readers', 'osci-structure.several-encrypted-keys', [KEY, KEY + KEY]),
  both('responseToFetchDelivery', 'Reception in the card', [/(<osci:Forwarding>.*?<\/osci:Forwarding>)/, `$1${stamp('Reception')}`]),
  neither('acceptDelivery', 'Reception in the card', [/(<osci:Forwarding>.*?<\/osci:Forwarding>)/, `$1${stamp('Reception')}`]),
  both('responseToFetchProcessCard', 'empty echo', [RULE, '']),
  both('responseToFetchProcessCard', 'echo with several ids and Quantity', [
    RULE,
    `<osci:SelectionRule>${ID}${ID}</osci:SelectionRule><osci:Quantity Limit="1"/>`,
  ]),
  both(
    'responseToFetchProcessCard',
    'echo of a date rule',
    inRule(`<osci:RecentModification NoReception="true" Role="Addressee">${AT}</osci:RecentModification>`),
  ),
  neither('responseToFetchProcessCard', 'echo of an empty rule', inRule('')),
  both('responseToFetchDelivery', 'empty echo', [RULE, '']),
  both('responseToPartialFetchDelivery', 'empty echo', [RULE, '']),
  both('fetchDelivery', 'RecentModification', inRule(`<osci:RecentModification>${AT}</osci:RecentModification>`)),
  both('fetchDelivery', 'empty rule', inRule('')),
  both('partialFetchDelivery', 'empty rule', inRule('')),
  neither(
    'fetchDelivery',
    'RecentModification with Role',
    inRule(`<osci:RecentModification Role="Addressee">${AT}</osci:RecentModification>`),
  ),
  neither('fetchDelivery', 'two ids', inRule(ID + ID)),
  neither('fetchProcessCard', 'empty rule', [ID + ID, '']),
  both(
    'responseToPartialFetchDelivery',
    'no totals, no MessageId',
    [' TotalChunkNumbers="2" TotalMessageSize="100"', ''],
    [`/>${ID}`, '/>'],
  ),
  both('storeDelivery', 'container nested in Content', [
    '<osci:Content Id="ct1" href="cid:a"/>',
    '<osci:Content Id="ct1"><osci:ContentContainer Id="cc1"/></osci:Content>',
  ]),
  neither('storeDelivery', 'foreign XML in Content', [
    '<osci:Content Id="ct1" href="cid:a"/>',
    '<osci:Content Id="ct1"><x xmlns="urn:x"/></osci:Content>',
  ]),
  both('storeDelivery', 'ecdsa-sha384', ['#rsa-sha256', '#ecdsa-sha384']),
  neither('storeDelivery', 'SHA-384 digest', [
    'DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"',
    'DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#sha384"',
  ]),
  neither('storeDelivery', 'SHA-1 digest', [
    'DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"',
    'DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"',
  ]),
  more('forwardDelivery', 'certificate of another author last (T15)', 'osci-structure.certificate-order', [
    certificate('SignatureCertificateOtherAuthor') + certificate('SignatureCertificateAddressee'),
    certificate('SignatureCertificateAddressee') + certificate('SignatureCertificateOtherAuthor'),
  ]),
  more('storeDelivery', 'MgmtData (T17)', 'osci-structure.key-as-management-data', [KEY, '<ds:MgmtData>AAAA</ds:MgmtData>']),
  more('responseToInitDialog', 'two languages (T25)', 'osci-structure.several-languages', ['xml:lang="de"', 'xml:lang="de en"']),
  both('processDelivery', 'neither MessageIdResponse nor card', [/<osci:MessageIdResponse>.*<\/osci:ProcessCardBundle>/, '']),
  both('mediateDelivery', 'no MessageId, no wishes', [ID + SUBJECT, ''], [/<osci:QualityOfTimestamp.*reception" [^>]*>/, '']),
  neither('mediateDelivery', 'Subject without MessageId', [ID, '']),
  neither('initDialog', 'no certificates', [/<osci:NonIntermediaryCertificates.*<\/osci:NonIntermediaryCertificates>/, '']),
  neither('storeDelivery', 'one wish', [/<osci:QualityOfTimestamp[^>]*>/, '']),
  neither('storeDelivery', 'not Base64', ['SGFsbG8=', 'SGFs-bG8=']),
  neither('storeDelivery', 'actor of the certificates', ['actor/none', 'actor/next']),
  neither('storeDelivery', 'actor of the order', ['soap/actor/next', 'soap/actor/other']),
  neither('messageEncrypted', 'a Header', ['<soap:Body>', '<soap:Header/><soap:Body>']),
  neither('messageFault', 'qualified children', [/faultcode>/g, 'soap:faultcode>']),
]
