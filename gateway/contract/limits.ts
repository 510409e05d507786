/**
 * Every bound in the program, with its unit and its reason. Nothing grows without one of these.
 */
export const limits = {
  /** A chat with a few images is a few MB; 32 MiB holds a long agent context with screenshots. */
  requestBodyBytes: 32 * 1024 * 1024,
  /** Audio and image uploads: OpenAI's own limit for files of transcription is 25 MB. */
  multipartBodyBytes: 64 * 1024 * 1024,
  /** Bodies of pages that name a model and little else. */
  pageBodyBytes: 64 * 1024,
  /** JSON deeper than this is an attack or a bug; tool schemas stay under 20. */
  jsonDepth: 64,
  requestHeaderBytes: 16 * 1024,
  requestHeaderCount: 100,
  /** One value of ours: clients read 16 KiB of headers, and what was converted or dropped is named by their own words. */
  replyHeaderChars: 1_000,
  /** An upstream's own headers that are passed on, and of each value so much: a dozen short ones are usual. */
  passedHeaders: 30,
  passedHeaderChars: 200,
  /** Inbound sockets; a developer machine has tens. */
  maxConnections: 2_048,
  /** Slow-loris: the header block must be complete by then. */
  headersTimeoutMs: 10_000,
  /** The body must have arrived by then. */
  requestTimeoutMs: 60_000,
  connectionsCheckingIntervalMs: 2_000,
  /** Longer than the keep-alive of common clients, so that it is they who close first. */
  keepAliveTimeoutMs: 65_000,
  /** Bad keys per minute before every further bad key is answered 429. */
  badKeysPerMinute: 20,
  /** A refused client may finish sending for so long and so much, so that it can read why it was refused. */
  lingerMs: 2_000,
  lingerBytes: 64 * 1024 * 1024,
  /** A refused body up to here is read and dropped, which keeps the connection; a larger one costs it. */
  discardBytes: 64 * 1024,
  /** What is kept of a user agent. */
  clientNameChars: 80,
  /** What a message of ours repeats of a name, path, host or origin that a client sent. */
  quotedNameChars: 100,
  /** Parts of a form, and the header lines of one part. */
  multipartParts: 256,
  multipartHeaderBytes: 8 * 1024,
  /** Port 0: attempts at finding one port that is free on both loopback addresses. */
  portAttempts: 20,
  /** The place of a mistake in JSON is searched in texts up to here; in longer ones that takes too long. */
  jsonMistakeChars: 256 * 1024,
  /** Of an answer to a caller in this process, what is read before it asks for more. */
  inProcessReadAheadBytes: 64 * 1024,
  /** A connection to ourselves must arrive by then, else something else answers on the port. */
  selfProbeMs: 1_000,

  /** Of an answer whose usage nobody has told yet, so much is kept to count its tokens by. */
  usageSampleChars: 8 * 1024,
  /** Of a longer text only so much is tokenized, half at each end: about 25 ms. */
  countedChars: 64 * 1024,
  /** Answers of the Responses API that are kept, and for how long: OpenAI keeps them for 30 days. */
  storedResponses: 1_000,
  storedResponseDays: 30,
  /** Earlier responses whose items one request may refer to. */
  referencedResponses: 50,
  storedResponsesBytes: 256 * 1024 * 1024,
  /** Text that looks like a tool call is held so far, and then let go as text. */
  heldToolCallChars: 64 * 1024,
  /** Tool calls whose thoughts are kept for the next turn: some hundreds of turns of a few agents. */
  rememberedToolCalls: 1_000,
  /** All of them together, in characters. */
  rememberedChars: 32 * 1024 * 1024,
  /** Thoughts of one answer, signatures included, that are kept for its next turn. */
  rememberedReasoningChars: 256 * 1024,
  /** The conversation behind one stored response: a long agent context without its screenshots. */
  storedResponseBytes: 4 * 1024 * 1024,
  /** Entries of a conversion report on one log row. */
  logConversions: 50,

  connectTimeoutMs: 10_000,
  /** A cloud's token service or a credential helper must have answered by then. */
  credentialsTimeoutMs: 15_000,
  /** Accounts whose tokens are kept and renewed, and what one file of credentials may hold. */
  keptCredentials: 100,
  credentialsFileBytes: 64 * 1024,
  /** Credentials are renewed so long before they end, and looked up anew after so long where they never end. */
  credentialsMarginMs: 5 * 60_000,
  credentialsKeptMs: 15 * 60_000,
  /** A cloud model that reasons before it speaks. */
  firstTokenTimeoutMs: 120_000,
  /** A local model may have to be loaded from a slow disk first. */
  firstTokenTimeoutLocalMs: 600_000,
  betweenTokensTimeoutMs: 90_000,
  totalTimeoutMs: 1_800_000,
  /** SSE comments while an upstream is silent, so that proxies and clients keep the stream. */
  heartbeatMs: 15_000,
  /** A client that reads nothing for so long is gone. */
  slowClientMs: 60_000,

  /** LiteLLM's default: attempts beyond the first. */
  retries: 2,
  retryDelayMs: 500,
  retryDelayMaxMs: 8_000,
  retryJitterMs: 750,
  /**
   * A longer Retry-After is passed on to the client instead of waited for: it knows better what to do with its time
   * than a connection that stays silent. LiteLLM waits for up to a minute.
   */
  retryAfterMaxMs: 10_000,
  /** Fallback groups tried after the primary one. */
  maxFallbacks: 5,
  /** Attempts in one request, over everything; no plan makes more. */
  maxAttempts: 20,

  cooldownMs: 5_000,
  cooldownMaxMs: 300_000,
  /** Consecutive failures that open a breaker. */
  breakerFailures: 3,

  /** Requests waiting for a target that is at its parallel limit. */
  queueLength: 1_000,

  /** An error page is read up to here; the rest is discarded. */
  errorBodyBytes: 64 * 1024,
  /** An upstream's own sentence inside our error message. */
  upstreamMessageChars: 2_000,
  /** What an upstream sent in place of JSON, quoted in our error message. */
  quotedReplyChars: 300,
  /** Sources named for one answer; a searched answer names tens. */
  answerCitations: 1_000,
  /** Objects and lists that are opened to find an error's sentence; known servers wrap it into two. */
  errorWrappings: 4,
  /** A JSON reply is buffered up to here (images come as base64). */
  replyBodyBytes: 64 * 1024 * 1024,
  /** Text, thoughts and arguments of one streamed answer that is translated: no model writes a fiftieth of it. */
  translatedAnswerChars: 64 * 1024 * 1024,
  /** One SSE event or NDJSON line. */
  streamLineBytes: 16 * 1024 * 1024,
  /** Citations of one block of text kept until the block ends, when it is known which words they support. */
  heldCitations: 100,
  /** Bytes of a verbatim stream kept to continue it on another target. */
  replayBytes: 256 * 1024,
  /** Sockets per upstream origin: as many as clients may have, so that no stream waits unseen for another to end. */
  upstreamConnections: 2_048,
  /** Origins whose idle connections are kept; the oldest pool is closed beyond it. */
  upstreamOrigins: 256,
  /** Uvicorn closes an idle connection after 5 s, Node's http after 5 s: it must be we who close first. */
  upstreamKeepAliveMs: 4_000,
  /** Load balancers of clouds keep idle connections for a minute or more, and a TLS handshake is dear. */
  upstreamKeepAliveTlsMs: 30_000,
  upstreamHeaderBytes: 64 * 1024,
  /** An upstream that has finished its answer may take so long to end the body; then we end without it. */
  finishGraceMs: 500,
  /** Bytes kept while a stream has not yet shown any content; comments and role deltas are small. */
  heldBackBytes: 1024 * 1024,
  /** Targets whose health is remembered; wildcard routes can name any number of models. */
  trackedTargets: 2_000,
  /** Answers whose latency is remembered for each target. */
  latencySamples: 20,

  /** Rows waiting for the log writer; beyond it rows are counted and dropped, never blocking. */
  logQueueRows: 10_000,
  logBatchRows: 100,
  logBatchMs: 50,
  logKeepDays: 30,
  logMaxMb: 512,
  /** Error messages on a row. */
  logMessageChars: 500,
  /** Dropped targets on a row: it explains a decision, it is no dump of the configuration. */
  logDroppedTargets: 50,
  /** Rows deleted in one transaction of the retention run, so that writers never wait long. */
  logDeleteChunkRows: 500,
  /** Pause between two such transactions, and between two retention runs. */
  logDeletePauseMs: 5,
  logRetentionIntervalMs: 60_000,
  /** Rows that one query of the log may give. */
  logQueryRows: 1_000,
  /** How often `spillway logs --follow` looks for new rows. */
  logFollowMs: 500,
  /** The log's size while it has to live in memory, because its folder cannot be written. */
  logMemoryMb: 16,

  /** How long SQLite waits for another process that holds a file. */
  sqliteBusyMs: 5_000,
  /** A write-ahead log beyond this is written back with force, although readers may have to wait. */
  sqliteWalBytes: 16 * 1024 * 1024,
  /** A database up to this size is checked page by page when it is opened (about 1 ms per MiB). */
  sqliteQuickCheckBytes: 16 * 1024 * 1024,
  /** How soon keys that another process made or revoked are seen. */
  ledgerPollMs: 1_000,
  /** Damaged log files kept aside; older ones are deleted. */
  quarantinedLogs: 3,
  /** App keys, revoked ones included, and the length of their names. */
  appKeys: 1_000,
  appKeyNameChars: 64,

  /** Drain at shutdown: streams may finish until then. */
  drainMs: 10_000,
  /** The server outlives the drain by this much, so that the last error events leave. */
  drainGraceMs: 500,
  /** How often a drain looks for connections that have become idle. */
  drainStepMs: 20,
  /** Whoever asks a second time to stop waits no longer than this for the last rows and error events. */
  hurryMs: 1_000,

  /** One probe of a possible runner. */
  probeTimeoutMs: 500,
  probeIntervalMs: 15_000,
  probeBodyBytes: 4 * 1024 * 1024,
  /** Models taken from one runner's listing. */
  listedModels: 2_000,
  /** Probes under way at the same time. */
  probeConcurrency: 8,
  /** Rounds in a row that a runner may miss before it counts as gone. */
  probeMisses: 2,
  /** What is kept of a runner's version. */
  runnerVersionChars: 64,
  /** How long the first look for runners may hold up the start: requests that come at once should find them. */
  firstLookMs: 400,
  /** How long the inventory of this machine's hardware may take. */
  machineTimeoutMs: 4_000,

  /** A longer model name is unknown, and is not matched against patterns. */
  modelNameChars: 512,
  /** Names resolved through patterns or endpoints that are kept, the least recently used one goes first. */
  resolvedNames: 1_000,
  /** Names that a mistyped one is compared with, and how much of each: nobody mistypes the hundredth letter. */
  suggestedFrom: 500,
  comparedNameChars: 64,
  /** Names in a list inside one message. */
  namesInMessage: 10,
  /** Fallbacks, or tags, that one request may name. */
  controlListItems: 50,
  /** Levels of a tool's schema that the built-in model fills in. */
  exampleDepth: 6,
  /** A longer credential is not one of ours, and is not even hashed. */
  appKeyChars: 512,
  /** Rate limits count over the last minute, in entries that begin at least `rateWindowStepMs` apart. */
  rateWindowMs: 60_000,
  /** Requests that come closer together than this share an entry: 1,201 entries at most for each limit. */
  rateWindowStepMs: 50,

  configFileBytes: 10 * 1024 * 1024,
  configWatchDebounceMs: 200,
  /** A file that never rests is read after this long all the same. */
  configSettleMs: 2_000,
  /** File systems that send no events (network shares, symlink targets) are looked at this often. */
  configPollMs: 5_000,
  includeDepth: 8,
  includedFiles: 100,
  /** Values in one configuration after anchors are expanded: thousands of deployments fit. */
  configNodes: 200_000,
  /** Findings about one configuration; nobody reads more. */
  configDiagnostics: 200,

  /** Log rows that the desktop window may ask for at once. */
  desktopRows: 200,
  /** Calls of the desktop window; it asks for its two things every two seconds. */
  desktopCallsPerSecond: 50,
} as const

export type Limits = typeof limits
