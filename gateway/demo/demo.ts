import type { Clock } from '../contract/clock.ts'
import { CLOUD_MODEL, startDemoCloud } from './demo-cloud.ts'
import { RUNNER_MODEL, startDemoRunner } from './demo-runner.ts'
import { type DemoSample, samples } from './demo-samples.ts'

export interface DemoOptions {
  readonly clock: Clock
  /** One line for the person who watches. */
  readonly out: (line: string) => void
}

/** A scripted runner and a scripted cloud, and the configuration that puts a gateway in front of them. */
export interface Demo {
  readonly ollamaUrl: string
  readonly cloudUrl: string
  /** A whole `spillway.yaml`: `chat` is the runner first, one request at a time, then the cloud. */
  readonly configText: string
  readonly samples: readonly DemoSample[]
  stop(): Promise<void>
}

/** Starts both on free ports of 127.0.0.1. Rejects when a port cannot be opened. */
export async function startDemo({ clock, out }: DemoOptions): Promise<Demo> {
  const runner = await startDemoRunner(clock)
  const cloud = await startDemoCloud(clock)
  out(`A scripted local runner (Ollama's wire, one slot) is at ${runner.url}.`)
  out(`A scripted cloud (OpenAI's wire) is at ${cloud.url}.`)
  return {
    ollamaUrl: runner.url,
    cloudUrl: cloud.url,
    configText: configText(runner.url, cloud.url),
    samples,
    stop: async () => {
      await Promise.all([runner.stop(), cloud.stop()])
    },
  }
}

function configText(runnerUrl: string, cloudUrl: string): string {
  return `# The demo's configuration: a runner on this machine first, the cloud when the runner is busy.
discovery: false
providers:
  laptop: { kind: ollama, base_url: '${runnerUrl}', locality: device }
  cloud: { kind: openai, base_url: '${cloudUrl}/v1', locality: cloud }
models:
  chat:
    targets:
      - { use: 'laptop/${RUNNER_MODEL}', max_parallel: 1 }
      - { use: 'cloud/${CLOUD_MODEL}', tier: 2 }
`
}
