/**
 * What a credential looks like. Each pattern keeps enough of its beginning for a person to see which kind it was.
 * Upstreams quote keys back ("Incorrect API key provided: sk-..."), so every message that we did not write passes here.
 *
 * Their senders choose these texts, so no pattern may take more than linear time: every repetition that something else
 * must follow is bounded.
 */
const CREDENTIALS: readonly RegExp[] = [
  // Prefixes that providers give their keys.
  /\b(sk-|sk_|pk-|rk-|xai-|gsk_|hf_|nvapi-|pplx-|gh[opsu]_|github_pat_|glpat-|r8_|csk-|fw_|tgp_)[A-Za-z0-9_\-*.]{6,}/g,
  /\b(AIza)[A-Za-z0-9_-]{10,}/g,
  /\b(ya29\.)[A-Za-z0-9_.-]{10,}/g,
  /\b(AKIA|ASIA)[A-Z0-9]{12,}/g,
  // A JSON Web Token.
  /\b(eyJ)[A-Za-z0-9_-]{8,400}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*/g,
  // "Basic authentication" is a sentence, not a credential.
  /\b((?:Bearer|Basic)\s{1,4})(?!auth)[A-Za-z0-9._~+/=-]{6,}/gi,
  /((?:secret|password|authorization|credential)s?["']?\s{0,4}[:=]\s{0,4}["']?)[\w.~+/=-]{12,}(?![\w*])/gi,
  // A long token after the word: "api_key=0123...", "token: abc1...", `"key":"..."`. Without a digit it is a word, such
  // as the name of a parameter; one that its sender masked (`abc***xyz`) says nothing more.
  /((?:key|token)s?["']?(?: is| provided)?\s{0,4}[:=]\s{0,4}["']?)(?=[A-Za-z.~+/=_-]{0,200}\d)[\w.~+/=-]{16,}(?![\w*])/gi,
  /((?:key|token)(?: is| provided)?\s["']?)(?=[A-Za-z+=_-]{0,200}\d)[\w+=-]{20,}(?![\w*])/gi,
  // User and password in a URL.
  /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@:]{1,200}:[^\s/@]{1,200}(?=@)/gi,
]

/** The text with everything that looks like a credential replaced by `[secret]`. */
export function redact(text: string): string {
  let clean = text
  for (const pattern of CREDENTIALS) clean = clean.replace(pattern, '$1[secret]')
  return clean
}
