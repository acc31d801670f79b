/** Where Temporal is and what of it is ours. */
export interface TemporalSettings {
  /** `host:port`. */
  address: string;
  namespace: string;
}

/** The task queue of all sessions: activities stay on it, so that they run eagerly where the workflow is cached. */
export const TASK_QUEUE = 'xswarm';
