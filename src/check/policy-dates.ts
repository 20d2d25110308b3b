// SPDX-License-Identifier: EUPL-1.2
/**
 * When algorithms and key sizes came and went: the dates of threat model §7 as data, for judging a message at a chosen moment (`--at`).
 *
 * The class of an algorithm is that of today (xml/algorithms.ts); a row here says since when it is in the profile, and until when what is
 * forbidden or legacy today was still in order. Days are those of the source; where it names a month or year, its first or last day.
 * @module
 */
import type { Where } from '../xml/algorithms.js'

export interface PolicyDates {
  /** First day on which the profile has it, `YYYY-MM-DD`. */
  readonly from?: string
  /** Last day on which it was in order, although it is not today. */
  readonly until?: string
  /** Since this day something better is asked for; it stays allowed. */
  readonly discouragedFrom?: string
  /** Only there; absent: everywhere. */
  readonly where?: Where
  readonly source: string
}

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE07 = 'http://www.w3.org/2007/05/xmldsig-more#'
const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const ENC11 = 'http://www.w3.org/2009/xmlenc11#'

const KORR2: PolicyDates = { from: '2008-02-01', source: 'KORR2' }
const KORR3: PolicyDates = { from: '2010-11-01', source: 'KORR3' }
const KORR4: PolicyDates = { from: '2014-02-20', source: 'KORR4' }
const KORR5: PolicyDates = { from: '2017-01-01', source: 'KORR5' }
const SHA1: PolicyDates = { until: '2008-06-30', source: 'KORR3; library: SHA-1 out of date from 1 July 2008' }
const RIPEMD160: PolicyDates = { until: '2010-12-31', source: 'KORR4' }
const PKCS1: PolicyDates = { ...KORR2, discouragedFrom: '2019-01-01', source: 'TR-02102-1 2019-01: PKCS#1 v1.5 is a legacy scheme' }
const CBC: readonly PolicyDates[] = [
  { where: 'transport', until: '2019-11-14', source: 'KoSIT: GCM only from 15 November 2019' },
  { where: 'content', until: '2019-10-31', source: 'XInneres: GCM only from 1 November 2019' },
]

export const ALGORITHM_DATES: Readonly<Record<string, readonly PolicyDates[]>> = {
  [`${ENC}sha256`]: [KORR2],
  [`${ENC}sha512`]: [KORR2],
  [`${MORE07}sha3-256`]: [KORR5],
  [`${MORE07}sha3-384`]: [KORR5],
  [`${MORE07}sha3-512`]: [KORR5],
  [`${DSIG}sha1`]: [SHA1],
  [`${DSIG}rsa-sha1`]: [SHA1],
  [`${ENC}ripemd160`]: [RIPEMD160],
  [`${MORE}rsa-ripemd160`]: [RIPEMD160],
  'http://www.w3.org/2001/04/xmldsig-more/rsa-ripemd160': [RIPEMD160],
  [`${MORE07}sha256-rsa-MGF1`]: [KORR4],
  [`${MORE07}sha512-rsa-MGF1`]: [KORR4],
  [`${MORE07}sha3-256-rsa-MGF1`]: [KORR5],
  [`${MORE07}sha3-384-rsa-MGF1`]: [KORR5],
  [`${MORE07}sha3-512-rsa-MGF1`]: [KORR5],
  [`${MORE}rsa-sha256`]: [PKCS1],
  [`${MORE}rsa-sha512`]: [PKCS1],
  [`${MORE}ecdsa-sha256`]: [KORR3],
  [`${MORE}ecdsa-sha512`]: [KORR3],
  [`${MORE}ecdsa-sha384`]: [{ from: '2025-05-26', source: 'KORR9' }],
  [`${ENC11}aes128-gcm`]: [KORR5],
  [`${ENC11}aes192-gcm`]: [KORR5],
  [`${ENC11}aes256-gcm`]: [KORR5],
  [`${ENC}aes128-cbc`]: CBC,
  [`${ENC}aes192-cbc`]: CBC,
  [`${ENC}aes256-cbc`]: CBC,
  [`${ENC}tripledes-cbc`]: CBC,
  [`${ENC11}rsa-oaep`]: [KORR4],
  [`${ENC}rsa-1_5`]: [{ until: '2022-12-12', source: 'deprecated in library 2.3.0, 13 December 2022' }],
}

/** RSA sizes in bit: below `forbiddenBelow` never; below `smallBelow` a warning, since the day after `smallUntil`. */
export const RSA_SIZES = {
  forbiddenBelow: 2048,
  smallBelow: 3000,
  smallUntil: '2023-12-31',
  source: 'TR-02102-1: RSA from 2000 bit conforms until the end of 2023',
} as const

/** 12 bytes of initialisation vector for GCM. */
export const GCM_IV12_FROM = '2020-02-01'

/** Digests in the signature of a certificate that are no longer collision-free [TR-02102-1]. By OID of the signature algorithm. */
export const WEAK_CERTIFICATE_SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'RSA MD5',
  '1.2.840.113549.1.1.5': 'RSA SHA-1',
  '1.3.36.3.3.1.2': 'RSA RIPEMD-160',
  '1.2.840.10040.4.3': 'DSA SHA-1',
  '1.2.840.10045.4.1': 'ECDSA SHA-1',
}

/** The dates of an algorithm at a place. */
export const datesOf = (uri: string, where: Where): PolicyDates | undefined =>
  (Object.hasOwn(ALGORITHM_DATES, uri) ? ALGORITHM_DATES[uri] : undefined)?.find((row) => row.where === undefined || row.where === where)
