import type { ClaudeCodeConnector } from '../../client/connector.ts';
import { abortScope } from '../../domain/abort-scope.ts';
import type { Session } from '../../domain/service-data.ts';
import type { Reporter } from './reporter.ts';

/** The question of the first conversation. */
export const FIRST_QUESTION = 'In two or three sentences: what is in this folder, and what would you look at first?';

const ANSWER_LIMIT_MS = 180_000;

/** What the first conversation needs. */
export interface FirstConversation {
  connector: ClaudeCodeConnector;
  userId: string;
  project: string;
  reporter: Reporter;
  signal: AbortSignal;
}

/** How the first conversation went. */
export interface FirstAnswer {
  session: Session;
  costUsd: number | null;
  outcome: string;
}

/** Holds one conversation, so that a person sees everything work: a session, a question, and its streamed answer. */
export async function holdFirstConversation(talk: FirstConversation): Promise<FirstAnswer> {
  const limit = abortScope([talk.signal], ANSWER_LIMIT_MS);
  try {
    return await askOnce(talk, limit.signal);
  } finally {
    limit.dispose();
  }
}

async function askOnce(talk: FirstConversation, signal: AbortSignal): Promise<FirstAnswer> {
  const { connector, reporter } = talk;
  const session = await connector.createSession(talk.userId, talk.project, { title: 'First conversation', signal });
  reporter.say(`Session ${session.id} in ${talk.project}`);
  reporter.say(`You: ${FIRST_QUESTION}`);
  reporter.stream(session.simulated ? 'Simulator: ' : 'Claude: ');

  const stream = abortScope([signal]);
  const streaming = streamText(connector, session.id, reporter, stream.signal);
  try {
    const response = await connector.ask(session.id, FIRST_QUESTION, undefined, { signal });
    const late = setTimeout(() => stream.abort(), 2_000);
    const wasStreamed = await streaming;
    clearTimeout(late);
    reporter.stream(wasStreamed ? '\n' : `${response.content}\n`);
    if (response.error !== undefined) reporter.warn(`The turn ended as ${response.status}: ${response.error.message}`);
    return { session, costUsd: response.cost_usd, outcome: response.status };
  } finally {
    stream.abort();
    stream.dispose();
    await streaming;
  }
}

/** Streams the text of one turn; returns whether there was any. Without it the answer is printed in one piece. */
async function streamText(
  connector: ClaudeCodeConnector,
  sessionId: string,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<boolean> {
  let block = '';
  let any = false;
  try {
    for await (const event of connector.subscribe(sessionId, { signal })) {
      if (event.type === 'tool_started') reporter.stream(`[${event.tool}] `);
      if (event.type === 'text_delta' || event.type === 'text') {
        const isRest = event.type === 'text' && event.text.startsWith(block);
        const text = event.type === 'text' ? (isRest ? event.text.slice(block.length) : '') : event.text;
        block = event.type === 'text' ? '' : block + text;
        any ||= text !== '';
        reporter.stream(text);
      }
      if (event.type === 'result' || event.type === 'closed') break;
    }
  } catch (error) {
    reporter.warn(`The live text was lost: ${(error as Error).message}`);
  }
  return any;
}
