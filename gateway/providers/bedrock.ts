import type { ChatRequest } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { HttpRequest, Provider, TokenCountTranslation, Translation } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { countOf, objectOf, parseJson } from '../kit/json-fields.ts'
import { withoutSlash } from './base-url.ts'
import type { AnswerContext } from './bedrock-answer.ts'
import { bedrockEmbeddings } from './bedrock-embeddings.ts'
import { bedrockFailure } from './bedrock-failure.ts'
import { invokeRequest } from './bedrock-invoke.ts'
import { bedrockModel, makerOf, type BedrockModel } from './bedrock-model.ts'
import { clientToolNames } from './bedrock-names.ts'
import { noAnswer } from './bedrock-frames.ts'
import { bedrockReader } from './bedrock-reader.ts'
import { converseBody, converseRequest, modelPath } from './bedrock-request.ts'
import { awsSettings, awsSigning, endpointSetting, regionInUrl, runtimeUrl } from './bedrock-settings.ts'
import { bearerHeaders, postJson } from './openai-compatible.ts'
import { unsupported, type Upstream } from './upstream-failure.ts'

const upstream: Upstream = { label: 'Bedrock', keyEnv: ['AWS_BEARER_TOKEN_BEDROCK'] }

/**
 * AWS Bedrock over Converse, which is the same for every model, or over `invoke` (`invoke/<id>`) in the model's own wire.
 * A bearer key is sent as it is; without one, requests are signed with AWS credentials.
 */
export const bedrock: Provider = {
  id: 'bedrock',
  aliases: ['bedrock_converse'],
  label: upstream.label,
  defaults: { baseUrlEnv: [], keyEnv: upstream.keyEnv, keyRequired: false, locality: 'cloud' },
  normaliseBaseUrl: withoutSlash,
  prefill: true,
  verbatim: {},
  headers: bearerHeaders,
  signing: (target) => awsSigning(target, 'bedrock', bedrockModel(target.model).region),
  settings: [...awsSettings, endpointSetting],
  baseUrlFrom: runtimeUrl,
  chat: chatTranslation(),
  embeddings: bedrockEmbeddings(upstream),
  tokenCount: tokenCount(),
  failure: (head, body) => bedrockFailure(upstream, head, body),
}

function chatTranslation(): Translation<ChatRequest> {
  return {
    request(chat, target, { stream }) {
      const model = bedrockModel(target.model)
      const context = { upstream, model, stream }
      const elsewhere = otherRegion(model, target)
      if (elsewhere !== undefined) return elsewhere
      return model.api === 'invoke' ? invokeRequest(chat, context) : converseRequest(chat, context)
    },
    reader(head, chat, target) {
      const model = target === undefined ? undefined : bedrockModel(target.model)
      const context: AnswerContext = {
        upstream,
        toolNames: clientToolNames(chat),
        // Of all models only Claude is known to sign its thoughts.
        maker: model === undefined ? 'anthropic' : makerOf(model),
      }
      return bedrockReader(head, context)
    },
  }
}

/** A request goes where the target's address leads; a model that names another region would not be found there. */
function otherRegion({ region }: BedrockModel, { baseUrl }: Target): Failure | undefined {
  const ours = regionInUrl(baseUrl)
  if (region === undefined || ours === undefined || region === ours) return undefined
  const sentence = `is asked for a model of ${region}, while this target is in ${ours}.`
  return unsupported(upstream, `${sentence} Set its region to ${region}.`)
}

/** Only Claude's tokens can be counted. Source: Bedrock, "CountTokens". */
function tokenCount(): TokenCountTranslation {
  return {
    request(chat, target) {
      const model = bedrockModel(target.model)
      if (model.claude === undefined) return unsupported(upstream, 'counts only the tokens of Claude.')
      return countRequest(chat, model)
    },
    reply(body) {
      const tokens = countOf(objectOf(parseJson(body))?.['inputTokens'])
      return tokens ?? noAnswer(upstream, body)
    },
  }
}

function countRequest(chat: ChatRequest, model: BedrockModel): HttpRequest | Failure {
  const context = { upstream, model, conversions: [], documents: new Set<string>() }
  const body = converseBody(chat, context, false)
  if (isFailure(body)) return body
  const { messages, system, toolConfig, additionalModelRequestFields } = body
  const converse = { messages, system, toolConfig, additionalModelRequestFields }
  return postJson(modelPath(model, 'count-tokens'), { input: { converse } })
}
