import type { Failure } from './failure.ts'
import type { Signing } from './provider.ts'
import type { Target } from './route.ts'

/** A request as it will go out, so that a signature can cover all of it. */
export interface SignableRequest {
  readonly method: 'GET' | 'POST'
  /** Absolute. */
  readonly url: string
  /** Names in lower case; those that the connection adds (`host`, `content-length`) are not among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}

/**
 * Makes a request one that its upstream believes, with credentials that it fetches, keeps and renews itself: from files,
 * the environment, or the network. The only part of a provider that is not pure.
 */
export interface Signer {
  /**
   * Headers to add, names in lower case; a failure of kind `unauthorized-upstream` where no credentials are to be had,
   * which says how to give some. Never rejects, and is bounded in time by `limits.credentialsTimeoutMs`.
   */
  sign(request: SignableRequest, target: Target, signing: Signing): Promise<Readonly<Record<string, string>> | Failure>
}
