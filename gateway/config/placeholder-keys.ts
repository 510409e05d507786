import type { Secret } from '../contract/secret.ts'
import { words } from './words.ts'

/** What people write where a local server wants some key, and any will do. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(
  words(
    'dummy none null empty fake fake-key test key local anything na n/a',
    'no-key no-key-required not-needed not-required x xx xxx token',
    'ollama lm-studio lmstudio llama.cpp llamacpp vllm sglang localai',
    'sk-no-key-required sk-dummy sk-fake sk-local sk-none sk-test sk-xxx',
  ),
)

/** True for a stand-in that protects nothing, so that it may stay in a file. */
export function isPlaceholderKey(secret: Secret): boolean {
  return PLACEHOLDERS.has(secret.reveal().toLowerCase())
}
