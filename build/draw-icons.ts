import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawIcon } from '../electron/icon.ts'

/** Draws the app's icon for the packages; run it again after a change of the drawing. */
const SIZE_PX = 1_024
const folder = join(import.meta.dirname, 'icons')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'icon.png'), drawIcon(SIZE_PX))
