// What the bundle holds: each export is a workflow type.
export { sessionWorkflow as session } from './session/session.ts';
