import type { ClaudeFrame, TokenCounts } from './frames.ts';

/** One call of the model's API, as far as its answer was seen. */
export interface ApiCall {
  id: string;
  model: string;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_creation_tokens: number;
  /** Those of `cache_creation_tokens` that are cached for an hour. */
  cache_creation_hour_tokens: number;
  web_searches: number;
  /** Whether the call was made in fast mode. */
  fast: boolean;
  /** Whether the answer is complete, so that the counts are final. */
  finished: boolean;
}

/** A guess for text whose tokens were never counted. */
const CHARACTERS_A_TOKEN = 4;

/** Follows the API calls that no result has booked yet. */
export class CallMeter {
  readonly #calls = new Map<string, ApiCall & { characters: number }>();
  /** The id of the call that streams now, by the tool call of the subagent that makes it; '' for the main loop. */
  readonly #streaming = new Map<string, string>();

  /** The calls that no result has booked. The output of an unfinished one is estimated from its text. */
  get calls(): ApiCall[] {
    return [...this.#calls.values()].map(({ characters, ...call }) => {
      if (call.finished) return call;
      const guess = Math.ceil(characters / CHARACTERS_A_TOKEN);
      return { ...call, output_tokens: Math.max(call.output_tokens, guess) };
    });
  }

  take(frame: ClaudeFrame): void {
    if (frame.type === 'stream_event') return this.#stream(frame);
    const { id, model = 'unknown', usage } = frame.message ?? {};
    if (frame.type === 'assistant' && id !== undefined && usage !== undefined && frame.error === undefined) {
      this.#open(id, model, usage);
    }
  }

  /** A result has booked the calls. */
  clear(): void {
    this.#calls.clear();
    this.#streaming.clear();
  }

  #open(id: string, model: string, usage: TokenCounts): void {
    if (!this.#calls.has(id)) this.#calls.set(id, { ...apiCall(id, model, usage, false), characters: 0 });
  }

  #stream(frame: ClaudeFrame): void {
    const { event } = frame;
    const lane = frame.parent_tool_use_id ?? '';
    if (event?.type === 'message_start' && event.message?.id !== undefined) {
      const { id, model = 'unknown', usage = {} } = event.message;
      this.#open(id, model, usage);
      this.#streaming.set(lane, id);
      return;
    }
    const call = this.#calls.get(this.#streaming.get(lane) ?? '');
    if (call === undefined) return;
    const { text = '', thinking = '', partial_json = '' } = event?.delta ?? {};
    call.characters += text.length + thinking.length + partial_json.length;
    if (event?.type !== 'message_delta' || event.usage === undefined) return;
    call.output_tokens = Math.max(call.output_tokens, event.usage.output_tokens ?? 0);
    call.web_searches = Math.max(call.web_searches, searchesOf(event.usage));
    call.finished = true;
  }
}

/** A call from the counts that the API reported for it. */
export function apiCall(id: string, model: string, usage: TokenCounts, finished: boolean): ApiCall {
  return {
    id,
    model,
    input_tokens: usage.input_tokens ?? 0,
    output_tokens: usage.output_tokens ?? 0,
    cache_read_tokens: usage.cache_read_input_tokens ?? 0,
    cache_creation_tokens: usage.cache_creation_input_tokens ?? 0,
    cache_creation_hour_tokens: usage.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    web_searches: searchesOf(usage),
    fast: usage.speed === 'fast',
    finished,
  };
}

function searchesOf(usage: TokenCounts): number {
  return usage.server_tool_use?.web_search_requests ?? 0;
}

/** The calls of two sources, each once. Of two reports of one call the more complete one counts. */
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
