import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { isJsonArray, objectOf } from '../kit/json-fields.ts'

/** True for a schema that refers to itself, by its root or through its definitions. */
export function isRecursive(schema: JsonObject): boolean {
  const { $defs, definitions, ...root } = schema
  const defined = [...namedRefs('#/$defs/', $defs), ...namedRefs('#/definitions/', definitions)]
  const graph = new Map<string, readonly string[]>([...defined, ['#', refsIn(root)]])
  return [...graph.keys()].some((name) => reaches(name, graph))
}

function namedRefs(prefix: string, schemas: JsonValue | undefined): [string, readonly string[]][] {
  return Object.entries(objectOf(schemas) ?? {}).map(([name, schema]) => [prefix + name, refsIn(schema)])
}

/** True when following the references from here leads back here. */
function reaches(start: string, graph: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set<string>()
  const next = [...(graph.get(start) ?? [])]
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    if (name === start) return true
    if (seen.has(name)) continue
    seen.add(name)
    next.push(...(graph.get(name) ?? []))
  }
  return false
}

function refsIn(value: JsonValue | undefined): readonly string[] {
  if (isJsonArray(value)) return value.flatMap(refsIn)
  if (!isJsonObject(value)) return []
  const { $ref, ...rest } = value
  const own = typeof $ref === 'string' ? [$ref] : []
  return [...own, ...Object.values(rest).flatMap(refsIn)]
}
