/** What an answer says, in one vocabulary, whoever read it. */
export interface Meaning {
  readonly text: string
  /** The texts of further answers, where several were asked for. */
  readonly others: readonly string[]
  readonly reasoning: string
  readonly refusal: string
  readonly tools: readonly CalledTool[]
  /** OpenAI's word for it; undefined where nobody said. */
  readonly finish: string | undefined
  /** Undefined where nobody counted. */
  readonly usage: CountedTokens | undefined
}

export interface CalledTool {
  readonly name: string
  /** Parsed JSON; text where it is none. */
  readonly arguments: unknown
}

/** `input` includes what came from a cache or went into one, `output` includes reasoning. What was not told is 0. */
export interface CountedTokens {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly reasoning: number
}

/** What a client raised. */
export interface Raised {
  /** Undefined where it stood inside a stream. */
  readonly status: number | undefined
  readonly message: string
  /** Everything that a developer would see of it. */
  readonly text: string
}

export type Outcome = { readonly answer: Meaning } | { readonly raised: Raised }

export const SILENCE: Meaning = {
  text: '',
  others: [],
  reasoning: '',
  refusal: '',
  tools: [],
  finish: undefined,
  usage: undefined,
}

/** Waits for a reading, and takes what it throws for an outcome, too. */
export async function outcomeOf(reading: Promise<Meaning>): Promise<Outcome> {
  try {
    return { answer: await reading }
  } catch (error) {
    return { raised: raisedFrom(error) }
  }
}

/** The client was content, but a program that looks closely sees that there is no end. */
export class NoEnd extends Error {}

function raisedFrom(error: unknown): Raised {
  if (!(error instanceof Error)) return { status: undefined, message: String(error), text: String(error) }
  const { status, status_code: code, $metadata: metadata } = error as Error & Loose // errors of five libraries
  const found = [status, code, metadata?.httpStatusCode].find((value) => typeof value === 'number')
  return {
    status: found,
    message: error instanceof NoEnd ? '' : error.message,
    text: `${error.message} ${JSON.stringify(error)}`,
  }
}

interface Loose {
  readonly status?: unknown
  readonly status_code?: unknown
  readonly $metadata?: { readonly httpStatusCode?: unknown }
}

/** Arguments as they are compared: JSON by its value, anything else as the text that it is. */
export function parsedArguments(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text)
  } catch {
    return text
  }
}
