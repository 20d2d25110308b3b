// SPDX-License-Identifier: EUPL-1.2
/**
 * The pages that reports and explanations carry.
 * @module
 */
import type { ReportPage } from '../../check/reports/page.js'
import { webAssets } from './web-assets.js'

export async function reportPage(name: 'report' | 'explain' = 'report'): Promise<ReportPage> {
  const assets = await webAssets(name)
  const textOf = (file: string): string => {
    const asset = assets.get(file)
    if (asset === undefined) throw new Error(`the page ${name} lacks ${file}`)
    return new TextDecoder().decode(asset.bytes)
  }
  return { script: textOf('main.js'), style: textOf('main.css') }
}
