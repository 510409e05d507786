/**
 * What a credential looks like. Each pattern keeps enough of its beginning for a person to see which kind it was.
 * Upstreams quote keys back ("Incorrect API key provided: sk-..."), so every message that we did not write passes here.
 */
const CREDENTIALS: readonly RegExp[] = [
  /\b(sk-|sk_|pk-|rk-|xai-|gsk_|hf_|nvapi-|pplx-|ghp_|gho_|github_pat_|glpat-|r8_|csk-|fw_)[A-Za-z0-9_\-*.]{6,}/g,
  /\b(AIza)[A-Za-z0-9_-]{10,}/g,
  /\b(ya29\.)[A-Za-z0-9_.-]{10,}/g,
  /\b(AKIA|ASIA)[A-Z0-9]{12,}/g,
  /\b(eyJ)[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*/g,
  /\b((?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{6,}/gi,
  // A long token after the word: "api_key=0123...", "token: abc...", `"key":"..."`.
  /((?:key|token|secret|password|authorization|credential)s?["']?\s*(?:is|provided)?\s*[:=]?\s*["']?)[A-Za-z0-9+/_=-]{20,}/gi,
  // User and password in a URL.
  /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+:[^\s/@]+(?=@)/gi,
]

/** The text with everything that looks like a credential replaced by `[secret]`. */
export function redact(text: string): string {
  let clean = text
  for (const pattern of CREDENTIALS) clean = clean.replace(pattern, '$1[secret]')
  return clean
}
