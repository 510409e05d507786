/** What a client asks for in a case: no more than makes the recorded answer a possible one. */
export interface Ask {
  readonly model: string
  readonly stream: boolean
  /** Names of the tools that the answer calls. */
  readonly tools: readonly string[]
  readonly image: boolean
  readonly format: 'text' | 'json' | 'schema'
}

export const PROMPT = 'What is the weather in Tokyo?'

/** One transparent pixel. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

/** A name that only the client's schema has, by which it is found in what goes upstream. */
export const SCHEMA_FIELD = 'temperature_in_tokyo'

export const SCHEMA = {
  type: 'object' as const,
  properties: { [SCHEMA_FIELD]: { type: 'number' } },
  required: [SCHEMA_FIELD],
  additionalProperties: false,
}

/** Parameters of every tool: none are known, so any are allowed. */
export const ANY_PARAMETERS = { type: 'object' as const, properties: {} }
