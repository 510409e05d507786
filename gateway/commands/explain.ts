import type { CallerApp } from '../contract/call.ts'
import type { GatewayConfig } from '../contract/config.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { RequestFacts } from '../contract/route.ts'
import { readControls } from '../routing/controls.ts'
import type { Directory } from '../routing/directory.ts'
import { explainPlan } from '../routing/explain.ts'
import { idleSnapshot } from '../routing/idle-snapshot.ts'
import { plan } from '../routing/plan.ts'
import type { Command, CommandIo } from './command.ts'

/** What planning needs of the gateway; the configuration is read and the runners are looked for by the caller. */
export interface ExplainWorld {
  readonly config: GatewayConfig
  readonly directory: Directory
}

/** What the command gets passed, so that it is tested without files, sockets and a clock. */
export interface ExplainDeps {
  /** The world of this configuration file (undefined: as `serve` would find it), or what is wrong with it, in lines. */
  prepare(configPath: string | undefined, io: CommandIo): Promise<ExplainWorld | readonly string[]>
  /** What the chat dialect reads from a request body. */
  inspect(body: JsonObject): Omit<RequestFacts, 'controls' | 'tags'> | Failure
  /** The text of a file; rejects when there is none. */
  readText(path: string): Promise<string>
}

const USAGE = 'Usage: spillway explain [--config FILE] [--json] MODEL|request.json'

/** Nobody in particular: a key without restrictions. */
const ANYBODY: CallerApp = { id: 'explain', name: 'explain', models: undefined }

interface Options {
  readonly configPath: string | undefined
  readonly json: boolean
  readonly subject: string
}

/**
 * `spillway explain`: the plan for a model name or for a chat request in a file, as it would be made on a gateway
 * where nothing has happened yet. Random draws are replaced by the middle, so that it prints the same every time.
 */
export function createExplainCommand(deps: ExplainDeps): Command {
  return async (args, io) => {
    const options = readOptions(args)
    if (options === undefined) return fail(io, [USAGE])
    const body = await readBody(options.subject, deps)
    if (typeof body === 'string') return fail(io, [body])
    const facts = readFacts(body, deps)
    if (isFailure(facts)) return fail(io, [facts.message])
    const world = await deps.prepare(options.configPath, io)
    if (!('directory' in world)) return fail(io, world)

    const { config, directory } = world
    const planned = plan({
      facts,
      app: ANYBODY,
      directory,
      routing: config.routing,
      mode: config.mode,
      snapshot: idleSnapshot(io.clock.nowMs()),
      random: () => 0.5,
    })
    const explanation = explainPlan(facts, planned)
    const lines = options.json ? [JSON.stringify(explanation.json, null, 2)] : explanation.lines
    for (const line of lines) io.out(line)
    return 'plan' in planned ? 0 : 1
  }
}

function readOptions(args: readonly string[]): Options | undefined {
  let configPath: string | undefined
  let json = false
  const subjects: string[] = []
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? ''
    if (argument === '--json') json = true
    else if (argument === '--config') {
      index++
      configPath = args[index]
      if (configPath === undefined) return undefined
    } else if (argument.startsWith('--')) return undefined
    else subjects.push(argument)
  }
  const [subject, ...others] = subjects
  return subject === undefined || others.length > 0 ? undefined : { configPath, json, subject }
}

/** The request in a file that ends in `.json`, else the shortest request for the model; or what is wrong. */
async function readBody(subject: string, deps: ExplainDeps): Promise<JsonObject | string> {
  if (!subject.endsWith('.json')) return { model: subject, messages: [{ role: 'user', content: 'Hello' }] }
  try {
    const body: unknown = JSON.parse(await deps.readText(subject))
    return isJsonObject(body) ? body : `${subject} must hold one JSON object: the body of a chat request.`
  } catch (error) {
    return `${subject} cannot be read as a request: ${error instanceof Error ? error.message : String(error)}`
  }
}

function readFacts(body: JsonObject, deps: ExplainDeps): RequestFacts | Failure {
  const inspected = deps.inspect(body)
  if (isFailure(inspected)) return inspected
  const controls = readControls(body, {})
  return isFailure(controls) ? controls : { ...inspected, ...controls }
}

function fail(io: CommandIo, lines: readonly string[]): number {
  for (const line of lines) io.error(line)
  return 2
}
