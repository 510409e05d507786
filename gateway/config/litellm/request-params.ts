import { words } from '../words.ts'

/** Parameters of OpenAI's requests and of local runners, which a deployment may preset without further ado. */
const KNOWN: ReadonlySet<string> = new Set(
  words(
    'temperature top_p top_k min_p n seed stop max_tokens max_completion_tokens user',
    'presence_penalty frequency_penalty logit_bias logprobs top_logprobs response_format modalities',
    'tools tool_choice parallel_tool_calls functions function_call stream_options service_tier',
    'reasoning_effort reasoning thinking verbosity metadata store prediction audio suffix',
    'dimensions encoding_format input_type safety_identifier prompt_cache_key web_search_options',
    'num_ctx num_predict num_gpu num_thread num_batch num_keep keep_alive think format',
    'mirostat mirostat_eta mirostat_tau repeat_last_n repeat_penalty repetition_penalty tfs_z',
    'typical_p main_gpu low_vram use_mmap use_mlock template system raw',
    'guided_json guided_regex guided_choice guided_grammar chat_template_kwargs best_of grammar',
    'cache_prompt id_slot size quality style voice language prompt timestamp_granularities',
  ),
)

/** True for a parameter that needs no warning. */
export function isRequestParam(name: string): boolean {
  return KNOWN.has(name)
}

export function requestParamNames(): Iterable<string> {
  return KNOWN
}
