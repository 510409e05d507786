import type { ChatDialect } from '../contract/dialect.ts'
import { openaiErrorReply } from './openai-error.ts'
import { inspectResponses } from './responses-inspect.ts'
import { parseResponses } from './responses-parse.ts'
import { createResponsesPassing } from './responses-passing.ts'
import { readResponsesReply } from './responses-wire-event.ts'
import { createResponsesCollector, createResponsesWriter } from './responses-writer.ts'

/** `POST /v1/responses`. An answer that was cut is not continued: its items, ids and signatures cannot be spliced. */
export const openaiResponses: ChatDialect = {
  id: 'openai-responses',
  verbatimRoute: 'responses',
  idPrefix: 'resp_',
  error: openaiErrorReply,
  inspect: inspectResponses,
  parse: parseResponses,
  writer: createResponsesWriter,
  collector: createResponsesCollector,
  passing: createResponsesPassing,
  readReply: readResponsesReply,
}
