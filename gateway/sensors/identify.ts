import type { ListedModel } from '../contract/provider.ts'
import { limits } from '../contract/limits.ts'
import type { FoundRunner } from '../contract/runner.ts'
import type { JsonValue } from '../contract/json.ts'
import { isLoopback } from './candidates.ts'
import type { Candidate } from './candidates.ts'
import { MODELS_PATH, ownersOf } from './fingerprint.ts'
import type { Answers, Fingerprint } from './fingerprint.ts'
import { fingerprints } from './fingerprints/table.ts'
import { parseJson } from '../kit/json-fields.ts'

/** Sends one GET without any credential. Undefined: no answer in time. Rejections count as that. */
export type Probe = (url: string, limit: ProbeLimit) => Promise<ProbeReply | undefined>

export interface ProbeLimit {
  readonly timeoutMs: number
  readonly maxBytes: number
}

export interface ProbeReply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

/** What stands at an address. */
export type Finding =
  | { readonly kind: 'runner'; readonly runner: FoundRunner; readonly children: readonly string[] }
  /** Something that wants a key: shown to the user, never served, because nobody knows what it is. */
  | { readonly kind: 'locked' }
  | { readonly kind: 'nothing' }

const NOTHING: Finding = { kind: 'nothing' }

/** Asks one address until its answers prove what it is; `known` is what it was the last time, tried first. */
export async function identify(address: Candidate, probe: Probe, known?: string): Promise<Finding> {
  const asked = new Map<string, ProbeReply | undefined>()
  const ask = async (path: string): Promise<ProbeReply | undefined> => {
    if (!asked.has(path)) asked.set(path, await askOnce(probe, `${address}${path}`))
    return asked.get(path)
  }
  const answers = answersOf(asked)
  const first = await ask(MODELS_PATH)
  if (first === undefined || isSpillway(first, answers)) return NOTHING
  if (first.status === 401 || first.status === 403) return { kind: 'locked' }

  for (const fingerprint of knownFirst(known)) {
    for (const path of fingerprint.paths(answers)) await ask(path)
    const identity = fingerprint.recognise(answers)
    if (identity === undefined) continue
    const runner = {
      provider: fingerprint.provider,
      baseUrl: `${address}${fingerprint.basePath}`,
      version: identity.version?.slice(0, limits.runnerVersionChars),
      locality: isLoopback(address) ? 'device' : 'lan',
      models: distinct(identity.models).slice(0, limits.listedModels),
    } as const
    return { kind: 'runner', runner, children: identity.children ?? [] }
  }
  return NOTHING
}

async function askOnce(probe: Probe, url: string): Promise<ProbeReply | undefined> {
  try {
    return await probe(url, { timeoutMs: limits.probeTimeoutMs, maxBytes: limits.probeBodyBytes })
  } catch {
    return undefined
  }
}

function answersOf(asked: ReadonlyMap<string, ProbeReply | undefined>): Answers {
  const parsed = new Map<string, JsonValue | undefined>()
  const text = (path: string): string | undefined => {
    const reply = asked.get(path)
    return reply?.status === 200 ? reply.body : undefined
  }
  return {
    text,
    json: (path) => {
      const body = text(path)
      if (body !== undefined && !parsed.has(path)) parsed.set(path, parseJson(body))
      return parsed.get(path)
    },
  }
}

/** A Spillway, this one or another: it says so in its listing, and in a header of every answer. */
function isSpillway(reply: ProbeReply, answers: Answers): boolean {
  return (
    ownersOf(answers).includes('spillway') || Object.keys(reply.headers).some((name) => name.startsWith('x-spillway-'))
  )
}

/** Runners log every request: one that is known is asked for what proves it again, and for nothing else. */
function knownFirst(known: string | undefined): readonly Fingerprint[] {
  const first = fingerprints.filter(({ provider }) => provider === known)
  return [...first, ...fingerprints.filter(({ provider }) => provider !== known)]
}

function distinct(models: readonly ListedModel[]): readonly ListedModel[] {
  return [...new Map(models.map((model) => [model.id, model])).values()]
}
