import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { Secret } from '../contract/secret.ts'
import { parseJson, textAt } from '../kit/json-fields.ts'

const REMEDY =
  'Run `gcloud auth application-default login`, or set `credentials` of this provider to the JSON of a service account or to the path of its file.'

/** The account's JSON: the setting itself, or the file that it names. */
export async function readAccount(secret: Secret): Promise<JsonObject | Failure> {
  const stated = secret.reveal().trim()
  if (stated.startsWith('{')) return parseAccount(stated, 'The `credentials` of this provider are')
  try {
    const text = await readFile(stated.replace(/^~(?=\/)/, homedir()), 'utf8')
    if (text.length > limits.credentialsFileBytes) return unauthorized('The file of `credentials` is too large.')
    return parseAccount(text, 'What the file of `credentials` holds is')
  } catch (error) {
    return unauthorized(`The file of \`credentials\` cannot be read (${codeOf(error)}).`)
  }
}

/** The parser's own message would quote the text, and with it the key. */
function parseAccount(text: string, subject: string): JsonObject | Failure {
  const json = parseJson(text)
  if (!isJsonObject(json) || textAt(json, 'type') === undefined) return unauthorized(`${subject} no account's JSON.`)
  const isWhole = textAt(json, 'client_email') !== undefined && textAt(json, 'private_key') !== undefined
  if (json['type'] !== 'service_account' || isWhole) return json
  return unauthorized(`${subject} a service account without client_email or private_key.`)
}

/** There is no token to be had; the sentence says why, and what to do is added. */
export function unauthorized(sentence: string): Failure {
  return { kind: 'unauthorized-upstream', message: `${sentence} ${REMEDY}`, status: 401 }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
}
