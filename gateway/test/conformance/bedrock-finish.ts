/** The words of Converse, and of the models that answer to `invoke`. */
export function bedrockFinish(stop: string | undefined, called: boolean): string | undefined {
  switch (stop?.toLowerCase()) {
    case undefined:
      return undefined
    case 'max_tokens':
    case 'length':
    case 'model_context_window_exceeded':
      return 'length'
    case 'guardrail_intervened':
    case 'content_filtered':
      return 'content_filter'
    case 'tool_use':
      return 'tool_calls'
    default:
      return called ? 'tool_calls' : 'stop'
  }
}
