import type { UpstreamModel } from '../../gateway/test/loops/gateway-text.ts'
import type { ModelServer } from '../../gateway/test/loops/model-server.ts'

/** What a client program is given: a gateway with a scripted upstream behind it, and folders of its own. */
export interface World {
  readonly upstream: ModelServer
  /** `http://127.0.0.1:N`, without `/v1`. */
  readonly gatewayUrl: string
  readonly key: string
  /** Where the program's packages were installed. */
  readonly packages: string
  /** An empty folder, made anew for each case: home and working folder of the program. */
  readonly home: string
  readonly work: string
}

/** One task of a program. */
export interface ClientCase {
  /** What the table says: `-> on-ollama`. */
  readonly name: string
  /** Gives what the program said; throws with what was wrong. */
  run(world: World): Promise<string>
}

/** A real client program from the npm registry. */
export interface ClientProgram {
  /** As it is asked for on the command line. */
  readonly name: string
  /** What is installed for it, with exact versions; empty: it is among the development tools. */
  readonly packages: readonly string[]
  cases(packages: string): Promise<readonly ClientCase[]> | readonly ClientCase[]
}

/** The command of a program that completes a task without anybody at the keyboard. */
export interface ProgramCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** How a program is told where the gateway is, and which model to use; it may write files into `home` and `work`. */
export type WriteCommand = (world: World, model: UpstreamModel, task: string) => Promise<ProgramCommand>
