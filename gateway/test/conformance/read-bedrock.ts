import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  type ContentBlock,
  type ConverseResponse,
  type ConverseStreamOutput,
} from '@aws-sdk/client-bedrock-runtime'
import { Readable } from 'node:stream'
import type { JsonObject } from '../../contract/json.ts'
import { bedrockFinish } from './bedrock-finish.ts'
import type { Recording } from './corpus.ts'
import { parsed } from './loose.ts'
import { parsedArguments, SILENCE, type CalledTool, type CountedTokens, type Meaning } from './meaning.ts'
import { readNative } from './read-native.ts'

const model = { modelId: 'm', messages: [] }
const invoked = { modelId: 'm', body: '{}' }

/** Bedrock, read with AWS's library, which is handed the recorded bytes in place of a connection. */
export async function readBedrock(recording: Recording): Promise<Meaning> {
  const client = clientOf(recording)
  switch (recording.api) {
    case 'converse':
      return whole(await client.send(new ConverseCommand(model)))
    case 'converse-stream': {
      const { stream } = await client.send(new ConverseStreamCommand(model))
      return streamed(stream ?? none())
    }
    case 'invoke': {
      const { body } = await client.send(new InvokeModelCommand(invoked))
      return readNative([parsed(Buffer.from(body).toString())], recording.headers)
    }
    default: {
      const { body } = await client.send(new InvokeModelWithResponseStreamCommand(invoked))
      const chunks: JsonObject[] = []
      for await (const { chunk } of body ?? none()) chunks.push(parsed(Buffer.from(chunk?.bytes ?? []).toString()))
      return readNative(chunks, {})
    }
  }
}

async function* none(): AsyncGenerator<never> {}

function clientOf({ status, headers, body }: Recording): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    requestHandler: {
      handle: async () => ({ response: { statusCode: status, headers: { ...headers }, body: Readable.from([body]) } }),
    },
  })
}

function whole({ output, stopReason, usage }: ConverseResponse): Meaning {
  const content: readonly ContentBlock[] = output?.message?.content ?? []
  const tools = content.flatMap(({ toolUse }): CalledTool[] =>
    toolUse === undefined || toolUse.type === 'server_tool_use'
      ? []
      : [{ name: toolUse.name ?? '', arguments: JSON.parse(JSON.stringify(toolUse.input)) }],
  )
  return {
    ...SILENCE,
    text: content.map(textOf).join(''),
    reasoning: content.map((block) => block.reasoningContent?.reasoningText?.text ?? '').join(''),
    tools,
    finish: bedrockFinish(stopReason, tools.length > 0),
    usage: usageOf(usage),
  }
}

function textOf(block: ContentBlock): string {
  return block.text ?? block.citationsContent?.content?.map((part) => part.text ?? '').join('') ?? ''
}

async function streamed(stream: AsyncIterable<ConverseStreamOutput>): Promise<Meaning> {
  let meaning = SILENCE
  let stop: string | undefined
  const calls = new Map<number, { name: string; json: string }>()
  for await (const event of stream) {
    const delta = event.contentBlockDelta?.delta
    const index = event.contentBlockStart?.contentBlockIndex ?? event.contentBlockDelta?.contentBlockIndex ?? 0
    const started = event.contentBlockStart?.start?.toolUse
    if (started !== undefined && started.type !== 'server_tool_use') {
      calls.set(index, { name: started.name ?? '', json: '' })
    }
    const call = calls.get(index)
    if (call !== undefined) call.json += delta?.toolUse?.input ?? ''
    stop = event.messageStop?.stopReason ?? stop
    meaning = {
      ...meaning,
      text: meaning.text + (delta?.text ?? ''),
      reasoning: meaning.reasoning + (delta?.reasoningContent?.text ?? ''),
      usage: usageOf(event.metadata?.usage) ?? meaning.usage,
    }
  }
  const tools = [...calls.values()].map(({ name, json }) => ({ name, arguments: parsedArguments(json) }))
  return { ...meaning, tools, finish: bedrockFinish(stop, tools.length > 0) }
}

function usageOf(usage: ConverseResponse['usage']): CountedTokens | undefined {
  if (usage === undefined) return undefined
  const { inputTokens = 0, outputTokens = 0, cacheReadInputTokens = 0, cacheWriteInputTokens = 0 } = usage
  return {
    input: inputTokens + cacheReadInputTokens + cacheWriteInputTokens,
    output: outputTokens,
    cacheRead: cacheReadInputTokens,
    reasoning: 0,
  }
}
