import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { encodeCursor } from '../../api/streams/cursor.ts';
import { callRest } from '../support/api/call-rest.ts';
import { until } from '../support/until.ts';
import { readEvents } from '../support/api/event-stream-client.ts';
import type { StreamEvent } from '../support/api/event-stream-client.ts';
import { SERVICES, openContractDoors } from '../support/api/contract-doors.ts';
import type { ContractDoors } from '../support/api/contract-doors.ts';

for (const service of SERVICES) {
  describe(service, () => {
    let doors: ContractDoors;
    let count = 0;
    before(async () => void (doors = await openContractDoors(service, { limits: { heartbeatMs: 50, maxStreams: 8 } })));
    after(async () => await doors.close());

    async function newSession(user_id = 'alice'): Promise<string> {
      const session_id = `s-${(count += 1)}`;
      await callRest('POST', `${doors.base}/sessions`, { session_id, user_id, project_path: doors.project });
      return session_id;
    }
    const say = (id: string, message: string) => callRest('POST', `${doors.base}/sessions/${id}/messages`, { message });
    const numbered = (events: StreamEvent[]): StreamEvent[] => events.filter(({ id }) => id !== undefined);

    test('a session stream tells the past, then what happens, each under its number', async () => {
      const id = await newSession();
      const stream = await readEvents(`${doors.base}/sessions/${id}/events`);
      await stream.until((events) => events.length === 2);
      await say(id, 'hi');
      await stream.until((events) => numbered(events).length === 7);
      stream.hangUp();
      assert.deepEqual(
        stream.events.map(({ event, id: number, data }) => [event, number, data['seq']]),
        [
          ['status', '1', 1],
          ['status', '2', 2],
          ['queued', '3', 3],
          ['sent', '4', 4],
          ['text_delta', undefined, undefined],
          ['text_delta', undefined, undefined],
          ['text', '5', 5],
          ['result', '6', 6],
          ['cost', '7', 7],
        ],
      );
    });

    test('a stream in silence sends a comment as heartbeat', async () => {
      const stream = await readEvents(`${doors.base}/sessions/${await newSession()}/events`);
      await until(
        'two heartbeats',
        () => stream.comments.filter((comment) => comment.trim() === 'heartbeat').length >= 2,
        { seen: () => stream.comments },
      );
      stream.hangUp();
    });

    test('Last-Event-ID goes before after, and a place ahead of the stream is told as a gap', async () => {
      const id = await newSession();
      await say(id, 'hi');
      const resumed = await readEvents(`${doors.base}/sessions/${id}/events?after=0`, { 'last-event-id': '5' });
      await resumed.until((events) => events.length === 2);
      const ahead = await readEvents(`${doors.base}/sessions/${id}/events?after=50`);
      await ahead.until((events) => events.length === 8);
      resumed.hangUp();
      ahead.hangUp();
      assert.deepEqual(
        resumed.events.map((event) => event.id),
        ['6', '7'],
      );
      assert.deepEqual(
        ahead.events.map(({ event, id: number }) => number ?? event),
        ['gap', '1', '2', '3', '4', '5', '6', '7'],
      );
    });

    test('without Accept: text/event-stream it is a page', async () => {
      const id = await newSession();
      await say(id, 'hi');
      const seqs = async (query: string): Promise<unknown> => {
        const { body } = await callRest('GET', `${doors.base}/sessions/${id}/events${query}`);
        return [(body['events'] as { seq: number }[]).map(({ seq }) => seq), body['next_after']];
      };
      assert.deepEqual(await seqs(''), [[1, 2, 3, 4, 5, 6, 7], 7]);
      assert.deepEqual(await seqs('?after=1&limit=1'), [[2], 2]);
      assert.deepEqual(await seqs('?before=3&limit=1'), [[2], 2]);
      assert.deepEqual(await seqs('?after=7'), [[], 7]);
      assert.deepEqual(await seqs('?after=9007199254740990'), [[], 9007199254740990]);
    });

    test('wherever a reader is cut and comes back, nothing is missing and nothing repeats', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
          async (readings) => {
            const id = await newSession();
            const total = readings.reduce((sum, n) => sum + n, 1);
            const seen: string[] = [];
            let written = 2;
            for (const reading of readings) {
              const url = `${doors.base}/sessions/${id}/events`;
              const stream = await readEvents(url, seen.length === 0 ? {} : { 'last-event-id': seen.at(-1) ?? '' });
              for (; written < total && written < seen.length + reading + 7; written += 1)
                await doors.note(id, `n${written}`);
              await stream.until((events) => events.length >= reading);
              stream.hangUp();
              seen.push(...stream.events.slice(0, reading).map((event) => event.id ?? ''));
            }
            assert.deepEqual(
              seen,
              Array.from({ length: total - 1 }, (_, n) => String(n + 1)),
            );
          },
        ),
        { numRuns: 30, seed: 1 },
      );
    });

    test('one stream for a whole client: summaries of all sessions, every event of the watched', async () => {
      const [watched, other] = [await newSession(), await newSession('bob')];
      const stream = await readEvents(`${doors.base}/events?watch=${watched}`);
      await stream.until((events) => events.length === 3);
      await say(other, 'there');
      await say(watched, 'here');
      await stream.until((events) => events.filter(({ event }) => event === 'cost').length === 2);
      stream.hangUp();
      assert.deepEqual(stream.events[0]?.event, 'gap');
      const of = (id: string): unknown[] =>
        stream.events
          .filter(({ data }) => data['session_id'] === id)
          .map(({ event, data }) => [event, data['summary'] ?? false]);
      assert.deepEqual(of(other), [
        ['result', true],
        ['cost', true],
      ]);
      assert.deepEqual(of(watched), [
        ['status', false],
        ['status', false],
        ['queued', false],
        ['sent', false],
        ['text_delta', false],
        ['text_delta', false],
        ['text', false],
        ['result', false],
        ['cost', false],
      ]);
    });

    test('a client stream resumes exactly, with what happened in between', async () => {
      const [watched, other] = [await newSession(), await newSession()];
      const first = await readEvents(`${doors.base}/events?watch=${watched}`);
      await first.until((events) => events.length === 3);
      first.hangUp();
      await say(watched, 'while away');
      await say(other, 'while away');
      const again = await readEvents(`${doors.base}/events?watch=${watched}`, {
        'last-event-id': first.events.at(-1)?.id ?? '',
      });
      await again.until((events) => events.length === 8);
      again.hangUp();
      assert.equal(again.events[0]?.event, 'resumed');
      const told = again.events.slice(1).map(({ event, data }) => `${String(data['session_id'])} ${event}`);
      assert.deepEqual(
        told.sort(),
        [
          ...['result', 'cost'].map((event) => `${other} ${event}`),
          ...['queued', 'sent', 'text', 'result', 'cost'].map((event) => `${watched} ${event}`),
        ].sort(),
      );
    });

    test('a cursor of an earlier server is told as a gap, and the watched session goes on exactly', async () => {
      const watched = await newSession();
      await say(watched, 'hi');
      const cursor = encodeCursor({ epoch: 'of-another-life', summary: 7, watch: { [watched]: 5 } });
      const stream = await readEvents(`${doors.base}/events?watch=${watched}`, { 'last-event-id': cursor });
      await stream.until((events) => events.length === 3);
      stream.hangUp();
      assert.deepEqual(
        stream.events.map(({ event, data }) => [event, data['seq']]),
        [
          ['gap', undefined],
          ['result', 6],
          ['cost', 7],
        ],
      );
    });

    for (const rubbish of ['garbage', '1', '999999', '!!']) {
      test(`the Last-Event-ID "${rubbish}", which no client stream gave, is told as a gap`, async () => {
        const stream = await readEvents(`${doors.base}/events`, { 'last-event-id': rubbish });
        await stream.until((events) => events.length === 1);
        stream.hangUp();
        assert.deepEqual([stream.status, stream.events[0]?.event], [200, 'gap']);
      });
    }

    test('what stands before the first empty line of a client stream is its first frame', async () => {
      const stop = new AbortController();
      const response = await fetch(`${doors.base}/events`, { signal: stop.signal });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      let text = '';
      while (!text.includes('\n\n')) text += new TextDecoder().decode((await reader.read()).value);
      stop.abort();
      assert.match(text, /^retry: 1000\nevent: gap\nid: \S+\ndata: \{.*\}\n\n/);
    });

    test('a client stream shows nothing of another user', async () => {
      const mine = await newSession('alice');
      const stream = await readEvents(`${doors.base}/events`, { authorization: `Bearer ${doors.tokens.alice}` });
      await stream.until((events) => events.length === 1);
      const other = await newSession('bob');
      await say(other, 'secret');
      await say(mine, 'mine');
      await stream.until((events) => events.some(({ event }) => event === 'result'));
      stream.hangUp();
      assert.deepEqual([...new Set(stream.events.slice(1).map(({ data }) => data['session_id']))], [mine]);
    });

    test('more streams than allowed are refused with 429', async () => {
      const id = await newSession();
      const url = `${doors.base}/sessions/${id}/events`;
      const open = await Promise.all(Array.from({ length: 9 }, () => readEvents(url)));
      for (const stream of open) stream.hangUp();
      assert.deepEqual(open.map(({ status }) => status).sort(), [...Array<number>(8).fill(200), 429]);
    });
  });
}
