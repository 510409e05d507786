import { aiChat, aiMessages } from './fault-client-ai.ts'
import { anthropicMessages } from './fault-client-anthropic.ts'
import { ollamaChat } from './fault-client-ollama.ts'
import { openaiChat, openaiResponses } from './fault-client-openai.ts'
import type { FaultClient } from './fault-client.ts'
import type { Bytes } from './fault-streams.ts'
import type { FaultWire } from './fault-wire.ts'
import { WIRES } from './fault-wires.ts'
import { scriptIn, type FaultLane, type Stage } from './fault-world.ts'
import { bytesOf, type HealthyReply } from './healthy-reply.ts'
import type { RawExchange } from './raw-upstream.ts'

/** A client's wire before an upstream's. */
export interface Pair extends FaultLane {
  readonly upstream: FaultWire
}

function pair(client: FaultClient, upstream: FaultWire, isTranslated = false): Pair {
  const name = [client.name, client.wire, upstream.name, isTranslated ? 'translated' : 'auto'].join('-')
  return { name, client, upstream, isTranslated }
}

/** Each client on its own wire, both ways, and on those that people put behind it. */
export const PAIRS: readonly Pair[] = [
  pair(anthropicMessages, WIRES.anthropic),
  pair(anthropicMessages, WIRES.anthropic, true),
  pair(anthropicMessages, WIRES.ollama),
  pair(anthropicMessages, WIRES.chat),
  pair(anthropicMessages, WIRES.gemini),
  pair(openaiResponses, WIRES.responses),
  pair(openaiResponses, WIRES.responses, true),
  pair(openaiResponses, WIRES.anthropic),
  // vLLM serves Responses itself; many of its models only work behind its chat.
  pair(openaiResponses, WIRES.vllm, true),
  pair(ollamaChat, WIRES.ollama),
  pair(ollamaChat, WIRES.ollama, true),
  pair(ollamaChat, WIRES.azure),
  pair(openaiChat, WIRES.anthropic),
  pair(openaiChat, WIRES.azure),
  pair(openaiChat, WIRES.bedrock),
  pair(openaiChat, WIRES.cohere),
  pair(openaiChat, WIRES.gemini),
  pair(openaiChat, WIRES.responses),
  pair(aiChat, WIRES.bedrock),
  pair(aiMessages, WIRES.anthropic),
  pair(aiMessages, WIRES.chat),
]

/** What a healthy upstream of this wire says to a request. */
export function healthyAnswer(exchange: RawExchange, wire: FaultWire): HealthyReply<Bytes> {
  const streams = wire.streams(exchange.path, exchange.body)
  const { contentType, pieces } = wire.say(scriptIn(exchange), streams)
  const body = Buffer.concat(pieces.map(bytesOf))
  return { streams, isOllama: wire.name === 'ollama', contentType, pieces, body }
}

/** Whatever fails, a healthy Gemini stands behind it: no client's bytes pass there as they are. */
export const PAIR_STAGE: Stage<Bytes> = {
  lanes: PAIRS,
  second: WIRES.gemini,
  patienceMs: { token: 5_000, answer: 6_000, total: 15_000 },
  healthy: (exchange, lane) => {
    const wire = PAIRS.find((one) => one === lane)?.upstream ?? WIRES.gemini
    return healthyAnswer(exchange, wire)
  },
}
