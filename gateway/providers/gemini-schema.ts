import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { arrayOf, compact, isJsonArray, objectOf, stringOf, without } from '../kit/json-fields.ts'

/** Words about the schema itself, which say nothing about a value. */
const NOT_SENT: ReadonlySet<string> = new Set(['$schema', '$comment', 'definitions', 'allOf', 'const'])
/** Keys under which names are the user's own, so that a property called `const` stays one. */
const NAMED_SCHEMAS: ReadonlySet<string> = new Set(['properties', '$defs', 'patternProperties', 'dependentSchemas'])
/** Keys that hold values, not schemas. */
const VALUES: ReadonlySet<string> = new Set(['enum', 'default', 'example', 'examples', 'required', 'type'])

/**
 * A JSON Schema as `parametersJsonSchema` and `responseJsonSchema` take it. These fields, and not the OpenAPI subset of
 * `parameters` and `responseSchema`, because they keep `$ref`, unions with null and `additionalProperties`, and Google
 * lets unknown keywords pass (aiplatform v1, `GenerationConfig.responseJsonSchema`). What it ignores although the
 * answer depends on it is said in words that it knows: `const` as an `enum` of one, `allOf` merged, draft 7's `definitions` as
 * `$defs`; and a `$ref` stands alone, because Google refuses keywords beside one.
 */
export function geminiSchema(schema: JsonObject): JsonObject {
  return cleaned(schema, 0)
}

function cleaned(schema: JsonObject, depth: number): JsonObject {
  if (depth > limits.jsonDepth) return schema
  const reference = stringOf(schema['$ref'])
  if (reference !== undefined && depth > 0) return { $ref: movedReference(reference) }
  const merged = withoutAllOf(schema)
  const kept = Object.entries(without(merged, NOT_SENT)).map(([key, value]) => [key, cleanedKey(key, value, depth)])
  return compact({
    ...Object.fromEntries(kept),
    ...(reference !== undefined && { $ref: movedReference(reference) }),
    ...definitionsOf(merged, depth),
    ...('const' in merged && { enum: [merged['const'] ?? null] }),
  })
}

function cleanedKey(key: string, value: JsonValue | undefined, depth: number): JsonValue | undefined {
  if (value === undefined || VALUES.has(key)) return value
  if (NAMED_SCHEMAS.has(key) && isJsonObject(value)) return cleanedEach(value, depth)
  if (isJsonArray(value)) return value.map((item) => (isJsonObject(item) ? cleaned(item, depth + 1) : item))
  return isJsonObject(value) ? cleaned(value, depth + 1) : value
}

function cleanedEach(schemas: JsonObject, depth: number): JsonObject {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, isJsonObject(schema) ? cleaned(schema, depth + 1) : schema]),
  )
}

function definitionsOf(schema: JsonObject, depth: number): JsonObject {
  const old = objectOf(schema['definitions'])
  if (old === undefined) return {}
  return { $defs: cleanedEach({ ...old, ...objectOf(schema['$defs']) }, depth) }
}

function movedReference(reference: string): string {
  return reference.replace(/^#\/definitions\//, '#/$defs/')
}

/** `allOf` of objects means one object with all of their properties; a single reference in it is that reference. */
function withoutAllOf(schema: JsonObject): JsonObject {
  const parts = arrayOf(schema['allOf']).filter(isJsonObject)
  if (parts.length === 0) return schema
  const properties = joined([schema, ...parts].map((part) => objectOf(part['properties']) ?? {}))
  const required = [schema, ...parts].flatMap((part) => arrayOf(part['required']))
  return compact({
    ...joined([...parts, schema]),
    properties: Object.keys(properties).length > 0 ? properties : undefined,
    required: required.length === 0 ? undefined : [...new Set(required)],
  })
}

function joined(objects: readonly JsonObject[]): JsonObject {
  return Object.fromEntries(objects.flatMap((object) => Object.entries(object)))
}
