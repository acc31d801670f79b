import type { ClaudeFrame, TokenCounts } from './frames.ts';

/** One call of the model's API, as far as its answer was seen. */
export interface ApiCall {
  id: string;
  model: string;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_creation_tokens: number;
  /** Whether its answer came to an end, so that the counts are final. */
  finished: boolean;
}

/** Follows the calls that no result has booked yet. */
export interface CallMeter {
  take(frame: ClaudeFrame): void;
  /** A result has booked them. */
  clear(): void;
  readonly calls: ApiCall[];
}

/** A guess for text whose tokens were never counted. */
const CHARACTERS_A_TOKEN = 4;

export function makeCallMeter(): CallMeter {
  let calls = new Map<string, ApiCall & { characters: number }>();
  /** The call that streams now, by the tool call of the subagent that makes it; the main loop's is ''. */
  let streaming = new Map<string, string>();

  function open(id: string, model: string, usage: TokenCounts): void {
    if (!calls.has(id)) calls.set(id, { ...apiCall(id, model, usage, false), characters: 0 });
  }

  function stream(frame: ClaudeFrame): void {
    const { event } = frame;
    const lane = frame.parent_tool_use_id ?? '';
    if (event?.type === 'message_start' && event.message?.id !== undefined) {
      const { id, model = 'unknown', usage = {} } = event.message;
      open(id, model, usage);
      streaming.set(lane, id);
      return;
    }
    const call = calls.get(streaming.get(lane) ?? '');
    if (call === undefined) return;
    const { text = '', thinking = '', partial_json = '' } = event?.delta ?? {};
    call.characters += text.length + thinking.length + partial_json.length;
    if (event?.type !== 'message_delta' || event.usage === undefined) return;
    call.output_tokens = Math.max(call.output_tokens, event.usage.output_tokens ?? 0);
    call.finished = true;
  }

  return {
    take(frame) {
      if (frame.type === 'stream_event') return stream(frame);
      const { id, model = 'unknown', usage } = frame.message ?? {};
      if (frame.type === 'assistant' && id !== undefined && usage !== undefined && frame.error === undefined) {
        open(id, model, usage);
      }
    },
    clear() {
      calls = new Map();
      streaming = new Map();
    },
    get calls() {
      return [...calls.values()].map(({ characters, ...call }) => {
        if (call.finished) return call;
        const guess = Math.ceil(characters / CHARACTERS_A_TOKEN);
        return { ...call, output_tokens: Math.max(call.output_tokens, guess) };
      });
    },
  };
}

/** A call from the counts that the API gave for it. */
export function apiCall(id: string, model: string, usage: TokenCounts, finished: boolean): ApiCall {
  return {
    id,
    model,
    input_tokens: usage.input_tokens ?? 0,
    output_tokens: usage.output_tokens ?? 0,
    cache_read_tokens: usage.cache_read_input_tokens ?? 0,
    cache_creation_tokens: usage.cache_creation_input_tokens ?? 0,
    finished,
  };
}

/** The calls of two sources, each once: the one that came further counts. */
export function mergeCalls(first: ApiCall[], second: ApiCall[]): ApiCall[] {
  const merged = new Map(first.map((call) => [call.id, call]));
  for (const call of second) {
    const other = merged.get(call.id);
    const isBetter =
      other === undefined || (!other.finished && (call.finished || call.output_tokens > other.output_tokens));
    if (isBetter) merged.set(call.id, call);
  }
  return [...merged.values()];
}
