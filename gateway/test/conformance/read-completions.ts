import type OpenAI from 'openai'
import { PROMPT, type Ask } from './ask.ts'
import { at, listAt, textAt } from './loose.ts'
import { SILENCE, type Meaning } from './meaning.ts'
import { chatUsage, type Manners } from './read-chat.ts'

/** Legacy completions, read with OpenAI's library. */
export async function readCompletion(client: OpenAI, { model, stream }: Ask, manners: Manners): Promise<Meaning> {
  const request = { model, prompt: PROMPT }
  if (!stream) return meaningOf([await client.completions.create(request)], manners)
  const chunks: unknown[] = []
  const stream_options = { include_usage: true }
  for await (const chunk of await client.completions.create({ ...request, stream: true, stream_options }))
    chunks.push(chunk)
  return meaningOf(chunks, manners)
}

function meaningOf(objects: readonly unknown[], manners: Manners): Meaning {
  const choices = objects.flatMap((object) => listAt(object, 'choices'))
  const texts = new Map<unknown, string>()
  for (const choice of choices) {
    const index = at(choice, 'index') ?? 0
    texts.set(index, (texts.get(index) ?? '') + textAt(choice, 'text'))
  }
  const [text = '', ...others] = [...texts].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, said]) => said)
  return {
    ...SILENCE,
    text,
    others,
    finish: choices.map((choice) => textAt(choice, 'finish_reason')).findLast((reason) => reason !== ''),
    usage: objects.map((object) => chatUsage(at(object, 'usage'), manners)).findLast((usage) => usage !== undefined),
  }
}
