// SPDX-License-Identifier: EUPL-1.2
/**
 * A made-up standard in the manner of XÖV, in as many versions as a test wants: a driver, two message files, a base module that is
 * imported by a published address, a catalog, a code list. Nothing of it is taken from anywhere.
 * @module
 */

export interface Made {
  /** Value of the root's fixed `version`; several versions may share a namespace. */
  readonly version: string
  /** Ending of the namespace. */
  readonly namespace?: string
  /** Further content of a message, to make two editions of one version differ. */
  readonly more?: string
  /** Without the module that the messages import. */
  readonly withoutBase?: boolean
}

const xsd = (namespace: string, content: string): string =>
  `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:m="${namespace}" xmlns:b="urn:example:basis:1" targetNamespace="${namespace}">${content}</xs:schema>`

export const namespaceOf = ({ version, namespace = version }: Pick<Made, 'version' | 'namespace'>): string =>
  `http://www.osci.de/xmuster${namespace.replaceAll('.', '')}`

const BASE_ADDRESS = 'http://example.org/basis/1/basis.xsd'

/** The head that the profile of unqualified messages reads. */
const BASE = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:b="urn:example:basis:1" targetNamespace="urn:example:basis:1">
  <xs:complexType name="Kopf"><xs:sequence>
    <xs:element name="identifikation.nachricht"><xs:complexType><xs:sequence>
      <xs:element name="nachrichtenUUID" type="xs:string"/>
      <xs:element name="nachrichtentyp"><xs:complexType><xs:sequence><xs:element name="code" type="xs:token" form="unqualified"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="erstellungszeitpunkt" type="xs:dateTime"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType>
</xs:schema>`

const CATALOG = `<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog"><uri name="${BASE_ADDRESS}" uri="basis/basis.xsd"/></catalog>`

const CODE_LIST = `<gc:CodeList xmlns:gc="http://docs.oasis-open.org/codelist/ns/genericode/1.0/">
  <Identification><ShortName>anlass</ShortName><Version>1</Version><CanonicalUri>urn:example:codeliste:anlass</CanonicalUri></Identification>
  <ColumnSet><Column Id="code" Use="required"><ShortName>code</ShortName></Column></ColumnSet>
  <SimpleCodeList><Row><Value ColumnRef="code"><SimpleValue>01</SimpleValue></Value></Row></SimpleCodeList>
</gc:CodeList>`

function messages(made: Made, root: string): string {
  return xsd(
    namespaceOf(made),
    `<xs:import namespace="urn:example:basis:1" schemaLocation="${BASE_ADDRESS}"/>
     <xs:element name="${root}"><xs:complexType><xs:sequence>
       <xs:element name="nachrichtenkopf.g2g" type="b:Kopf"/>
       <xs:element name="anlass" type="xs:token"/>${made.more ?? ''}
     </xs:sequence>
     <xs:attribute name="standard" type="xs:string" use="required" fixed="XMuster"/>
     <xs:attribute name="version" type="xs:string" use="required" fixed="${made.version}"/></xs:complexType></xs:element>`,
  )
}

/** The files of a package, by path. */
export function madeUpStandard(made: Made): Record<string, string> {
  return {
    'xsd/muster.xsd': xsd(namespaceOf(made), '<xs:include schemaLocation="eins.xsd"/><xs:include schemaLocation="zwei.xsd"/>'),
    'xsd/eins.xsd': messages(made, 'anlass.anfrage.0001'),
    'xsd/zwei.xsd': messages(made, 'anlass.antwort.0002'),
    'codelisten/anlass_1.xml': CODE_LIST,
    ...(made.withoutBase === true ? {} : { 'basis/basis.xsd': BASE, 'catalog.xml': CATALOG }),
  }
}

/** A message of it. */
export function madeUpMessage(made: Pick<Made, 'version' | 'namespace'>, created: string, more = ''): string {
  return `<m:anlass.anfrage.0001 xmlns:m="${namespaceOf(made)}" standard="XMuster" version="${made.version}">
  <nachrichtenkopf.g2g><identifikation.nachricht><nachrichtenUUID>6e1a3b52-0a4e-4f0c-9d59-3c4a3c8f0a11</nachrichtenUUID>
    <nachrichtentyp><code>0001</code></nachrichtentyp><erstellungszeitpunkt>${created}</erstellungszeitpunkt></identifikation.nachricht></nachrichtenkopf.g2g>
  <anlass>x</anlass>${more}
</m:anlass.anfrage.0001>`
}
