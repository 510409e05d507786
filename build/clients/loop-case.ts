import { AWS_KEY_ID, UPSTREAM_MODELS, type UpstreamModel } from '../../gateway/test/loops/gateway-text.ts'
import { callsOnce } from '../../gateway/test/loops/model-server.ts'
import { NOTE, NOTE_TEXT, TOOL_NAME, type ToolLoop } from '../../gateway/test/loops/tool-loop.ts'
import type { ClientCase, World } from './client-program.ts'

/** The loop against every upstream, as one line of the table. */
export function loopCase(loop: ToolLoop, models: readonly UpstreamModel[] = UPSTREAM_MODELS): ClientCase {
  return {
    name: loop.client,
    run: async (world) => {
      const failed: string[] = []
      for (const model of models) {
        await runLoop(world, loop, model).catch((error: unknown) => {
          failed.push(`${model}: ${error instanceof Error ? error.message : String(error)}`)
        })
      }
      if (failed.length > 0) throw new Error(failed.join('\n'))
      return `two turns each: ${models.join(', ')}`
    },
  }
}

async function runLoop({ upstream, gatewayUrl, key }: World, loop: ToolLoop, model: UpstreamModel): Promise<void> {
  upstream.heard.splice(0)
  upstream.brain = callsOnce(TOOL_NAME, NOTE)
  const { text, ran } = await loop.run({ url: gatewayUrl, key, model })
  const expect = (holds: boolean, otherwise: string): void => {
    if (!holds) throw new Error(otherwise)
  }
  expect(ran.join() === NOTE.name, `the tool was run with ${ran.join() || 'nothing'}`)
  expect(text === `Done: ${NOTE_TEXT}`, `it ended with "${text}"`)
  expect(upstream.heard.at(-1)?.results.join() === NOTE_TEXT, 'the model did not see the result')
  const signed = new RegExp(`^AWS4-HMAC-SHA256 Credential=${AWS_KEY_ID}/\\d{8}/eu-central-1/bedrock/aws4_request,`)
  const areSigned = upstream.heard.every(({ headers }) => signed.test(headers.authorization ?? ''))
  expect(model !== 'on-bedrock' || areSigned, 'a request to Bedrock was not signed')
}
