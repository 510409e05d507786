import type { ChatRequest, CompletionRequest } from '../contract/chat.ts'
import type { Failure, FailureKind } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type {
  EmbeddingsTranslation,
  HttpRequest,
  Provider,
  Signing,
  Translation,
  VerbatimPath,
  VerbatimRoute,
} from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import {
  azureModel,
  azurePath,
  isAzureResource,
  isMicrosoft,
  normaliseAzureUrl,
  takesCompletionTokens,
  type AzureRules,
} from './azure-address.ts'
import { AZURE_SETTINGS } from './azure-settings.ts'
import { COMMON_ROUTES, postJson } from './openai-compatible.ts'
import { readEmbeddings } from './openai-embeddings.ts'
import type { Quirks } from './openai-quirks.ts'
import { openAiReader } from './openai-reader.ts'
import { chatBody, completionBody, embeddingsBody } from './openai-request.ts'
import { isReasoningModel, isResponsesOnly, saysResponses } from './responses-models.ts'
import { overResponses } from './responses-targets.ts'
import { unsupported, upstreamFailure, type Upstream } from './upstream-failure.ts'

/** How the two names under which Azure serves models differ. */
interface AzureOptions extends AzureRules {
  readonly id: string
  readonly aliases: readonly string[]
  readonly label: string
  readonly baseUrlEnv: readonly string[]
  readonly keyEnv: readonly string[]
}

const ROUTES: readonly VerbatimRoute[] = [
  ...COMMON_ROUTES,
  'images/generations',
  'images/edits',
  'audio/speech',
  'audio/transcriptions',
  'audio/translations',
  'responses',
]

const SCOPE = 'https://cognitiveservices.azure.com/.default'

/** Azure OpenAI. The models of a target are the names of deployments. */
export const azure: Provider = azureProvider({
  id: 'azure',
  aliases: ['azure_text'],
  label: 'Azure OpenAI',
  bare: 'deployments',
  baseUrlEnv: ['AZURE_API_BASE', 'AZURE_OPENAI_ENDPOINT'],
  keyEnv: ['AZURE_API_KEY', 'AZURE_OPENAI_API_KEY'],
})

/** Azure AI Foundry, for models of any maker. */
export const azureAi: Provider = azureProvider({
  id: 'azure_ai',
  aliases: [],
  label: 'Azure AI Foundry',
  bare: 'models',
  baseUrlEnv: ['AZURE_AI_API_BASE'],
  keyEnv: ['AZURE_AI_API_KEY'],
})

function azureProvider(options: AzureOptions): Provider {
  const { id, aliases, label, baseUrlEnv, keyEnv } = options
  const upstream: Upstream = { label, keyEnv, hint }
  const pathFor =
    (route: VerbatimRoute): VerbatimPath =>
    (target) =>
      azurePath(target, route, options)
  const chatOnly: Provider = {
    id,
    aliases,
    label,
    // No key: Entra's tokens do as well.
    defaults: { baseUrlEnv, keyEnv, keyRequired: false, locality: 'cloud' },
    normaliseBaseUrl: normaliseAzureUrl,
    settings: AZURE_SETTINGS,
    prefill: false,
    verbatim: Object.fromEntries(ROUTES.map((route) => [route, pathFor(route)])),
    headers: (target) => azureHeaders(target, id),
    signing,
    verbatimEdits: (_body, _route, target) => renamed(target),
    chat: chatTranslation(upstream, options),
    completions: completionsTranslation(upstream, options),
    embeddings: embeddingsTranslation(upstream, options),
    failure: (head, body) => upstreamFailure(upstream, head, body),
  }
  return overResponses(chatOnly, (target) => saysResponses(target) || isResponsesOnly(azureModel(target)), {
    upstream,
    modelName: azureModel,
    path: (target) => azurePath(target, 'responses', options),
  })
}

/** A key goes into a header of Azure's own, a token into the usual one; with neither, the request is signed. */
function azureHeaders(target: Target, id: string): Record<string, string> {
  const token = target.secrets?.['azure_ad_token']
  if (target.key !== undefined) {
    const key = target.key.reveal()
    // Endpoints of single models take it as a bearer.
    return id === 'azure' || isAzureResource(target) ? { 'api-key': key } : { authorization: `Bearer ${key}` }
  }
  return token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }
}

/** Without a key, with an identity: this machine's, or the one in the settings. Only Microsoft is sent it unasked. */
function signing(target: Target): Signing | undefined {
  if (target.key !== undefined || target.secrets?.['azure_ad_token'] !== undefined) return undefined
  const scope = target.settings?.['scope']
  if (scope === undefined && !isMicrosoft(target)) return undefined
  return { kind: 'azure-entra', scope: scope ?? SCOPE }
}

function renamed(target: Target): JsonObject {
  const model = azureModel(target)
  return model === target.model ? {} : { model }
}

function quirksOf(target: Target, rules: AzureRules): Quirks {
  const thinks = /(?:^|\/)(?:o_series|gpt5_series)\//.test(target.model) || isReasoningModel(azureModel(target))
  const isNew = thinks || takesCompletionTokens(target, rules)
  return { developerRole: thinks, ...(isNew && { maxTokensKey: 'max_completion_tokens' }) }
}

function chatTranslation(upstream: Upstream, rules: AzureRules): Translation<ChatRequest> {
  return {
    request: (chat, target, { stream }) => {
      const body = chatBody(chat, { model: azureModel(target), stream, quirks: quirksOf(target, rules) })
      return post(target, 'chat/completions', body, { upstream, rules })
    },
    reader: () => openAiReader(upstream),
  }
}

function completionsTranslation(upstream: Upstream, rules: AzureRules): Translation<CompletionRequest> {
  return {
    request: (request, target, { stream }) => {
      const body = completionBody(request, { model: azureModel(target), stream, quirks: {} })
      return post(target, 'completions', body, { upstream, rules })
    },
    reader: () => openAiReader(upstream),
  }
}

function embeddingsTranslation(upstream: Upstream, rules: AzureRules): EmbeddingsTranslation {
  return {
    request: (request, target) =>
      post(target, 'embeddings', embeddingsBody(request, azureModel(target)), { upstream, rules }),
    reply: (body) => readEmbeddings(upstream, body),
  }
}

function post(
  target: Target,
  route: VerbatimRoute,
  body: JsonObject,
  { upstream, rules }: { upstream: Upstream; rules: AzureRules },
): HttpRequest | Failure {
  const path = azurePath(target, route, rules)
  if (path !== undefined) return postJson(path, body)
  return unsupported(upstream, `does not serve ${route} at this address. Use the resource's own as base_url.`)
}

function hint(kind: FailureKind): string | undefined {
  if (kind === 'model-missing') {
    return "Azure wants the deployment's name, not the model's: see the resource's deployments, and check its address and the api_version."
  }
  if (kind === 'unauthorized-upstream') {
    return 'Check the key of this resource, or that the identity has the role "Cognitive Services OpenAI User".'
  }
  return undefined
}
