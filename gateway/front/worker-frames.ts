import type { RawData, WebSocket } from 'ws';
import { workerFrame, GATEWAY_CLOSE } from '../../protocol/agent-protocol.ts';
import type { WorkerFrame } from '../../protocol/agent-protocol.ts';
import type { SocketLine } from './socket-line.ts';

const MAX_BAD_FRAMES = 100;

/** Reads a socket's frames. An invalid frame is refused; a hundred of those in a row close the socket. */
export function readFrames(socket: WebSocket, line: SocketLine, taken: (frame: WorkerFrame) => void): void {
  let badFrames = 0;
  socket.on('message', (data, isBinary) => {
    const parsed = isBinary ? 'Frames are JSON in text messages' : parseFrame(data);
    if (typeof parsed !== 'string') {
      badFrames = 0;
      return taken(parsed);
    }
    badFrames += 1;
    if (badFrames > MAX_BAD_FRAMES) return line.close(GATEWAY_CLOSE.invalidFrame, 'too many invalid frames');
    line.refuse(requestIdOf(data), 'INVALID_FRAME', parsed);
  });
}

/** A frame, or what is wrong with it. */
function parseFrame(data: RawData): WorkerFrame | string {
  let json: unknown;
  try {
    json = JSON.parse((data as Buffer).toString('utf8'));
  } catch {
    return 'The frame is not JSON';
  }
  const parsed = workerFrame.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `The frame is not valid: ${issue?.path.join('.') || 'frame'}: ${issue?.message ?? 'unknown'}`;
}

/** The request id of a frame that may otherwise be invalid. */
function requestIdOf(data: RawData): number | undefined {
  try {
    const { request_id } = JSON.parse((data as Buffer).toString('utf8')) as { request_id?: unknown };
    return Number.isInteger(request_id) && (request_id as number) >= 0 ? (request_id as number) : undefined;
  } catch {
    return undefined;
  }
}
