import type { ChatRequest } from '../contract/chat.ts'
import type { HttpRequest, TokenCountTranslation } from '../contract/provider.ts'
import { arrayOf, compact, countOf, isJsonArray, parseObject } from '../kit/json-fields.ts'
import { postJson } from './openai-compatible.ts'
import { chatBody } from './openai-request.ts'
import { badReply, type Upstream } from './upstream-failure.ts'

/**
 * The tokenizer of a runner itself, which knows its model's template. Both have it at their root, beside `/v1`.
 *
 * vLLM: `POST /tokenize` with the messages of a chat -> `{"count": n, ...}` (docs, "Tokenizer API").
 */
export function vllmTokenCount(upstream: Upstream): TokenCountTranslation {
  return {
    request: (chat, target) => {
      const { messages, tools } = chatBody(chat, { model: target.model, stream: false, quirks: {} })
      return atRoot(
        postJson('/tokenize', compact({ model: target.model, messages, tools, add_generation_prompt: true })),
      )
    },
    reply: (body) => countOf(parseObject(body)?.['count']) ?? badReply(upstream, body),
  }
}

/** llama.cpp: `POST /tokenize` with a text -> `{"tokens": [...]}` (tools/server/README.md). */
export function llamacppTokenCount(upstream: Upstream): TokenCountTranslation {
  return {
    request: (chat) => atRoot(postJson('/tokenize', { content: textOf(chat), add_special: true })),
    reply: (body) => {
      const tokens = parseObject(body)?.['tokens']
      return isJsonArray(tokens) ? tokens.length : badReply(upstream, body)
    },
  }
}

function atRoot(request: HttpRequest): HttpRequest {
  return { ...request, fromRoot: true }
}

/** What the model would read, without the marks that its template puts between messages: a few tokens for each. */
function textOf(chat: ChatRequest): string {
  const { messages, tools } = chatBody(chat, { model: '', stream: false, quirks: { joinText: true } })
  const lines = [...arrayOf(messages), ...arrayOf(tools)].map((item) => JSON.stringify(item))
  return lines.join('\n')
}
