import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import { plainPayload, unreadablePayload } from '../../workflows/plain-payload.ts';
import type { KeyRing } from './key-ring.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const ENCODING = 'binary/encrypted';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A decrypted payload and the workflow that it belongs to. */
export interface Decrypted {
  workflowId: string;
  payload: Payload;
}

/**
 * Encrypts payloads with AES-256-GCM. The metadata names the key and the workflow; the workflow id is authenticated, so that a
 * payload of one session cannot be used in another. A payload that the product did not encrypt for this workflow is decoded to
 * a `PlainPayload`. Decoding never throws, because that would fail workflow tasks.
 */
export class EncryptingCodec implements PayloadCodec {
  readonly #ring: KeyRing;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  async encode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    return payloads.map((payload) => this.#encrypt(payload, context?.workflowId ?? ''));
  }

  async decode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    return payloads.map((payload) => this.#decodeOne(payload, context?.workflowId ?? ''));
  }

  /** Decrypts a payload of whatever workflow its metadata names; returns null when it is not one of ours. */
  decrypt(payload: Payload): Decrypted | null {
    const { encoding, key: keyId, workflow } = payload.metadata ?? {};
    const key = this.#ring.find(textOf(keyId));
    const data = Buffer.from(payload.data ?? []);
    if (textOf(encoding) !== ENCODING || key === null) return null;
    const workflowId = textOf(workflow);
    try {
      const decipher = createDecipheriv('aes-256-gcm', key.secret, data.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(workflowId)).setAuthTag(data.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const text = decipher.update(data.subarray(NONCE_BYTES + TAG_BYTES));
      return { workflowId, payload: PayloadMessage.decode(Buffer.concat([text, decipher.final()])) };
    } catch {
      return null;
    }
  }

  #encrypt(payload: Payload, workflowId: string): Payload {
    const { id, secret } = this.#ring.current;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(Buffer.from(workflowId));
    const text = Buffer.concat([cipher.update(PayloadMessage.encode(payload).finish()), cipher.final()]);
    return {
      metadata: { encoding: Buffer.from(ENCODING), key: Buffer.from(id), workflow: Buffer.from(workflowId) },
      data: Buffer.concat([nonce, cipher.getAuthTag(), text]),
    };
  }

  #decodeOne(payload: Payload, workflowId: string): Payload {
    const { encoding, key } = payload.metadata ?? {};
    if (textOf(encoding) !== ENCODING) return this.#wrapPlain(payload);
    if (this.#ring.find(textOf(key)) === null) {
      return unreadable(`it was encrypted with a key that is not in the key ring: ${textOf(key).slice(0, 8)}`);
    }
    const decrypted = this.decrypt(payload);
    if (decrypted === null) return unreadable('it cannot be decrypted');
    return decrypted.workflowId === workflowId ? decrypted.payload : unreadable('it belongs to another session');
  }

  #wrapPlain(payload: Payload): Payload {
    try {
      const value = defaultPayloadConverter.fromPayload<unknown>(payload);
      return defaultPayloadConverter.toPayload(plainPayload(this.#ring.begunAt, value));
    } catch {
      return unreadable('it cannot be read');
    }
  }
}

function unreadable(why: string): Payload {
  return defaultPayloadConverter.toPayload(unreadablePayload(why));
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return bytes ? Buffer.from(bytes).toString('utf8') : '';
}
