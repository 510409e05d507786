import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { RequestLog } from '../../contract/request-log.ts'
import type { NewAppKey } from '../key-table.ts'
import { quietly } from '../sqlite-error.ts'

export const DAY_MS = 86_400_000

/** A folder of its own for one test, gone afterwards. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-store-'))
  // Windows keeps files that a test has left open; the system's own cleaning takes those.
  onTestFinished(() => {
    quietly(() => rmSync(folder, { recursive: true, force: true }))
  })
  return folder
}

/** A successful, streamed request with one attempt. */
export function sampleRow(id: string, changes: Partial<RequestLog> = {}): RequestLog {
  return {
    id,
    atMs: 1_700_000_000_000,
    app: 'editor',
    client: 'openai-node/7.0',
    operation: 'chat/completions',
    stream: true,
    model: 'coder',
    route: 'coder',
    attempts: [
      {
        target: 'ollama/qwen3',
        atMs: 1,
        durationMs: 900,
        status: 200,
        failure: undefined,
        message: undefined,
        why: 'primary',
      },
    ],
    dropped: [{ target: 'openai/gpt-4o', by: 'mode', why: 'mode is local-only' }],
    reason: 'tier-1',
    target: 'ollama/qwen3',
    locality: 'device',
    lane: 'verbatim',
    status: 200,
    outcome: 'ok',
    failure: undefined,
    failureMessage: undefined,
    finish: 'stop',
    usage: { input: 12, output: 34, cacheRead: 5 },
    usageEstimated: false,
    conversions: [],
    costUsd: undefined,
    firstTokenMs: 120.5,
    totalMs: 901.25,
    requestBytes: 512,
    replyBytes: 4_096,
    ...changes,
  }
}

export function sampleKey(name: string, seed = name): NewAppKey {
  return { name, sha256: Buffer.from(seed).toString('hex').padEnd(64, '0').slice(0, 64), last4: 'w8Zk' }
}
