import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { KeyRing } from './key-ring.ts';
import { EncryptingCodec } from './payload-codec.ts';

const WORKFLOW_PAYLOADS = fileURLToPath(
  new URL(`../../workflows/payloads${extname(import.meta.url)}`, import.meta.url),
);

/** How a client encrypts and decrypts what it exchanges with workflows. */
export function clientConverter(ring: KeyRing): DataConverter {
  return { payloadCodecs: [new EncryptingCodec(ring)] };
}

/** How a worker does; failures are encoded as well. How the workflows themselves read payloads is part of their bundle. */
export function workerConverter(ring: KeyRing): DataConverter {
  return { ...clientConverter(ring), failureConverterPath: WORKFLOW_PAYLOADS };
}
