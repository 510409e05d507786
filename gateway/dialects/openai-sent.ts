import type { SentSoFar } from '../contract/dialect.ts'
import { numberOf, textOf, type Draft } from '../kit/json-fields.ts'
import { choicesOf, contentOf, readWireEvent } from './openai-wire.ts'

/** What a client knows of an answer from the stream's text that it was sent. Only paid for when a stream fails. */
export function readSent(stream: string): SentSoFar {
  const sent: Draft<SentSoFar> = {
    id: undefined,
    model: undefined,
    createdS: undefined,
    text: '',
    reasoning: '',
    spliceable: true,
  }
  for (const block of stream.split(/\r?\n\r?\n/)) {
    const event = readWireEvent(block)
    if (event.type !== 'chunk') continue
    sent.id ??= textOf(event.json.id)
    sent.model ??= textOf(event.json.model)
    sent.createdS ??= numberOf(event.json.created)
    for (const choice of choicesOf(event.json)) {
      const { index, text, reasoning, other } = contentOf(choice)
      sent.text += text
      sent.reasoning += reasoning
      if (other || index !== 0) sent.spliceable = false
    }
  }
  return sent
}
