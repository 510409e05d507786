import { openaiChat } from './fault-client-openai.ts'
import type { FaultLane, Stage } from './fault-world.ts'
import { WIRES } from './fault-wires.ts'
import { healthyReply } from './healthy-reply.ts'

const LANES: readonly FaultLane[] = [
  { name: 'verbatim', client: openaiChat, upstream: WIRES.chat },
  { name: 'translated', client: openaiChat, upstream: WIRES.chat, isTranslated: true },
  { name: 'ollama', client: openaiChat, upstream: WIRES.ollama },
]

/** A client of OpenAI's chat before the wires of chat and of Ollama, whose answers come word by word. */
export const CHAT_STAGE: Stage<string> = {
  lanes: LANES,
  second: WIRES.chat,
  patienceMs: { token: 2_000, answer: 3_000, total: 8_000 },
  healthy: (exchange) => healthyReply(exchange),
}
