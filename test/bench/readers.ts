import { once } from 'node:events';
import { get, type ClientRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Readers {
  /** Events that all of them have heard so far. */
  events(): number;
  /** Resolves with the count once nothing came for half a second. */
  untilQuiet(): Promise<number>;
  stop(): Promise<void>;
}

/** Opens so many event streams, each on one of the sessions in turn. */
export async function startReaders(url: string, count: number, sessions: string[]): Promise<Readers> {
  let events = 0;
  const requests: ClientRequest[] = [];
  for (let index = 0; index < count; index += 1) {
    const path = `/api/claude-code/sessions/${sessions[index % sessions.length]}/events`;
    const request = get(`${url}${path}`, { agent: false, headers: { accept: 'text/event-stream' } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`A reader was refused: ${response.statusCode}`);
    response.setEncoding('utf8');
    response.on(
      'data',
      (text: string) => (events += text.split('\nid: ').length - 1 + (text.startsWith('id: ') ? 1 : 0)),
    );
    response.on('error', () => undefined);
    requests.push(request);
  }
  async function untilQuiet(): Promise<number> {
    for (;;) {
      const before = events;
      await sleep(500);
      if (events === before) return events;
    }
  }
  await untilQuiet();
  return {
    events: () => events,
    untilQuiet,
    async stop() {
      for (const request of requests) request.destroy();
      await sleep(200);
    },
  };
}
