import type { HostedTool, Tool } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { arrayOf, booleanOf, objectOf, stringOf, textOf } from '../kit/json-fields.ts'
import { CUSTOM_PARAMETERS, customDescription } from './responses-custom-tool.ts'
import { LOCAL_SHELL } from './responses-local-shell.ts'

/** A tool that the client runs, as the client itself knows it. */
export interface ClientTool {
  readonly kind: 'function' | 'custom' | 'local_shell'
  readonly name: string
  readonly namespace: string | undefined
}

/** The `tools` of a request: what any model can be given, what only OpenAI runs, and how names lead back. */
export interface ReadTools {
  readonly tools: readonly Tool[]
  readonly hosted: readonly HostedTool[]
  readonly conversions: readonly Conversion[]
  /** By the name that the model sees. */
  readonly byName: ReadonlyMap<string, ClientTool>
}

/** OpenAI's bound on a function's name, which most upstreams share. */
const LONGEST_NAME = 64

/**
 * Reads the flat tools of the Responses API. Namespaces are opened, custom tools and the local shell become functions;
 * every other type (web_search, tool_search, mcp...) is run by its maker and kept as it is.
 */
export function readTools(body: JsonObject): ReadTools {
  const reading = new Reading()
  for (const [index, tool] of arrayOf(body.tools).entries()) {
    if (isJsonObject(tool)) reading.read(tool, `tools[${index}]`, undefined)
  }
  return reading
}

/** The name by which the model knows a tool of the client; for one that is no longer offered, a likely one. */
export function modelName(read: ReadTools, name: string, namespace: string | undefined): string {
  const found = [...read.byName].filter(([, tool]) => tool.name === name)
  const exact = found.find(([, tool]) => tool.namespace === namespace)
  const [known] = exact ?? (namespace === undefined ? found[0] : undefined) ?? []
  if (known !== undefined) return known
  return namespace === undefined ? name : joinedName(namespace, name)
}

class Reading implements ReadTools {
  readonly tools: Tool[] = []
  readonly hosted: HostedTool[] = []
  readonly conversions: Conversion[] = []
  readonly byName = new Map<string, ClientTool>()

  read(tool: JsonObject, field: string, namespace: string | undefined): void {
    switch (stringOf(tool.type) ?? '') {
      case 'function':
        this.#add(tool, 'function', { field, namespace })
        break
      case 'custom':
        if (this.#add(tool, 'custom', { field, namespace })) this.#note(field, 'changed', FREE_FORM)
        break
      case 'local_shell':
        this.#add({ ...LOCAL_SHELL }, 'local_shell', { field, namespace })
        break
      case 'namespace':
        this.#open(tool, field)
        break
      default:
        this.hosted.push({ maker: 'openai', type: stringOf(tool.type) ?? '', definition: tool })
    }
  }

  #open(namespace: JsonObject, field: string): void {
    const inner = arrayOf(namespace.tools).filter(isJsonObject)
    const name = stringOf(namespace.name) ?? ''
    for (const [index, tool] of inner.entries()) {
      // Only what the client runs can be opened; a hosted tool inside goes wherever hosted ones go.
      this.read(tool, `${field}.tools[${index}]`, name)
    }
  }

  #add(tool: JsonObject, kind: ClientTool['kind'], where: { field: string; namespace: string | undefined }): boolean {
    const own = stringOf(tool.name) ?? ''
    const name = this.#freeName(own, where.namespace)
    if (name === undefined) {
      this.#note(where.field, 'dropped', 'has the name of a tool before it')
      return false
    }
    this.byName.set(name, { kind, name: own, namespace: where.namespace })
    this.tools.push({
      name,
      description: kind === 'custom' ? customDescription(tool) : textOf(tool.description),
      parameters: kind === 'custom' ? CUSTOM_PARAMETERS : objectOf(tool.parameters),
      strict: booleanOf(tool.strict),
    })
    return true
  }

  #freeName(name: string, namespace: string | undefined): string | undefined {
    const joined = namespace === undefined ? name : joinedName(namespace, name)
    return [joined, name].find((candidate) => !this.byName.has(candidate) && fits(candidate, name))
  }

  #note(field: string, did: Conversion['did'], why: string): void {
    this.conversions.push({ field, did, why, matters: false })
  }
}

const FREE_FORM = 'is a free-form tool and is offered as a function with one text, its grammar in the description'

/** A client's own name is never refused for its length: that is between the client and its model. */
function fits(candidate: string, own: string): boolean {
  return candidate === own || candidate.length <= LONGEST_NAME
}

/** Some namespaces end with the separator already (`mcp__docs__`), and some hold what no function's name may. */
function joinedName(namespace: string, name: string): string {
  const prefix = namespace.replace(/[^a-zA-Z0-9_-]/g, '_')
  return prefix.endsWith('__') ? prefix + name : `${prefix}__${name}`
}
