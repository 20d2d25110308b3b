// SPDX-License-Identifier: EUPL-1.2
/**
 * Deviations of encryption and signature: every part that is encrypted or signed, changed; keys and algorithms that must not be.
 * Specs: osci-1.2 §7.1–7.4, §9.3; threat model §5–§7; wire facts §6, §9.
 * @module
 */
import type { CertificateRole } from '../../osci/messages.js'
import type { Sealing } from '../../osci/types.js'
import { Unbendable, unsigned, type Hand } from '../bend.js'
import { both, inRequest, type Deviation, type Where } from '../deviation.js'
import { flipPart, flipText, loosen, rewrite } from '../xml-bends.js'
import { HEADER_ORDER } from './packages.js'

const encrypted = ({ encrypted: it }: Where): boolean => it
const signed = ({ signed: it }: Where): boolean => it

const shell = both('transport-encryption', 'message', '9202')
const changed = both('message-signature', 'exchange', '9601')
const changedRequest = inRequest('message-signature', 'exchange', '9601')
const UNDECRYPTABLE = { reference: 'osci-1.2 §7.3', finding: 'transport-encryption.undecryptable', fits: encrypted }
const ALGORITHM = { reference: 'osci-1.2 §7.1', finding: 'transport-encryption.algorithm', fits: encrypted }
const DIGEST = { reference: 'osci-1.2 §7.4', finding: 'message-signature.digest-mismatch' }
const VALUE = { reference: 'osci-1.2 §7.4', finding: 'message-signature.value-mismatch', fits: signed }

const CLIENT_CIPHER: readonly CertificateRole[] = ['CipherCertificateOriginator', 'CipherCertificateIntermediary']

const GCM = /http:\/\/www\.w3\.org\/2009\/xmlenc11#aes(\d+)-gcm/
const CBC = 'http://www.w3.org/2001/04/xmlenc#aes$1-cbc'
const OAEP = 'http://www.w3.org/2009/xmlenc11#rsa-oaep'
const RSA15 = 'http://www.w3.org/2001/04/xmlenc#rsa-1_5'
const SHA1 = 'http://www.w3.org/2000/09/xmldsig#sha1'

const byExpired = (s: Sealing, { expired }: Hand): Sealing => {
  if (!expired) throw new Unbendable('es ist kein abgelaufener Schlüssel da', 'no key whose certificate has run out is at hand')
  return s.sign ? { ...s, sign: { ...s.sign, signer: expired } } : s
}
const inClear = ({ sign }: Sealing): Sealing => (sign ? { sign } : {})

export const ENCRYPTION: readonly Deviation[] = [
  shell('ciphertext', 'Der Geheimtext ist verändert.', 'The ciphertext was changed.', { ...UNDECRYPTABLE, bend: { shell: flipPart(64) } }),
  shell('tag', 'Das Prüfzeichen am Ende des Geheimtexts ist verändert.', 'The tag at the end of the ciphertext was changed.', {
    ...UNDECRYPTABLE, bend: { shell: flipPart(-1) },
  }),
  shell('iv', 'Der Anfangswert vor dem Geheimtext ist verändert.', 'The IV before the ciphertext was changed.', { ...UNDECRYPTABLE, bend: { shell: flipPart(0) } }),
  shell('wrapped-key', 'Der verschlüsselte Schlüssel ist verändert.', 'The encrypted key was changed.', { ...UNDECRYPTABLE, bend: { shell: flipText('CipherValue') } }),
  shell('cipher-downgraded', 'Das Verfahren ist AES-CBC statt AES-GCM.', 'The cipher is AES-CBC instead of AES-GCM.', { ...ALGORITHM, bend: { shell: rewrite(GCM, CBC) } }),
  shell('key-transport-downgraded', 'Der Schlüssel ist nach RSA 1.5 verpackt.', 'The key is wrapped by RSA 1.5.', { ...ALGORITHM, bend: { shell: rewrite(OAEP, RSA15) } }),
  shell('iv-length', 'IvLength nennt eine Länge, die es nicht gibt.', 'IvLength names a length that does not exist.', {
    reference: 'osci-1.2 §7.2', finding: 'transport-encryption.undecryptable', fits: encrypted, bend: { shell: rewrite(/(IvLength[^>]*Value=")\d+/, '$113') },
  }),
  both('transport-encryption', 'message', '9200')('other-recipient', 'Die Nachricht ist für einen anderen verschlüsselt.', 'The message is encrypted for somebody else.', {
    reference: 'osci-1.2 §7.3', finding: 'transport-encryption.not-our-key', fits: encrypted,
    bend: { sealing: (s, { stranger }) => (s.encryptFor ? { ...s, encryptFor: { ...s.encryptFor, certificate: stranger.certificate } } : s) },
  }),
  both('transport-encryption', 'message', '9100', '9300')('two-keys', 'Es gibt zwei verschlüsselte Schlüssel.', 'There are two encrypted keys.', {
    reference: 'osci-1.2 §7.3', finding: 'transport-encryption.grammar', fits: encrypted, bend: { shell: rewrite(/<xenc:EncryptedKey>[\s\S]*<\/xenc:EncryptedKey>/, '$&$&') },
  }),
  both('transport-encryption', 'message', '9100', '9300')('garbage-inside', 'In der Verschlüsselung steckt keine Nachricht.', 'There is no message inside the encryption.', {
    reference: 'osci-1.2 §7.3', finding: 'mime.header-malformed', fits: encrypted, bend: { plain: () => new TextEncoder().encode('Guten Tag') },
  }),
  {
    name: 'unencrypted', layer: 'transport-encryption', scope: 'message', policy: 'encrypted', text: { de: 'Die Nachricht ist nicht verschlüsselt.', en: 'The message is not encrypted.' },
    reference: 'osci-1.2 §1.6', finding: 'transport-encryption.missing', fits: ({ encrypted: it, inDialog }) => it && !inDialog,
    bend: { sealing: inClear }, request: ['9811', 'fault 9100', 'fault 9300'], answer: { finding: 'client.answer-in-clear', onward: '3803' },
  },
  inRequest('certificates', 'exchange', '9500', '9300')('no-cipher-certificate', 'Das Zertifikat fehlt, für das die Antwort zu verschlüsseln wäre.', 'The certificate is missing that the answer is to be encrypted for.', {
    reference: 'osci-1.2 §5.3', finding: 'certificates.no-answer-key', fits: ({ encrypted: it, inDialog }) => it && !inDialog,
    bend: { message: (m) => ({
      ...m,
      ...(m.certificates ? { certificates: m.certificates.filter(({ role }) => !CLIENT_CIPHER.includes(role)) } : {}),
      ...(m.intermediaryCertificates ? { intermediaryCertificates: m.intermediaryCertificates.filter(({ role }) => !CLIENT_CIPHER.includes(role)) } : {}),
    }) },
  }),
] // prettier-ignore

/** White space or another value in one signed part: its digest is another one. */
const tampered: readonly Deviation[] = (
  [
    [changed, 'control-block', 'ControlBlock', loosen('ControlBlock'), () => true],
    [changedRequest, 'languages', 'DesiredLanguages', rewrite(/LanguagesList="[^"]*"/, 'LanguagesList="fr"'), () => true],
    [changedRequest, 'timestamps', 'QualityOfTimestamp', rewrite(/Quality="plain"/, 'Quality="cryptographic"'), ({ type }) => type.timestamps === '2'],
    [changed, 'order', 'order', rewrite(HEADER_ORDER, '$1\n'), ({ type }) => type.at === 'header' && type.name !== 'fetchDelivery'],
    [changedRequest, 'intermediary-certificates', 'IntermediaryCertificates', loosen('IntermediaryCertificates'), ({ type }) => type.intermediary !== undefined],
    [changedRequest, 'certificates', 'NonIntermediaryCertificates', loosen('NonIntermediaryCertificates'), ({ type }) => type.nonIntermediary !== undefined],
    [changed, 'features', 'FeatureDescription', loosen('FeatureDescription'), ({ type }) => type.kind === 'request' || type.intermediary !== '0'],
    [changed, 'body', 'Body', rewrite(/(<soap:Body\b[^>]*>)/, '$1\n'), () => true],
    [changedRequest, 'attachment', 'attachment', flipPart(0), ({ type }) => /^partialStore/.test(type.name)],
  ] as const satisfies readonly (readonly [typeof changed, string, string, NonNullable<Deviation['bend']['signed']>, (where: Where) => boolean])[]
).map(([rows, name, what, bend, fits]) =>
  rows(`tampered-${name}`, `Nach dem Signieren verändert: ${what}.`, `Changed after it was signed: ${what}.`, {
    ...DIGEST, bend: { signed: bend }, fits: (where) => where.signed && fits(where),
  }),
) // prettier-ignore

export const SIGNATURES: readonly Deviation[] = [
  ...tampered,
  changed('signature-value', 'Der Signaturwert ist verändert.', 'The signature value was changed.', { ...VALUE, bend: { signed: flipText('SignatureValue') } }),
  changed('digest', 'Ein Prüfwert in der Signatur ist verändert.', 'A digest in the signature was changed.', { ...VALUE, bend: { signed: flipText('DigestValue') } }),
  changed('reference', 'Die Signatur verweist auf etwas anderes.', 'The signature refers to something else.', { ...VALUE, bend: { signed: rewrite(/Reference URI="#body"/, 'Reference URI="#corpus"') } }),
  changed('signer-reference', 'KeyInfo nennt ein Zertifikat, das es nicht gibt.', 'KeyInfo names a certificate that does not exist.', {
    reference: 'osci-1.2 §5.2', finding: 'message-signature.signer-role', fits: signed, bend: { signed: rewrite(/RetrievalMethod URI="#/, 'RetrievalMethod URI="#x') },
  }),
  changed('signature-downgraded', 'Das Signaturverfahren ist RSA mit SHA-1.', 'The signature method is RSA with SHA-1.', {
    reference: 'osci-1.2 §7.1', finding: 'message-signature.algorithm', fits: signed,
    bend: { signed: rewrite(/(SignatureMethod Algorithm=")[^"]*/, '$1http://www.w3.org/2000/09/xmldsig#rsa-sha1') },
  }),
  changed('digest-downgraded', 'Die Prüfwerte sind mit SHA-1 gebildet.', 'The digests are made by SHA-1.', {
    reference: 'osci-1.2 §7.1', finding: 'message-signature.algorithm', fits: signed,
    bend: { sealing: (s) => (s.sign ? { ...s, sign: { ...s.sign, digestMethod: SHA1 } } : s) },
  }),
  both('message-signature', 'exchange', '9602', '9601')('extra-block', 'Ein Kopfblock ist nicht signiert.', 'A header block is not signed.', {
    reference: 'osci-1.2 §7.4', finding: 'message-signature.not-covered', fits: signed,
    bend: { signed: rewrite('</soap:Header>', '<x:Extra xmlns:x="urn:example:extra" Id="extra"></x:Extra></soap:Header>') },
  }),
  {
    name: 'unsigned', layer: 'message-signature', scope: 'exchange', policy: 'signed', text: { de: 'Die Nachricht ist nicht signiert.', en: 'The message is not signed.' },
    reference: 'osci-1.2 §8.5', finding: 'message-signature.missing', fits: signed, bend: { sealing: unsigned },
    request: ['9600'], answer: { code: '9600', finding: 'client.answer-unsigned', onward: '3802' },
  },
  {
    name: 'signed-by-stranger', layer: 'certificates', scope: 'exchange',
    text: { de: 'Signiert hat jemand, den niemand kennt.', en: 'Somebody signed whom nobody knows.' },
    reference: 'osci-1.2 §9.1', finding: 'message-signature.unknown-signer', fits: ({ signed: it, inDialog }) => it && !inDialog,
    bend: { sealing: (s, { stranger }) => (s.sign ? { ...s, sign: { ...s.sign, signer: stranger } } : s) },
    request: ['9601', '9700'], answer: { code: '9601', finding: 'client.answer-signer', onward: '9807' },
  },
  {
    name: 'expired-certificate', layer: 'certificates', scope: 'exchange',
    text: { de: 'Das Zertifikat der Signatur ist abgelaufen.', en: 'The certificate of the signature has expired.' },
    reference: 'osci-1.2 §9.3', finding: 'certificates.expired', executes: true, fits: ({ signed: it, inDialog }) => it && !inDialog,
    bend: { sealing: byExpired },
    request: ['3700'],
  },
] // prettier-ignore
