import type { JsonObject } from '../contract/json.ts'
import { objectOf, parseObject, stringOf, textOf } from '../kit/json-fields.ts'

/**
 * A custom tool takes free text, possibly after a grammar. Elsewhere it is a function with that text as its only
 * argument; the grammar cannot be enforced there, so the model is told of it in words.
 */
export const CUSTOM_PARAMETERS: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string', description: "The tool's whole input, as plain text." } },
  required: ['input'],
  additionalProperties: false,
}

/** What the model is told of a custom tool. */
export function customDescription(tool: JsonObject): string | undefined {
  const format = objectOf(tool.format)
  const description = textOf(tool.description)
  // Older clients put the grammar beside `syntax`, newer ones into an object of its own.
  const grammar = objectOf(format?.grammar) ?? format
  const definition = textOf(grammar?.definition)
  if (format?.type !== 'grammar' || definition === undefined) return description
  const syntax = textOf(grammar?.syntax) ?? 'lark'
  const rule = `The input must match this ${syntax} grammar:\n${definition}`
  return description === undefined ? rule : `${description}\n\n${rule}`
}

/** A custom tool's text as the arguments of the function that stands for it. */
export function customArguments(input: string): string {
  return JSON.stringify({ input })
}

/**
 * The text that a model meant for a custom tool. Models that were not trained on the wrapping sometimes leave it out or
 * choose another name for the argument.
 */
export function customInput(argumentsJson: string): string {
  const parsed = parseObject(argumentsJson)
  if (parsed === undefined) return argumentsJson
  const input = stringOf(parsed.input)
  if (input !== undefined) return input
  const [only, ...others] = Object.values(parsed)
  return typeof only === 'string' && others.length === 0 ? only : argumentsJson
}
