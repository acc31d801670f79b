/** A configuration that cannot be used: names the key, the value, what is allowed, and where it was set. */
export class ConfigError extends Error {
  readonly code = 'CONFIG';
  /** Each problem in one line; the message has the first. */
  readonly problems: readonly string[];

  constructor(problems: readonly [string, ...string[]], options?: ErrorOptions) {
    const more = problems.length - 1;
    super(more === 0 ? problems[0] : `${problems[0]} (and ${more} more: see \`xswarm config show\`)`, options);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
