import type { CompletionsDialect } from '../contract/dialect.ts'
import { createCollector } from './openai-collector.ts'
import { inspectCompletion, parseCompletion } from './openai-completions-parse.ts'
import { createCompletionsWriter } from './openai-completions-writer.ts'
import { openaiErrorReply } from './openai-error.ts'
import { createPassing } from './openai-passing.ts'
import { readChoicesReply } from './openai-reply.ts'

/** `POST /v1/completions`: legacy completions and fill-in-the-middle. */
export const openaiCompletions: CompletionsDialect = {
  id: 'openai-completions',
  verbatimRoute: 'completions',
  idPrefix: 'cmpl-',
  error: openaiErrorReply,
  inspect: inspectCompletion,
  parse: parseCompletion,
  writer: createCompletionsWriter,
  collector: (context) =>
    createCollector(context, {
      object: 'text_completion',
      choice: (index, { text, logprobs, finish }) => ({
        index,
        text,
        logprobs: logprobs ?? null,
        finish_reason: finish ?? null,
      }),
    }),
  passing: createPassing,
  readReply: readChoicesReply,
}
