// SPDX-License-Identifier: EUPL-1.2
/**
 * Our own checks, taken away one at a time: each row is a patch that removes one check of the reading side, and names the tests that must
 * notice. Threat model §5, end: "remove any single check above, at least one test must fail".
 *
 * Where two places hold the same rule on purpose (the grammar and the stage, say), a row removes both: one of them alone changes nothing
 * that anybody could see. `MUTANT` in a replacement is true while the row is at work; the source is otherwise what it was.
 * @module
 */

export interface Edit {
  /** Under `src/`. */
  readonly file: string
  /** Stands exactly once in the file. */
  readonly find: string
  readonly replace: string
}

export interface Mutant {
  /** What is missing while it is at work. */
  readonly id: string
  /** Rule of threat model §5 or §6, or row of §4 that the check belongs to. */
  readonly rule: string
  readonly edits: readonly Edit[]
  /** Words in the titles of the tests that must notice: rows of the threat model. */
  readonly tests: readonly string[]
}

const changed = (file: string, find: string, part: string, into: string): Edit => ({ file, find, replace: find.replace(part, () => into) })
/** The condition never holds. `within`: text around it that stands once in the file. */
const never = (file: string, condition: string, within = condition): Edit => changed(file, within, condition, `(!MUTANT && (${condition}))`)
/** The condition always holds. */
const always = (file: string, condition: string, within = condition): Edit => changed(file, within, condition, `(MUTANT || (${condition}))`)
/** The call is left out. */
const without = (file: string, call: string): Edit => changed(file, call, call, `(MUTANT ? undefined : ${call})`)

const GATE = 'xml/gate.ts'
const DSIG = 'xml/dsig.ts'
const GRAMMAR = 'xml/grammar.ts'
const XENC = 'xml/xenc.ts'
const SOAP = 'osci/soap.ts'
const SIGNATURE = 'osci/signature.ts'
const AUTHOR = 'osci/author-signature.ts'
const TRANSPORT = 'osci/transport.ts'
const CONTENT = 'osci/content-read.ts'
const CERTIFICATES = 'osci/certificates.ts'

const row = (id: string, rule: string, tests: string, ...edits: readonly Edit[]): Mutant => ({ id, rule, edits, tests: tests.split(', ') })

export const MUTANTS: readonly Mutant[] = [
  // §5 rules 1 and 2: bytes first, one parse
  row('size', '5.1', 'X5', never(GATE, 'bytes.length > limits.xmlBytes')),
  row('strict UTF-8', '5.1', 'X3', changed(GATE, 'decoder.decode(bytes)', 'decoder', '(MUTANT ? new TextDecoder() : decoder)')),
  row('byte order mark', '5.1', 'X3', never(GATE, "frame === 'osci'", "if (frame === 'osci')")),
  row(
    'document type',
    '5.1',
    'X1, X2',
    never(GATE, "this.text.slice(i + 2, i + 9).toLowerCase() === 'doctype'"),
    without(GATE, "this.refuse('doctype', 'document type declaration', this.offset())"),
  ),
  row('instruction', '5.1', 'X4', without(GATE, "this.refuse('instruction', 'processing instruction in an OSCI message', start)")),
  row('depth', '5.1', 'X5', never(GATE, '++this.depth > this.limits.xmlDepth')),
  row('elements', '5.1', 'X5', never(GATE, '++this.elements > this.limits.xmlElements', 'if (++this.elements > this.limits.xmlElements) this.refuse(\'elements\', `more than ${this.limits.xmlElements} elements`')), // prettier-ignore
  row('nodes', '5.1', 'X5', never(GATE, '++this.elements > this.limits.xmlElements', 'if (++this.elements > this.limits.xmlElements) this.refuse(\'elements\', `more than ${this.limits.xmlElements} nodes`')), // prettier-ignore
  row('attributes', '5.1', 'X5', never(GATE, '++this.tagAttributes > this.limits.xmlAttributes')),
  row('namespaces', '5.1', 'X5', never(GATE, '++this.tagNamespaces > this.limits.xmlNamespaces')),
  row('namespaces in scope', '5.1', 'X5', never(GATE, 'this.inScope.size > this.limits.xmlNamespacesInScope')),
  row('attribute size', '5.1', 'X5', never(GATE, 'tooLong(a.value, this.limits.xmlAttributeBytes)')),
  row('name size', '5.1', 'X5', never(GATE, 'tooLong(name, this.limits.xmlNameBytes)')),
  row('references', '5.1', 'X2', never(GATE, '++references > this.limits.xmlElements')),
  row('white space in a namespace name', '5.2', 'X6', never(GATE, 'uri.trim() !== uri')),
  row('malformed name', '5.2', 'X6', never(GATE, 'colon >= 0')),

  // §5 rule 3: shape before crypto
  row(
    'comment',
    '5.3',
    'X6',
    without(GATE, "this.refuse('comment', 'comment in an OSCI message', this.text.lastIndexOf('<!--', this.offset()))"),
  ),
  row('CDATA in a signature', '5.3', 'X6, G4, G5', without(GATE, "this.refuse('cdata', 'CDATA section inside a signature', this.text.lastIndexOf('<![CDATA[', this.offset()))")), // prettier-ignore
  row('comment between ds elements', '5.3', 'G4', without(GRAMMAR, "refuse(layer, of, 'comment or processing instruction')")),
  row('text between ds elements', '5.3', 'G4', without(GRAMMAR, "refuse(layer, of, 'text between elements')")),
  row('left over ds element', '5.3', 'G4', without(GRAMMAR, 'refuse(this.layer, this.of, `${left.local} is not expected here`)')),
  row('attribute of a ds element', '5.3', 'G4', without(GRAMMAR, 'refuse(layer, e, `attribute ${a.local} is not expected here`)')),
  row('leaf of text', '5.3', 'G4', without(GRAMMAR, "refuse(layer, e, 'only text is expected here')")),
  row('strict base64', '5.3', 'G4', changed(GRAMMAR, "refuse(layer, e, 'no strict base64')", 'refuse', "(MUTANT ? (): Uint8Array => Buffer.from(leafText(e, layer), 'base64') : refuse)")), // prettier-ignore
  row('empty leaf', '5.3', 'G4', never(GRAMMAR, 'octets.length === 0')),
  row('more than one Object', '5.3', 'XAdES form', never(DSIG, 'objects.length > 1')),
  row('one ds:Signature', '5.3', 'G1', never(SIGNATURE, '!signatureElement || extra')),
  row('signature block of the other role', '5.3', 'osci-structure.signature-block', never(SIGNATURE, 'wrong', 'if (wrong)')),
  row('text in the frame', '5.3', 'X6', never(SOAP, "c.kind === 'text' && /[^ \\t\\r\\n]/.test(c.value)")),
  row('header block twice', '5.3', 'osci-structure.repeated-block', never(SOAP, 'seen.has(key)')),
  row('second Body', '5.3', 'osci-structure.frame', never(SOAP, 'kids.length > (header ? 2 : 1)')),
  row('two orders', '5.3', 'osci-structure.two-orders', never(SOAP, 'second', 'if (second)')),
  row('must be understood', '5.3', 'X9', never(SOAP, "must !== undefined && must !== '0' && must !== 'false'")),

  // §5 rule 4: policy before crypto
  row(
    'canonical form',
    '5.4',
    'message-signature.algorithm',
    never(DSIG, '!algorithms.canonicalization(signature.canonicalizationMethod)'),
    never(SIGNATURE, '!algorithms.canonicalization(signature.canonicalizationMethod)'),
  ),
  row('transforms', '5.4', 'G11', never(DSIG, 'transforms.length > 0 && !further')),
  row('transforms of a part', '5.4', 'G11', never(DSIG, 'transforms.length === 0 || !fragment')),
  row('references leave the message', '5.4', 'G11', never(DSIG, "fragment ? !isNcName(uri.slice(1)) : !uri.startsWith('cid:') || uri.length === 4 || uri.length > 1024")), // prettier-ignore
  row('number of references', '5.4', 'G11', never(DSIG, "references.filter((r) => r.uri.startsWith('#')).length > MAX_REFERENCES")),
  row('two references to a part', '5.4', 'message-signature.duplicate-reference', never(DSIG, 'seen.has(uri)')),
  row('digest method', '5.4', 'G8', changed(DSIG, 'const row = algorithms.digest(uri)', 'algorithms.digest(uri)', "(algorithms.digest(uri) ?? (MUTANT ? { hash: 'sha1' } : undefined))"), never(SIGNATURE, '!algorithms.digest(reference.digestMethod)')), // prettier-ignore

  // §5 rule 5: key before crypto
  row('RetrievalMethod', '5.5', 'G9', never(DSIG, "!uri.startsWith('#') || !isNcName(uri.slice(1))")),
  row('type of RetrievalMethod', '5.5', 'G9', never(DSIG, 'type !== undefined && type !== X509_DATA')),
  row('role of the signer', '5.5', 'G9', always(SIGNATURE, 'c.role === type.signer', '.filter((c) => c.role === type.signer)\n')),
  row('certificate of the signer', '5.5', 'G9', always(SIGNATURE, 'c.id === signature.retrievalUri')),
  row(
    'key usage',
    '5.5',
    'message-signature.key-usage',
    never(CERTIFICATES, "usage && !usage.has('digitalSignature') && !usage.has('nonRepudiation')"),
  ),
  row('key and method', '5.5', 'G7, G8', never(DSIG, 'reason', 'if (reason)')),

  // §5 rule 6: references are bound to nodes
  row('Id look-alike', '5.6', 'G2', never(SOAP, 'FRAME.has(e.uri)')),
  row('Id is a name', '5.6', 'G2', never(SOAP, '!holder && !isNcName(a.value)')),
  row('Id twice', '5.6', 'G2', never(SOAP, 'ids.has(a.value)')),
  row('block without Id', '5.6', 'osci-structure.block-without-id', never(SOAP, "attributeOf(block, 'Id') === undefined")),
  row('part without reference', '5.6', 'G3', changed(SIGNATURE, 'if (!hit || twice)\n', 'if (!hit || twice)', 'if (MUTANT && !hit) continue\n    if (!hit || twice)')), // prettier-ignore
  row(
    'part signed twice',
    '5.6',
    'G3',
    changed(
      SIGNATURE,
      'named.get(target.uri) ?? []',
      'named.get(target.uri) ?? []',
      '(MUTANT ? [named.get(target.uri)?.[0]] : (named.get(target.uri) ?? []))',
    ),
  ),
  row('reference without part', '5.6', 'message-signature.stray-reference', never(SIGNATURE, 'stray', 'if (stray)\n')),

  // §5 rules 7 to 10: digests, SignedInfo, parts
  row('value of the signature', '5.8', 'message-signature.value-mismatch', never(SIGNATURE, '!verifyValue(signature, signer, algorithms)')),
  row('octets are compared', '5.7', 'message-signature.digest-mismatch', always(DSIG, 'a.length === b.length && timingSafeEqual(a, b)')),
  row('digest of a part', '5.10', 'message-signature.digest-mismatch', never(SIGNATURE, '!sameOctets(digested, reference.digestValue)')), // prettier-ignore
  row('transform of a block', '5.7', 'message-signature.transform', never(SIGNATURE, 'transforms.length !== 1 || transforms[0] !== C14N')),

  // §5 rule 11: author signatures
  row('role of the author', '5.11', 'author-signature.signer-unknown', always(AUTHOR, 'SIGNER_ROLES.has(c.role)')),
  row(
    'author: value',
    '5.11',
    'author-signature.value-mismatch',
    never(AUTHOR, '!verifyValue(signature, report.certificate, env.algorithms.signature)'),
  ),
  row('author: covers everything', '5.11', 'author-signature.not-covered', never(AUTHOR, '!hit && !optional.includes(target)')),
  row(
    'author: nothing else',
    '5.11',
    'author-signature.stray-reference',
    never(AUTHOR, "first && !(hidden && stray.every((r) => r.uri.startsWith('cid:')))"),
  ),
  row('author: part referenced twice', '5.11', 'author-signature.repeated-reference', never(AUTHOR, 'twice', 'if (twice)')),
  row('author: transform', '5.11', 'author-signature.transform', never(AUTHOR, 'first !== target.transform || more.length > 0')),
  row('author: digest', '5.11', 'author-signature.digest-mismatch', never(AUTHOR, '!(await isInLibraryForm(target, reference, env))')),
  row('author: keys outside of the box', '5.11', 'key stands outside', always(CONTENT, '!encrypted', '!encrypted ? optional')),
  row('author: attachment without a tag', '5.11', 'one without a tag', always(CONTENT, 'target.bound', '(target.bound')),
  row('author: strays of what stays closed', '5.11', 'what stays closed', always(AUTHOR, '!incomplete', 'let complete = !incomplete')),
  row('author: stylesheet', '5.11', 'author-signature.not-verifiable', changed(AUTHOR, 'more.length > 0) return false', 'false', 'MUTANT')),
  row('author: target of the properties', '5.11', 'author', never(DSIG, "target !== undefined && target !== '' && target !== `#${signatureId ?? ''}`")), // prettier-ignore

  // §5 rule 12: fail closed
  row('author: check that failed', '5.12', 'failed to run', changed(AUTHOR, "verdict: 'error'", "'error'", "(MUTANT ? 'valid' : 'error')")),

  // §6: decryption
  row('one EncryptedKey', '6.1', 'E6', never(XENC, '!mgmt && (keys.length === 0 || keys.length > (transport ? 1 : MAX_KEYS))'), never(TRANSPORT, '!key || secondKey')), // prettier-ignore
  row('CipherReference leaves the message', '6.1', 'E7', never(XENC, "!uri.startsWith('cid:') || uri.length === 4 || uri.length > 1024")),
  row('transform of a CipherReference', '6.1', 'E7', never(XENC, "base64 !== DS + 'base64'")),
  row('CipherReference names the part', '6.1', 'E7', never(TRANSPORT, 'uri === undefined || !part || more || uri !== `cid:${part.contentId}`')), // prettier-ignore
  row('cipher of the transport', '6.1', 'E3', changed(TRANSPORT, 'env.algorithms.transport.cipher(data.cipher)', 'env.algorithms.transport', '(MUTANT ? env.algorithms.content : env.algorithms.transport)')), // prettier-ignore
  row('key transport', '6.1', 'E2, E9', never(XENC, '!algorithms.keyTransport(key.keyTransport)'), never(TRANSPORT, '!env.algorithms.transport.keyTransport(key.keyTransport)', 'if (!env.algorithms.transport.keyTransport(key.keyTransport))\n')), // prettier-ignore
  row('length of the wrapped key', '6.1', 'E2', never(XENC, "asymmetricKeyType !== 'rsa' || key.wrapped.length !== modulusBytes")),
  row('our certificate', '6.1', 'E8', changed(TRANSPORT, 'env.keys.decrypter(key.certificate)', 'env.keys.decrypter(key.certificate)', '(env.keys.decrypter(key.certificate) ?? (MUTANT ? [...env.keys.decrypters][0] : undefined))')), // prettier-ignore
  row(
    'length of the octets',
    '6.1',
    'costs no private-key operation',
    never(TRANSPORT, 'wrongIv || part.body.byteLength < leastOctets(cipher, data.ivLength)'),
  ),
  row('key of a wrong length', '6.2', 'E2', always(XENC, 'unwrapped.length === cipher.keyBytes', 'return unwrapped.length === cipher.keyBytes')), // prettier-ignore
  row(
    'failing unwrap',
    '6.2',
    'E2',
    changed(XENC, '  } catch {\n    return decoy', '  } catch {', '  } catch (e) {\n    if (MUTANT) throw e'),
  ),
  row('tag', '6.3', 'E4', changed(XENC, '    decipher.final()\n', 'decipher.final()', 'if (!MUTANT) decipher.final()')),
  row('length of the IV', '6.3', 'E4', never(XENC, '!cipher.ivBytes.includes(ivBytes) || end < ivBytes')),
  row('padding of CBC', '6.5', 'E1', never(XENC, 'padding < 1 || padding > cipher.blockBytes')),
  row('legacy only inside a signature', '6.5', 'E1', never(CONTENT, 'legacyUnsigned(reading)', 'if (legacyUnsigned(reading))')),
  row(
    'one code behind CBC',
    '6.5',
    'structure of the plaintext',
    always(CONTENT, "cipher.mode === 'gcm' || env.inspection || !(cause instanceof ProtektorError)"),
  ),
  row('one shell', '6.1', 'E6', never(TRANSPORT, "inner.kind !== 'message'")),
]
