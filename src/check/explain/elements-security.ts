// SPDX-License-Identifier: EUPL-1.2
/**
 * What the elements of signatures, keys and encryption are for. Data only.
 * @module
 */
import type { ElementWords } from './types.js'

export const DS_ELEMENTS: readonly ElementWords[] = [
  ['Signature', 'elements', 'XMLDSIG §4.1', 'Eine elektronische Signatur: was signiert ist, der Signaturwert, wessen Schlüssel.', 'A digital signature: what is signed, the signature value, whose key.', 'folded'],
  ['SignedInfo', 'elements', 'XMLDSIG §4.3', 'Was signiert ist: Verfahren und ein Prüfwert je Teil.', 'What is signed: methods, and a digest for each part.'],
  ['CanonicalizationMethod', 'elements', 'XMLDSIG §4.3.1', 'Form, in die SignedInfo vor dem Signieren gebracht wird.', 'Form that SignedInfo is brought into before signing.'],
  ['SignatureMethod', 'elements', 'XMLDSIG §4.3.2', 'Signaturverfahren.', 'Signature method.'],
  ['Reference', 'elements', 'XMLDSIG §4.3.3', 'Ein signierter Teil: Element (#Id) oder MIME-Teil (cid:) mit seinem Prüfwert.', 'One signed part: an element (#Id) or a MIME part (cid:), with its digest.'],
  ['Transforms', 'elements', 'XMLDSIG §4.3.3.4', 'Was mit dem Teil geschieht, bevor sein Prüfwert gebildet wird.', 'What is done to the part before it is digested.'],
  ['Transform', 'elements', 'XMLDSIG §4.3.3.4', 'Ein solcher Schritt, etwa die kanonische Form.', 'One such step, for example the canonical form.'],
  ['XPath', 'opaque', 'XMLDSIG §6.6.3', 'Auswahlausdruck; wird nie ausgeführt.', 'A selecting expression; it is never executed.'],
  ['DigestMethod', 'elements', 'XMLDSIG §4.3.3.5', 'Hashverfahren.', 'Digest method.'],
  ['DigestValue', 'octets', 'XMLDSIG §4.3.3.6', 'Prüfwert des Teils.', 'Digest of the part.'],
  ['SignatureValue', 'octets', 'XMLDSIG §4.2', 'Der Signaturwert über SignedInfo.', 'The signature value over SignedInfo.'],
  ['KeyInfo', 'elements', 'XMLDSIG §4.4', 'Um wessen Schlüssel es geht.', 'Whose key it is about.'],
  ['RetrievalMethod', 'elements', 'XMLDSIG §4.4.3', 'Verweis auf das Zertifikat im Kopf der Nachricht.', 'Points at the certificate in the header of the message.'],
  ['X509Data', 'elements', 'XMLDSIG §4.4.4', 'Hülle um ein Zertifikat.', 'Holds a certificate.'],
  ['X509Certificate', 'certificate', 'XMLDSIG §4.4.4', 'Ein Zertifikat (X.509).', 'A certificate (X.509).'],
  ['MgmtData', 'secret', 'XMLDSIG §4.4.7', 'Der Schlüssel eines verschlüsselten Anhangs; steht nur in verschlüsselten Containern.', 'The key of an encrypted attachment; stands inside encrypted containers only.'],
  ['Object', 'elements', 'XMLDSIG §4.5', 'Zusatz zur Signatur, etwa der Zeitpunkt nach eigener Angabe.', 'Something besides the signature, for example the time as the signer says it.'],
] // prettier-ignore

export const XENC_ELEMENTS: readonly ElementWords[] = [
  ['EncryptedData', 'elements', 'XMLENC11 §3.1', 'Verschlüsselte Daten: Verfahren, Schlüssel je Leser, und die Daten oder wo sie stehen.', 'Encrypted data: method, a key for each reader, and the data or where they are.', 'folded'],
  ['EncryptionMethod', 'elements', 'XMLENC11 §3.2', 'Verschlüsselungsverfahren.', 'Method of encryption.'],
  ['KeySize', 'text', 'XMLENC11 §3.2', 'Schlüssellänge in Bit.', 'Key length in bits.'],
  ['EncryptedKey', 'elements', 'XMLENC11 §3.5.1', 'Der Inhaltsschlüssel, verschlüsselt für einen Leser.', 'The content key, encrypted for one reader.'],
  ['CipherData', 'elements', 'XMLENC11 §3.3', 'Die verschlüsselten Bytes, oder wo sie stehen.', 'The encrypted bytes, or where they are.'],
  ['CipherValue', 'octets', 'XMLENC11 §3.3', 'Verschlüsselte Bytes.', 'Encrypted bytes.'],
  ['CipherReference', 'elements', 'XMLENC11 §3.3.1', 'Nennt den MIME-Teil mit den verschlüsselten Bytes.', 'Names the MIME part with the encrypted bytes.'],
  ['Transforms', 'elements', 'XMLENC11 §3.3.1', 'Was mit diesem Teil geschieht, bevor er entschlüsselt wird.', 'What is done to that part before it is decrypted.'],
] // prettier-ignore

export const XENC11_ELEMENTS: readonly ElementWords[] = [
  ['MGF', 'elements', 'XMLENC11 §5.5.2', 'Maskenfunktion von RSA-OAEP.', 'Mask generation function of RSA-OAEP.'],
] // prettier-ignore

export const OSCI128_ELEMENTS: readonly ElementWords[] = [
  ['IvLength', 'elements', 'OSCI12 §7.2', 'Länge des Initialisierungsvektors in Byte; ohne Angabe 16.', 'Length of the initialisation vector in bytes; 16 where it is not said.'],
] // prettier-ignore

/** The XAdES form of author signatures. */
export const XADES_ELEMENTS: readonly ElementWords[] = [
  ['QualifyingProperties', 'elements', 'OSCI12 §6.2', 'Angaben des Signierers zu seiner Signatur (XAdES).', 'What the signer says about the signature (XAdES).'],
  ['SignedProperties', 'elements', 'OSCI12 §6.2', 'Davon der mitsignierte Teil.', 'Of that, the part that is signed, too.'],
  ['SignedSignatureProperties', 'elements', 'OSCI12 §6.2', 'Eigenschaften der Signatur.', 'Properties of the signature.'],
  ['SigningTime', 'text', 'OSCI12 §6.2', 'Zeitpunkt der Signatur nach Angabe des Signierers; bewiesen ist er nicht.', 'Time of signing as the signer says; it is not proven.'],
] // prettier-ignore
