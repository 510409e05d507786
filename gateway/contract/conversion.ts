/**
 * One thing of a client's request, or of a model's answer, that could not be carried over as it was. Dialects and
 * providers only state it; the engine decides: what `matters` is refused unless the user's policy drops such parameters
 * (`drop_params`), everything else goes on, and all of it stands on the log row and in a header of the answer.
 */
export interface Conversion {
  /** As the client would write it: `logit_bias`, `tools[2]`, `messages[3].content[1]`. */
  readonly field: string
  readonly did: 'dropped' | 'changed' | 'repaired'
  /** The rest of a sentence whose subject is the field: "has no counterpart at Anthropic". */
  readonly why: string
  /** Without it the answer would be another one than was asked for. Hints (`seed`, `store`, cache keys) do not matter. */
  readonly matters: boolean
}
