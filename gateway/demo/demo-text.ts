import { type JsonObject, isJsonObject } from '../contract/json.ts'

/** What a scripted model says: it names itself, so that an answer shows where it was made. */
export function scriptedAnswer(speaker: string, body: JsonObject): readonly string[] {
  const question = lastUserText(body).slice(0, 80)
  const text =
    `This is ${speaker}. You asked: "${question}". A reservoir keeps what falls nearby and gives it first; ` +
    'only when it is full does the rest run over the spillway. Requests are served the same way here.'
  return text.split(/(?<= )/)
}

/** Roughly four characters make a token. */
export function promptTokens(body: JsonObject): number {
  return Math.max(1, Math.ceil(JSON.stringify(body['messages'] ?? '').length / 4))
}

function lastUserText(body: JsonObject): string {
  const messages = Array.isArray(body['messages']) ? body['messages'] : []
  const last = messages.findLast((message) => isJsonObject(message) && message['role'] === 'user')
  const content = isJsonObject(last) ? last['content'] : undefined
  return typeof content === 'string' ? content : 'something that is not plain text'
}
