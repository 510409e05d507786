import type { JsonValue } from '../../contract/json.ts'
import type { Probe, ProbeReply } from '../identify.ts'

/** What one address answers, by path; `*` answers every other path, and without it that is a 404. */
export type ScriptedServer = Readonly<Record<string, ScriptedReply>>

export type ScriptedReply =
  | { readonly json: JsonValue; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly text: string; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }

export interface ScriptedMachine {
  readonly probe: Probe
  /** By address; may be changed between rounds. */
  readonly servers: Map<string, ScriptedServer>
  /** Every URL that was asked for, in order. */
  readonly asked: string[]
  /** The most probes that were under way at once. */
  readonly mostAtOnce: () => number
}

/** A machine whose servers answer from a script, without a socket. */
export function scriptedMachine(servers: Readonly<Record<string, ScriptedServer>>): ScriptedMachine {
  const current = new Map(Object.entries(servers))
  const asked: string[] = []
  let underWay = 0
  let most = 0
  const probe: Probe = async (url) => {
    asked.push(url)
    underWay += 1
    most = Math.max(most, underWay)
    await Promise.resolve()
    underWay -= 1
    const { origin, pathname } = new URL(url)
    const server = current.get(origin)
    return server === undefined ? undefined : replyOf(server[pathname] ?? server['*'])
  }
  return { probe, servers: current, asked, mostAtOnce: () => most }
}

/** The OpenAI listing in the form that most runners give it. */
export function listing(owner: string, ...ids: readonly string[]): ScriptedReply {
  return {
    json: { object: 'list', data: ids.map((id) => ({ id, object: 'model', created: 1_763_800_000, owned_by: owner })) },
  }
}

export const OLLAMA: ScriptedServer = {
  '/': { text: 'Ollama is running' },
  '/v1/models': listing('library', 'qwen3:14b', 'glm-5.2:cloud'),
  '/api/version': { json: { version: '0.33.0' } },
  '/api/tags': {
    json: {
      models: [
        {
          name: 'qwen3:14b',
          model: 'qwen3:14b',
          size: 9_276_198_565,
          details: { family: 'qwen3', context_length: 40_960 },
          capabilities: ['completion', 'tools', 'thinking', 'brand-new'],
        },
        {
          name: 'glm-5.2:cloud',
          model: 'glm-5.2:cloud',
          remote_model: 'glm-5.2',
          remote_host: 'https://ollama.com:443',
        },
        { name: 'kimi-k2:1t-cloud', model: 'kimi-k2:1t-cloud', details: {} },
        { name: 'nomic-embed-text:latest', details: {}, capabilities: ['embedding'] },
      ],
    },
  },
}

function replyOf(scripted: ScriptedReply | undefined): ProbeReply {
  if (scripted === undefined) return { status: 404, headers: {}, body: '404 page not found' }
  const body = 'json' in scripted ? JSON.stringify(scripted.json) : scripted.text
  return { status: scripted.status ?? 200, headers: scripted.headers ?? {}, body }
}
