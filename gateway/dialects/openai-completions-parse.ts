import type { CompletionRequest, Sampling } from '../contract/chat.ts'
import type { CompletionsDialect } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { invalid, unsupported } from './invalid.ts'
import { numberOf, stringOf, textOf, isJsonArray, without } from '../kit/json-fields.ts'
import {
  checkModel,
  checkParameters,
  isAbsent,
  maxOutputTokens,
  readSampling,
  SHARED_KEYS,
} from './openai-parameters.ts'
import { estimateTokens } from './token-estimate.ts'

const KNOWN: ReadonlySet<string> = new Set([...SHARED_KEYS, 'prompt', 'suffix', 'echo'])

/** Refuses what no upstream could serve; a `suffix` asks for a model that can fill in the middle. */
export function inspectCompletion(body: JsonObject): ReturnType<CompletionsDialect['inspect']> {
  const failure = checkModel(body) ?? checkPrompt(body.prompt) ?? checkOwn(body) ?? checkParameters(body)
  if (failure !== undefined) return failure
  return {
    model: stringOf(body.model) ?? '',
    operation: 'completions',
    stream: body.stream === true,
    needs: textOf(body.suffix) === undefined ? [] : ['insert'],
    promptTokensEstimate: promptTokens(body),
    maxOutputTokens: maxOutputTokens(body),
  }
}

/** The whole body as the canonical request; token ids mean something only to the model that they were made for. */
export function parseCompletion(body: JsonObject): CompletionRequest | Failure {
  const prompts = readPrompts(body.prompt)
  if (prompts === undefined) {
    const message =
      '`prompt` holds token ids. Only upstreams with a completions route of their own take those; send text.'
    return unsupported('prompt', message)
  }
  return {
    model: stringOf(body.model) ?? '',
    prompts,
    suffix: textOf(body.suffix),
    echo: body.echo === true,
    sampling: readCompletionSampling(body),
    user: textOf(body.user),
    prefill: undefined,
    extra: without(body, KNOWN),
  }
}

function checkPrompt(prompt: JsonValue | undefined): Failure | undefined {
  if (isAbsent(prompt)) return invalid('prompt', '`prompt` is missing. Send the text to complete.')
  if (typeof prompt === 'string' || (isJsonArray(prompt) && prompt.length > 0 && isPromptList(prompt))) return undefined
  return invalid('prompt', '`prompt` must be a string, an array of strings, or an array of token ids.')
}

function isPromptList(prompt: readonly JsonValue[]): boolean {
  const isTokens = (value: JsonValue): boolean =>
    isJsonArray(value) && value.every((token) => typeof token === 'number')
  return prompt.every((item) => typeof item === 'string') || isTokens(prompt) || prompt.every(isTokens)
}

function checkOwn(body: JsonObject): Failure | undefined {
  if (!isAbsent(body.suffix) && typeof body.suffix !== 'string') return invalid('suffix', '`suffix` must be a string.')
  if (!isAbsent(body.echo) && typeof body.echo !== 'boolean') return invalid('echo', '`echo` must be true or false.')
  for (const key of ['logprobs', 'best_of']) {
    if (!isAbsent(body[key]) && typeof body[key] !== 'number') return invalid(key, `\`${key}\` must be a whole number.`)
  }
  return undefined
}

/** Token ids are counted exactly: each is one. */
function promptTokens(body: JsonObject): number {
  return estimateTokens(body.prompt, body.suffix)
}

function readPrompts(prompt: JsonValue | undefined): string[] | undefined {
  if (typeof prompt === 'string') return [prompt]
  if (!isJsonArray(prompt)) return undefined
  const texts = prompt.filter((item) => typeof item === 'string')
  return texts.length === prompt.length ? texts : undefined
}

/** Here `logprobs` is a number: how many alternatives to give for each token. */
function readCompletionSampling(body: JsonObject): Sampling {
  const sampling = readSampling(body)
  const alternatives = numberOf(body.logprobs)
  if (alternatives !== undefined) {
    sampling.logprobs = true
    sampling.topLogprobs = alternatives
  }
  return sampling
}
