import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

/** What came back over the socket. */
export interface RestAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The JSON in it; undefined when it is none. */
  body: Record<string, unknown>;
}

/** Calls over a socket of its own, with any header, also those that fetch() does not let through. */
export async function callRest(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<RestAnswer> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const json =
    text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return await new Promise((resolve, reject) => {
    const call = request(url, { method, headers: { ...json, ...headers }, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const answer = Buffer.concat(chunks).toString();
        const isJson = res.headers['content-type']?.startsWith('application/json') === true && answer !== '';
        const parsed = isJson ? (JSON.parse(answer) as Record<string, unknown>) : {};
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text: answer, body: parsed });
      });
    });
    call.on('error', reject);
    call.end(text);
  });
}
