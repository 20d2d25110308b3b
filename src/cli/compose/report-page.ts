// SPDX-License-Identifier: EUPL-1.2
/**
 * The page that an HTML report carries.
 * @module
 */
import type { ReportPage } from '../../check/reports/html.js'
import { webAssets } from './web-assets.js'

export async function reportPage(): Promise<ReportPage> {
  const assets = await webAssets('report')
  const textOf = (name: string): string => {
    const asset = assets.get(name)
    if (asset === undefined) throw new Error(`the page of the report lacks ${name}`)
    return new TextDecoder().decode(asset.bytes)
  }
  return { script: textOf('main.js'), style: textOf('main.css') }
}
