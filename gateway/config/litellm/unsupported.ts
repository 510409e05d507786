/** LiteLLM's keys that have no counterpart here, and what to tell whoever uses them. Grouped by section. */
type Reasons = Readonly<Record<string, string>>

const NO_DATABASE = 'Spillway keeps its own files and needs no database.'
const NO_CACHE = 'answers are not cached here.'
const NO_CALLBACKS = 'Spillway calls no logging services; see `spillway logs`.'
const NO_BUDGETS = 'budgets are not enforced in this version.'
const NO_TEAMS = 'there are no users and teams here, only app keys.'
const OTHER_PROVIDER = 'the provider of this entry has no such setting.'
const ONLY_LOGGING = 'it only changes what LiteLLM prints.'
const NO_ROUTER = 'semantic routers are not available in this version.'
const NO_HEALTH_CALLS = 'Spillway judges health by real requests and never sends test prompts.'
const NO_REDIS = 'one Spillway keeps its state itself and needs no Redis.'
const NO_SERVER_AUTH = 'callers are known by their app key alone.'

export const unsupportedTopLevel: Reasons = {
  ...all('guardrails policies policy_attachments', 'guardrails are not applied here: nothing is filtered.'),
  ...all('mcp_servers mcp_tools agent_list search_tools', 'tools are run by the client, not by Spillway.'),
  ...all(
    'vector_store_registry prompts assistant_settings finetune_settings files_settings',
    'this API is not served here.',
  ),
  callback_settings: NO_CALLBACKS,
  default_vertex_config: 'state vertex_project and vertex_location under the litellm_params of each entry.',
  worker_registry: NO_REDIS,
}

export const unsupportedParams: Reasons = {
  ...all(
    'aws_access_key_id aws_secret_access_key aws_session_token aws_region_name aws_profile_name aws_role_name aws_session_name aws_web_identity_token aws_bedrock_runtime_endpoint',
    OTHER_PROVIDER,
  ),
  ...all(
    'vertex_project vertex_location vertex_credentials azure_ad_token tenant_id client_id client_secret',
    OTHER_PROVIDER,
  ),
  ...all('max_budget budget_duration', NO_BUDGETS),
  ...all('mock_response mock_timeout', 'answers are never made up here.'),
  ...all('use_in_pass_through use_litellm_proxy rust', 'it steers the inside of LiteLLM.'),
  ...all(
    'input_cost_per_second output_cost_per_second cache_read_input_token_cost cache_creation_input_token_cost input_cost_per_audio_token input_cost_per_image',
    'only prices per input and output token count here.',
  ),
  ...all('itpm otpm', 'only rpm and tpm count here.'),
  ...all(
    'auto_router_config auto_router_config_path auto_router_default_model auto_router_embedding_model complexity_router_config adaptive_router_config quality_router_config',
    NO_ROUTER,
  ),
  api_version: OTHER_PROVIDER,
  configurable_clientside_auth_params: 'a client never chooses where a request goes.',
  region_name: 'there is no routing by region.',
  tag_regex: 'tags are compared as they are.',
  stream: 'the client decides whether its answer is streamed.',
}

export const unsupportedModelInfo: Reasons = {
  ...all(
    'health_check_model health_check_timeout health_check_max_tokens health_check_voice disable_background_health_check',
    NO_HEALTH_CALLS,
  ),
  ...all('access_groups team_id team_public_model_name', 'what a key may use is stated per app, by model names.'),
  ...all('allowed_fails allowed_fails_policy', 'failures are forgiven by router_settings, not per deployment.'),
  custom_tokenizer: 'tokens are counted by the provider.',
  base_model: 'there is no built-in price list; state the price per token.',
}

export const unsupportedLitellmSettings: Reasons = {
  ...all('callbacks success_callback failure_callback service_callback audit_log_callbacks', NO_CALLBACKS),
  ...all('cache cache_params enable_caching_on_provider_specific_optional_params', NO_CACHE),
  ...all(
    'max_budget budget_duration timezone priority_reservation cost_discount_config cost_margin_config',
    NO_BUDGETS,
  ),
  ...all(
    'set_verbose json_logs suppress_debug_info turn_off_message_logging redact_user_api_key_info redact_messages_in_exceptions log_raw_request_response',
    ONLY_LOGGING,
  ),
  ...all(
    'default_key_generate_params upperbound_key_generate_params key_generation_settings default_team_params default_team_settings default_internal_user_params max_internal_user_budget internal_user_budget_duration model_group_settings',
    NO_TEAMS,
  ),
  ...all('ssl_verify ssl_certificate', 'certificates are always checked; add your own with NODE_EXTRA_CA_CERTS.'),
  ...all(
    'require_auth_for_metrics_endpoint custom_prometheus_metadata_labels prometheus_metrics_config prometheus_initialize_budget_metrics',
    'there is no Prometheus export in this version.',
  ),
  ...all(
    'disable_hf_tokenizer_download force_ipv4 network_mock telemetry enable_preview_features',
    'Spillway does nothing of that kind to begin with.',
  ),
  ...all(
    'use_chat_completions_url_for_anthropic_messages route_all_chat_openai_to_responses reasoning_auto_summary',
    'chat requests go to chat endpoints.',
  ),
  include_cost_in_streaming_usage: 'the cost is in a header of the answer.',
  modify_params: 'messages are never changed to please a provider.',
  enable_json_schema_validation: 'answers are not validated; the client sees what the model wrote.',
  custom_provider_map: 'providers written in Python cannot be loaded.',
  mcp_aliases: 'tools are run by the client, not by Spillway.',
  max_retries: 'use num_retries.',
}

export const unsupportedRouterSettings: Reasons = {
  ...all('redis_host redis_port redis_password redis_url redis_db cache_kwargs', NO_REDIS),
  ...all('cache_responses caching_groups', NO_CACHE),
  ...all('provider_budget_config deployment_affinity_ttl_seconds routing_groups', NO_BUDGETS),
  ...all('enable_health_check_routing health_check_staleness_threshold', NO_HEALTH_CALLS),
  ...all('polling_interval default_priority client_ttl set_verbose debug_level', 'it steers the inside of LiteLLM.'),
  routing_strategy_args: 'strategies have no arguments here.',
  optional_pre_call_checks: 'these checks are not available; see enable_pre_call_checks.',
  tag_filtering_match_any: 'a request goes to targets with any of its tags.',
  max_retries: 'use num_retries.',
  assistants_config: 'this API is not served here.',
}

export const unsupportedGeneralSettings: Reasons = {
  ...all(
    'database_url database_connection_pool_limit database_connection_timeout database_type database_args store_model_in_db allow_requests_on_db_unavailable proxy_batch_write_at disable_prisma_schema_update use_redis_transaction_buffer',
    NO_DATABASE,
  ),
  ...all(
    'store_prompts_in_spend_logs disable_spend_logs disable_error_logs maximum_spend_logs_retention_period maximum_spend_logs_retention_interval',
    'the log holds no prompts; its size and age are bounded by the native `logs` section.',
  ),
  ...all(
    'background_health_checks health_check_interval health_check_details enable_health_check_routing health_check_ignore_transient_errors use_shared_health_check',
    NO_HEALTH_CALLS,
  ),
  ...all(
    'alerting alerting_threshold alert_types alerting_args alert_to_webhook_url',
    'Spillway alerts nobody; see `spillway logs`.',
  ),
  ...all(
    'enable_jwt_auth litellm_jwtauth custom_auth custom_key_generate litellm_key_header_name user_api_key_cache_ttl allowed_ips allowed_routes admin_only_routes public_routes infer_model_from_keys use_x_forwarded_for enable_oauth2_auth ui_access_mode custom_sso',
    NO_SERVER_AUTH,
  ),
  ...all(
    'forward_client_headers_to_llm_api forward_openai_org_id forward_llm_provider_auth_headers allow_client_side_credentials',
    "a client's headers and credentials are never forwarded.",
  ),
  ...all(
    'completion_model embedding_model image_generation_model moderation_model',
    'every request is served by the model it asks for.',
  ),
  ...all(
    'max_parallel_requests global_max_parallel_requests',
    'state it per deployment, as max_parallel_requests under litellm_params.',
  ),
  ...all(
    'proxy_budget_rescheduler_min_time proxy_budget_rescheduler_max_time disable_reset_budget token_rate_limit_type',
    NO_BUDGETS,
  ),
  ...all('key_management_system key_management_settings', 'secrets come from environment variables.'),
  ...all(
    'enforce_user_param reject_clientside_metadata_tags block_robots enable_drain_endpoint service_account_settings',
    'it has no counterpart here.',
  ),
  pass_through_endpoints: 'only the OpenAI routes are served.',
  max_response_size_mb: 'answers are streamed and need no bound.',
  always_include_stream_usage: 'usage is sent when the client asks for it.',
}

/** The same reason for several keys, separated by spaces. */
function all(names: string, reason: string): Reasons {
  return Object.fromEntries(names.split(' ').map((name) => [name, reason]))
}
