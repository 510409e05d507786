import type { JsonValue } from '../contract/json.ts'
import type { Capability, ListedModel } from '../contract/provider.ts'
import { objectsAt, textAt } from '../kit/json-fields.ts'

/** How one kind of runner is recognised. A port never proves anything, and neither does a 200: only a body does. */
export interface Fingerprint {
  /** Registry id of its provider. */
  readonly provider: string
  /** What follows the address in the provider's base URL. */
  readonly basePath: '' | '/v1' | '/engines/v1'
  /** What it is worth asking for, seeing the reply to `GET /v1/models`; none: it is something else. */
  paths(answers: Answers): readonly string[]
  /** What stands there, from the replies to those paths; undefined: not this runner. */
  recognise(answers: Answers): Identity | undefined
}

export interface Identity {
  readonly version: string | undefined
  readonly models: readonly ListedModel[]
  /** Addresses of servers that this runner started for itself, and that must not be listed a second time. */
  readonly children?: readonly string[]
}

/** The replies of one address so far. */
export interface Answers {
  /** The body of a reply with status 200, as JSON; undefined for everything else. */
  json(path: string): JsonValue | undefined
  /** The same as text. */
  text(path: string): string | undefined
}

/** Every runner has this route; it is asked for first. */
export const MODELS_PATH = '/v1/models'

/** Who the listing says that its models belong to: most runners put their own name there. */
export function ownersOf(answers: Answers): readonly string[] {
  return listed(answers).flatMap((model) => textAt(model, 'owned_by') ?? [])
}

/** The listing's entries that have an id. */
export function listed(answers: Answers): readonly JsonValue[] {
  return (objectsAt(answers.json(MODELS_PATH), 'data') ?? []).filter((model) => textAt(model, 'id') !== undefined)
}

/** What is known of a model, with undefined for what is not. */
export interface ModelFacts {
  readonly contextTokens?: number | undefined
  readonly capabilities?: readonly Capability[] | undefined
  readonly remote?: boolean | undefined
}

/** A model's entry, without keys for what is not known. */
export function listedModel(id: string, { contextTokens, capabilities, remote }: ModelFacts): ListedModel {
  return {
    id,
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(remote === true ? { remote } : {}),
  }
}
