/**
 * A language model of random weights, small enough to be made in milliseconds: what it says is nonsense, but a
 * real runner loads it, counts its tokens and streams it. Written in GGUF version 3 (docs/gguf.md of ggml): header,
 * metadata, tensor directory, then the tensors, each aligned to 32 bytes.
 */
const ALIGNMENT = 32
const LAYERS = 2
const WIDTH = 64
const FEED_FORWARD = 128
const HEADS = 4
const CONTEXT_TOKENS = 2_048

/** GGUF's value types, as its specification numbers them. */
const UINT32 = 4
const INT32 = 5
const FLOAT32 = 6
const BOOL = 7
const STRING = 8
const ARRAY = 9
/** GGML's number for plain 32-bit floats. */
const F32 = 0

/** Token types of the SentencePiece tokenizer in llama.cpp. */
const NORMAL = 1
const UNKNOWN = 2
const CONTROL = 3
const BYTE = 6

interface Token {
  readonly text: string
  readonly score: number
  readonly type: number
}

interface Tensor {
  readonly name: string
  /** Fastest dimension first, as GGUF has it. */
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** The file's bytes; the same seed gives the same model. */
export function tinyGguf(seed = 7): Buffer {
  const tokens = vocabulary()
  const tensors = weights(tokens.length, createRandom(seed))
  const entries = metadata(tokens)
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    uint32(3),
    uint64(tensors.length),
    uint64(entries.length),
    ...entries,
  ])
  let offset = 0
  const directory = tensors.map(({ name, shape, values }) => {
    const entry = [text(name), uint32(shape.length), ...shape.map(uint64), uint32(F32), uint64(offset)]
    offset += aligned(values.byteLength)
    return Buffer.concat(entry)
  })
  const data = tensors.map(({ values }) => padded(Buffer.from(values.buffer)))
  return Buffer.concat([padded(Buffer.concat([head, ...directory])), ...data])
}

/** The special tokens, every byte, and some letters and words so that the text can be looked at. */
function vocabulary(): readonly Token[] {
  const special: Token[] = [
    { text: '<unk>', score: 0, type: UNKNOWN },
    { text: '<s>', score: 0, type: CONTROL },
    { text: '</s>', score: 0, type: CONTROL },
  ]
  const bytes = Array.from({ length: 256 }, (_, byte): Token => {
    return { text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, score: 0, type: BYTE }
  })
  const letters = '▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?!:'.split('')
  const words = ['water', 'river', 'wall', 'over', 'runs', 'full', 'here', 'first'].flatMap((word) => [
    word,
    `▁${word}`,
  ])
  const pieces = [...letters, ...words].map((piece, i): Token => ({ text: piece, score: -i, type: NORMAL }))
  return [...special, ...bytes, ...pieces]
}

function metadata(tokens: readonly Token[]): readonly Buffer[] {
  const count = (name: string, value: number): Buffer => Buffer.concat([text(name), uint32(UINT32), uint32(value)])
  const word = (name: string, value: string): Buffer => Buffer.concat([text(name), uint32(STRING), text(value)])
  const list = (name: string, type: number, values: readonly Buffer[]): Buffer =>
    Buffer.concat([text(name), uint32(ARRAY), uint32(type), uint64(values.length), ...values])
  const template = '{% for m in messages %}{{ m.content }} {% endfor %}'
  return [
    word('general.architecture', 'llama'),
    word('general.name', 'spillway-tiny'),
    count('general.alignment', ALIGNMENT),
    count('llama.context_length', CONTEXT_TOKENS),
    count('llama.embedding_length', WIDTH),
    count('llama.block_count', LAYERS),
    count('llama.feed_forward_length', FEED_FORWARD),
    count('llama.attention.head_count', HEADS),
    count('llama.attention.head_count_kv', HEADS),
    count('llama.rope.dimension_count', WIDTH / HEADS),
    count('llama.vocab_size', tokens.length),
    Buffer.concat([text('llama.attention.layer_norm_rms_epsilon'), uint32(FLOAT32), float32(1e-5)]),
    word('tokenizer.ggml.model', 'llama'),
    list(
      'tokenizer.ggml.tokens',
      STRING,
      tokens.map((token) => text(token.text)),
    ),
    list(
      'tokenizer.ggml.scores',
      FLOAT32,
      tokens.map((token) => float32(token.score)),
    ),
    list(
      'tokenizer.ggml.token_type',
      INT32,
      tokens.map((token) => uint32(token.type)),
    ),
    count('tokenizer.ggml.unknown_token_id', 0),
    count('tokenizer.ggml.bos_token_id', 1),
    count('tokenizer.ggml.eos_token_id', 2),
    Buffer.concat([text('tokenizer.ggml.add_bos_token'), uint32(BOOL), Buffer.from([1])]),
    word('tokenizer.chat_template', template),
  ]
}

function weights(vocabularySize: number, random: () => number): readonly Tensor[] {
  const matrix = (name: string, ...shape: readonly number[]): Tensor => {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1))
    return { name: `${name}.weight`, shape, values: values.map(() => (random() - 0.5) * 0.4) }
  }
  const norm = (name: string): Tensor => ({
    name: `${name}.weight`,
    shape: [WIDTH],
    values: new Float32Array(WIDTH).fill(1),
  })
  const layers = Array.from({ length: LAYERS }, (_, i) => [
    norm(`blk.${i}.attn_norm`),
    matrix(`blk.${i}.attn_q`, WIDTH, WIDTH),
    matrix(`blk.${i}.attn_k`, WIDTH, WIDTH),
    matrix(`blk.${i}.attn_v`, WIDTH, WIDTH),
    matrix(`blk.${i}.attn_output`, WIDTH, WIDTH),
    norm(`blk.${i}.ffn_norm`),
    matrix(`blk.${i}.ffn_gate`, WIDTH, FEED_FORWARD),
    matrix(`blk.${i}.ffn_up`, WIDTH, FEED_FORWARD),
    matrix(`blk.${i}.ffn_down`, FEED_FORWARD, WIDTH),
  ])
  const embedding = matrix('token_embd', WIDTH, vocabularySize)
  return [embedding, ...layers.flat(), norm('output_norm'), matrix('output', WIDTH, vocabularySize)]
}

/** A small generator of even numbers in [0, 1) that is the same everywhere (a linear congruence modulo 2^32). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([uint64(bytes.length), bytes])
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)])
}
