import type { ErrorDialect, ErrorReply } from '../contract/dialect.ts'
import type { Failure, FailureKind } from '../contract/failure.ts'
import { openaiErrorReply } from './openai-error.ts'

/**
 * A failure as Ollama reports it: `{"error": "text"}` (docs/api/errors.mdx). Statuses and retry headers are those of
 * every other route; the text of a 404 begins as Ollama's own does, because clients look for it before they offer to
 * pull a model.
 */
export function ollamaErrorReply(failure: Failure): ErrorReply {
  const { status, headers } = openaiErrorReply(failure)
  return { status, headers, body: { error: errorText(failure) } }
}

/** The error dialect of every route under `/api/`. */
export const ollamaErrors: ErrorDialect = { error: ollamaErrorReply }

/** The line that ends a stream which failed: clients raise on it, and `done` never comes. */
export function ollamaErrorLine(failure: Failure): string {
  return `${JSON.stringify({ error: errorText(failure) })}\n`
}

const NOT_FOUND: ReadonlySet<FailureKind> = new Set(['unknown-model', 'model-missing'])

function errorText({ kind, message }: Failure): string {
  if (!NOT_FOUND.has(kind) || /\bmodel ['"].*['"] not found/.test(message)) return message
  const name = /['"`]([^'"`]+)['"`]/.exec(message)?.[1]
  return name === undefined ? `model not found: ${message}` : `model '${name}' not found: ${message}`
}
