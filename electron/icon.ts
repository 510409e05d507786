import { crc32, deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const WATER = [38, 132, 255] as const
const WALL = [24, 38, 66] as const
/** Samples per pixel and axis: what makes the edges smooth. */
const SAMPLES = 4

type Rgb = readonly [number, number, number]

/** Spillway's sign, a full reservoir that runs over its wall, as a PNG of `sizePx` squared with a clear ground. */
export function drawIcon(sizePx: number): Buffer {
  const rows = Buffer.alloc(sizePx * (sizePx * 4 + 1))
  for (let y = 0; y < sizePx; y += 1) {
    for (let x = 0; x < sizePx; x += 1) {
      rows.set(pixel(x, y, sizePx), y * (sizePx * 4 + 1) + 1 + x * 4)
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(sizePx, 0)
  header.writeUInt32BE(sizePx, 4)
  // Eight bits per channel, red green blue alpha.
  header.set([8, 6, 0, 0, 0], 8)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

function pixel(x: number, y: number, sizePx: number): readonly number[] {
  let hits = 0
  const sum = [0, 0, 0]
  for (let i = 0; i < SAMPLES * SAMPLES; i += 1) {
    const u = (x + ((i % SAMPLES) + 0.5) / SAMPLES) / sizePx
    const v = (y + (Math.floor(i / SAMPLES) + 0.5) / SAMPLES) / sizePx
    const colour = colourAt(u, v)
    if (colour === undefined) continue
    hits += 1
    colour.forEach((value, channel) => (sum[channel] = (sum[channel] ?? 0) + value))
  }
  if (hits === 0) return [0, 0, 0, 0]
  return [...sum.map((value) => Math.round(value / hits)), Math.round((255 * hits) / (SAMPLES * SAMPLES))]
}

/** The drawing itself, in a unit square with the origin at the top left. */
function colourAt(u: number, v: number): Rgb | undefined {
  const surface = 0.26 + 0.05 * Math.sin(u * 14) * Math.max(0, 0.6 - u)
  const isReservoir = u > 0.06 && u < 0.54 && v > surface && v < 0.86
  const isWall = u >= 0.54 && u < 0.68 && v > 0.38 && v < 0.94
  const isBed = v >= 0.86 && v < 0.94 && u > 0.06 && u < 0.68
  const isOverWall = u >= 0.54 && u < 0.7 && v > surface && v <= 0.38
  // Water that leaves the wall level and then falls: half a parabola.
  const outer = 0.7 + 0.24 * Math.sqrt(Math.max(0, (v - 0.26) / 0.68))
  const isFall = u >= 0.68 && u < outer && v > 0.26 && v < 0.94
  if (isWall || isBed) return WALL
  return isReservoir || isOverWall || isFall ? WATER : undefined
}
