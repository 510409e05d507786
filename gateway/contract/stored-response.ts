/** An answer of the Responses API that its client asked to be kept. */
export interface StoredResponse {
  readonly id: string
  /** The id of the key's owner: nobody else can read it, go on from it or delete it. */
  readonly appId: string
  readonly atMs: number
  /** The response object, as JSON text. */
  readonly responseJson: string
  /** The conversation up to its end, as the JSON text of a list of items; undefined when it was too large to keep. */
  readonly itemsJson: string | undefined
}

/** Where such answers are kept, bounded in number and age. Nothing here throws or rejects. */
export interface ResponseStore {
  /** Resolves when it is kept, or cannot be. */
  save(response: StoredResponse): Promise<void>
  load(id: string, appId: string): Promise<StoredResponse | undefined>
  /** True when it was there. */
  remove(id: string, appId: string): Promise<boolean>
}
