import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { failureInside } from '../wire/error-failure.ts'
import { hasError } from '../wire/upstream-error.ts'

/**
 * The error inside a reply that came with status 200, or undefined where there is none: `{"error": {...}}`,
 * `{"error": "text"}` (Ollama, Hugging Face, LM Studio), `{"object": "error"}` (older vLLM); `named` is true for
 * an SSE event called `error`, whose data may be the error itself (Groq).
 */
export function readWireError(reply: JsonObject, named = false): Failure | undefined {
  return named || reply.object === 'error' || hasError(reply) ? failureInside(reply) : undefined
}
