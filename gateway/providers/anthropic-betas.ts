import type { JsonObject } from '../contract/json.ts'
import { arrayOf, objectOf, stringOf, textsAt } from '../kit/json-fields.ts'

/** Tools by type -> the beta that they are part of. Sorted by nothing but age. */
const TOOL_BETAS: readonly { readonly type: RegExp; readonly beta: string }[] = [
  { type: /^(?:computer|bash|text_editor)_20241022$/, beta: 'computer-use-2024-10-22' },
  { type: /^computer_20250124$/, beta: 'computer-use-2025-01-24' },
  { type: /^computer_20251124$/, beta: 'computer-use-2025-11-24' },
  { type: /^code_execution_20250522$/, beta: 'code-execution-2025-05-22' },
  { type: /^code_execution_20250825$/, beta: 'code-execution-2025-08-25' },
  { type: /^web_fetch_20250910$/, beta: 'web-fetch-2025-09-10' },
  { type: /^memory_20250818$/, beta: 'context-management-2025-06-27' },
  { type: /^mcp_toolset$/, beta: 'mcp-client-2025-11-20' },
]

/**
 * The `anthropic-beta` names that a body needs under API version 2023-06-01, and those that the client asked for itself
 * (`betas`, `anthropic_beta`). Bedrock and Vertex take the same names inside the body.
 */
export function betasFor(body: JsonObject, extra: JsonObject): readonly string[] {
  const tools = arrayOf(body['tools']).map((tool) => stringOf(objectOf(tool)?.['type']) ?? '')
  const found = TOOL_BETAS.filter(({ type }) => tools.some((tool) => type.test(tool))).map(({ beta }) => beta)
  const asked = [...(textsAt(extra, 'betas') ?? []), ...(textsAt(extra, 'anthropic_beta') ?? [])]
  return [...new Set([...asked, ...found, ...bodyBetas(body)])]
}

function bodyBetas(body: JsonObject): readonly string[] {
  const betas: string[] = []
  const toolset = arrayOf(body['tools']).some((tool) => objectOf(tool)?.['type'] === 'mcp_toolset')
  if (arrayOf(body['mcp_servers']).length > 0 && !toolset) betas.push('mcp-client-2025-04-04')
  const management = objectOf(body['context_management'])
  if (management !== undefined) betas.push('context-management-2025-06-27')
  const edits = arrayOf(management?.['edits']).map((edit) => objectOf(edit)?.['type'])
  if (edits.includes('compact_20260112')) betas.push('compact-2026-01-12')
  if (arrayOf(objectOf(body['container'])?.['skills']).length > 0) {
    betas.push('code-execution-2025-08-25', 'skills-2025-10-02')
  }
  if (objectOf(body['output_config'])?.['task_budget'] !== undefined) betas.push('task-budgets-2026-03-13')
  if (body['output_format'] !== undefined) betas.push('structured-outputs-2025-11-13')
  if (body['speed'] === 'fast') betas.push('fast-mode-2026-02-01')
  if (arrayOf(body['messages']).some((message) => hasFile(objectOf(message)))) betas.push('files-api-2025-04-14')
  return betas
}

/** An uploaded file, in a turn or in the result of a tool. */
function hasFile(holder: JsonObject | undefined): boolean {
  return arrayOf(holder?.['content']).some((item) => {
    const block = objectOf(item)
    return objectOf(block?.['source'])?.['type'] === 'file' || (block?.['type'] === 'tool_result' && hasFile(block))
  })
}
