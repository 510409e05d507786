import type { JsonObject, JsonValue } from '../contract/json.ts'
import { arrayOf, compact, numberOf, objectOf, parseObject, textOf } from '../kit/json-fields.ts'

/** OpenAI's built-in `local_shell` as a function that any model can be given; its arguments are those of the action. */
export const LOCAL_SHELL: JsonObject = {
  name: 'local_shell',
  description: "Runs a command on the user's machine and returns its output.",
  parameters: {
    type: 'object',
    properties: {
      command: { type: 'array', items: { type: 'string' }, description: 'The program and its arguments.' },
      working_directory: { type: 'string', description: 'Where to run it.' },
      timeout_ms: { type: 'number', description: 'How long it may take, in milliseconds.' },
      env: { type: 'object', additionalProperties: { type: 'string' }, description: 'Environment variables to set.' },
    },
    required: ['command'],
  },
}

/** The action of a `local_shell_call` from a function's arguments; undefined when they name no command. */
export function shellAction(argumentsJson: string): JsonObject | undefined {
  const given = parseObject(argumentsJson)
  const command = commandOf(given?.command)
  if (given === undefined || command === undefined) return undefined
  return compact({
    type: 'exec',
    command,
    env: textsOf(objectOf(given.env) ?? {}),
    working_directory: textOf(given.working_directory),
    timeout_ms: numberOf(given.timeout_ms),
    user: textOf(given.user),
  })
}

/** The function's arguments from an action that a client sends back. */
export function shellArguments(action: JsonObject): string {
  const { type: _exec, ...given } = action
  const env = objectOf(given.env)
  const kept = env !== undefined && Object.keys(env).length === 0 ? { ...given, env: undefined } : given
  return JSON.stringify(Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== null)))
}

/** A list of words; a model that wrote one line of shell meant a shell. */
function commandOf(value: JsonValue | undefined): readonly string[] | undefined {
  if (typeof value === 'string') return value === '' ? undefined : ['bash', '-lc', value]
  const words = arrayOf(value).filter((word) => typeof word === 'string')
  return words.length === 0 ? undefined : words
}

function textsOf(env: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => typeof value === 'string'))
}
