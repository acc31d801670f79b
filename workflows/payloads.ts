import { ApplicationFailure, DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type { FailureConverter, Payload, PayloadConverter } from '@temporalio/common';
import {
  log,
  workflowInfo,
  type WorkflowInboundCallsInterceptor,
  type WorkflowInterceptors,
} from '@temporalio/workflow';
import { BARE_SIGNALS } from './definitions.ts';
import { acceptPlain, isPlain } from './plain-payload.ts';

type Context = Parameters<PayloadConverter['fromPayload']>[1];

/**
 * Reads what a run receives. A plain payload is accepted in a run that started before payloads were encrypted; in a later run it
 * stays wrapped. As the result of an activity it makes that activity fail: an error thrown here would fail the workflow task,
 * and awaiting anything would change the order in which histories under way are replayed.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value, context) => defaultPayloadConverter.toPayload(value, context),
  fromPayload<T>(payload: Payload, context?: Context): T {
    const value = acceptPlain(defaultPayloadConverter.fromPayload(payload, context), workflowInfo().startTime);
    if (context?.type !== 'activity' || !isPlain(value)) return value as T;
    const refused = Promise.reject(refusal('FORGED_RESULT', 'The result of an activity is forged', [value]));
    refused.catch(() => undefined);
    return refused as T;
  },
};

/** Puts the messages and stack traces of failures into a payload, so that they are encrypted too. */
export const failureConverter: FailureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });

/**
 * Keeps whatever reaches a run from outside and was not encrypted by the product away from the handlers. It rejects, and throws
 * nowhere but in a validator: what is thrown fails the workflow task. It awaits nothing, so that handlers stay synchronous.
 */
const forgeryFilter: WorkflowInboundCallsInterceptor = {
  execute(input, next) {
    if (isOurs(input.args)) return next(input);
    log.warn('ended a session that this installation did not start', { why: whyForged(input.args) });
    return Promise.reject(refusal('FORGED_START', 'This installation did not start the session', input.args));
  },
  handleSignal(input, next) {
    const isBare = input.args.length === 0 && BARE_SIGNALS.includes(input.signalName);
    if (isBare || isOurs(input.args)) return next(input);
    log.warn('dropped a forged signal', { signal: input.signalName, why: whyForged(input.args) });
    return Promise.resolve();
  },
  validateUpdate(input, next) {
    if (!isOurs(input.args)) throw refusedCall(input.name, input.args);
    next(input);
  },
  handleUpdate(input, next) {
    return isOurs(input.args) ? next(input) : Promise.reject(refusedCall(input.name, input.args));
  },
  handleQuery(input, next) {
    const isAllowed = input.args.length === 0 || isOurs(input.args);
    return isAllowed ? next(input) : Promise.reject(refusedCall(input.queryName, input.args));
  },
};

export const interceptors = (): WorkflowInterceptors => ({ inbound: [forgeryFilter] });

/** Each call of the product carries objects only: another value, also an encrypted one, was copied from elsewhere. */
function isOurs(args: unknown[]): boolean {
  return args.length > 0 && args.every((value) => typeof value === 'object' && value !== null && !isPlain(value));
}

function whyForged(args: unknown[]): string {
  return args.find(isPlain)?.xswarm_plain.why ?? 'it holds nothing of ours';
}

function refusedCall(name: string, args: unknown[]): ApplicationFailure {
  log.warn('refused a forged call', { name, why: whyForged(args) });
  return refusal('FORGED_CALL', 'This installation did not encrypt the call', args);
}

function refusal(type: string, message: string, args: unknown[]): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`${message}: ${whyForged(args)}`, type);
}
